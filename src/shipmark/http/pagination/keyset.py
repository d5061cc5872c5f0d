"""Pages of lists by moment, with cursors that hold a row's moment and id (releases.md 5.4).

In the common format ``value:offset:is_prev``, the value is microseconds since 1970 and the offset an id.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from shipmark.http.pagination.offset import BAD_CURSOR, FIRST, Cursor, Links, PageRequest
from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.keyset import KeysetPosition

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CURSOR = re.compile(r"(-?\d{1,18})(?:\.0)?:(\d{1,18}):([01])")


class IdentifiedRow(Protocol):
    """A row with an id, which orders rows of one moment."""

    @property
    def id(self) -> int:
        """Return the id."""


class DatedRow(IdentifiedRow, Protocol):
    """A row of a list by the moment of creation."""

    @property
    def created_at(self) -> datetime:
        """Return the moment that the list is ordered by."""


T = TypeVar("T", bound=DatedRow)
Row = TypeVar("Row", bound=IdentifiedRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysetPage:
    """The requested page; ``position`` None is the first."""

    per_page: int
    position: KeysetPosition | None

    @property
    def limit(self) -> int:
        """Return the rows to load: one more than the page holds, to know if there is another page."""
        return self.per_page + 1


def parse_page(size: PageRequest, cursor: str | None) -> KeysetPage:
    """Return the page that a cursor names; raise `BadRequest` for a cursor without a valid moment."""
    if not cursor or cursor == str(FIRST):
        return KeysetPage(per_page=size.per_page, position=None)
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise BadRequest(BAD_CURSOR)
    try:
        at = moment_of(int(match[1]))
    except OverflowError:
        raise BadRequest(BAD_CURSOR) from None
    position = KeysetPosition(at=at, id=int(match[2]), is_backwards=match[3] == "1")
    return KeysetPage(per_page=size.per_page, position=position)


def paginate_by_keyset(rows: Sequence[T], page: KeysetPage) -> tuple[Sequence[T], Links]:
    """Return the page of ``page.limit`` rows and its links; rows of a backward page come nearest first."""
    return paginate_by_moment(rows, page, lambda row: row.created_at)


def paginate_by_moment(
    rows: Sequence[Row], page: KeysetPage, moment: Callable[[Row], datetime]
) -> tuple[Sequence[Row], Links]:
    """Return what `paginate_by_keyset` does, for a list that is ordered by another moment of its rows."""
    has_more = len(rows) > page.per_page
    visible = rows[: page.per_page]
    is_backwards = page.position is not None and page.position.is_backwards
    if is_backwards:
        visible = visible[::-1]
    # Of an empty page the cursors are its own position.
    empty = (page.position.at, page.position.id) if page.position else (_EPOCH, 0)
    first, last = ((moment(visible[at]), visible[at].id) if visible else empty for at in (0, -1))
    links = Links(
        previous=_cursor(*first, is_previous=True),
        has_previous=has_more if is_backwards else page.position is not None,
        next=_cursor(*last, is_previous=False),
        has_next=is_backwards or has_more,
    )
    return visible, links


def _cursor(at: datetime, row_id: int, *, is_previous: bool) -> Cursor:
    return Cursor(value=microseconds_of(at), offset=row_id, is_previous=is_previous)


def microseconds_of(moment: datetime) -> int:
    """Return the number of microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(microseconds: int) -> datetime:
    """Return the moment so many microseconds after 1970. Raise `OverflowError` outside of the years 1 to 9999."""
    return _EPOCH + microseconds * _MICROSECOND
