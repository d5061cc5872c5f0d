"""Which page of a list by moment is wanted? Cursors that name a row's moment and id (releases.md 5.4).

Written as all cursors are, ``value:offset:is_prev``, the value holds microseconds since 1970, the offset an id.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from shipmark.http.pagination.offset import FIRST, Cursor, Links, PageRequest
from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.keyset import KeysetPosition

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CURSOR = re.compile(r"(-?\d{1,18})(?:\.0)?:(\d{1,18}):([01])")


class DatedRow(Protocol):
    """What lists by moment hold."""

    @property
    def id(self) -> int:
        """What tells rows of one moment apart."""

    @property
    def created_at(self) -> datetime:
        """What the list is ordered by."""


T = TypeVar("T", bound=DatedRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysetPage:
    """The page that is asked for; ``place`` null is the first."""

    per_page: int
    place: KeysetPosition | None

    @property
    def limit(self) -> int:
        """One row more than the page holds: it tells whether there is another."""
        return self.per_page + 1


def parse_page(size: PageRequest, cursor: str | None) -> KeysetPage:
    """The page of that size that a cursor names; raises `BadRequest` for one that names no moment."""
    if not cursor or cursor == str(FIRST):
        return KeysetPage(per_page=size.per_page, place=None)
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise BadRequest("Invalid cursor parameter.")
    try:
        at = _EPOCH + int(match[1]) * _MICROSECOND
    except OverflowError:
        raise BadRequest("Invalid cursor parameter.") from None
    place = KeysetPosition(at=at, id=int(match[2]), is_backwards=match[3] == "1")
    return KeysetPage(per_page=size.per_page, place=place)


def paginate_by_keyset(rows: Sequence[T], page: KeysetPage) -> tuple[Sequence[T], Links]:
    """A page out of ``page.limit`` rows, which a backwards place has brought the nearest first."""
    has_more = len(rows) > page.per_page
    shown = rows[: page.per_page]
    is_backwards = page.place is not None and page.place.is_backwards
    if is_backwards:
        shown = shown[::-1]
    links = Links(
        previous=_cursor(shown[0] if shown else None, page.place, is_previous=True),
        has_previous=has_more if is_backwards else page.place is not None,
        next=_cursor(shown[-1] if shown else None, page.place, is_previous=False),
        has_next=is_backwards or has_more,
    )
    return shown, links


def _cursor(row: DatedRow | None, place: KeysetPosition | None, *, is_previous: bool) -> Cursor:
    """The cursor of a row at a page's edge; of an empty page, that of the place it was asked from."""
    if row is not None:
        at, row_id = row.created_at, row.id
    elif place is not None:
        at, row_id = place.at, place.id
    else:
        at, row_id = _EPOCH, 0
    return Cursor(value=(at - _EPOCH) // _MICROSECOND, offset=row_id, is_previous=is_previous)
