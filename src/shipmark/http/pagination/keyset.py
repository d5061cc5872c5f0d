"""Pages of lists by moment, with cursors that hold a row's moment and id (releases.md 5.4).

In the common format ``value:offset:is_prev``, the value is microseconds since 1970 and the offset an id.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from shipmark.http.pagination.offset import (
    BAD_CURSOR,
    FIRST,
    Cursor,
    Links,
    PageRequest,
    paginate_by_position,
)
from shipmark.infrastructure.clock import EPOCH
from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.keyset import KeysetPosition

_MICROSECOND = timedelta(microseconds=1)
_CURSOR = re.compile(r"(-?\d{1,18})(?:\.0)?:(\d{1,18}):([01])")


class DatedRow(Protocol):
    """A row of a list by moment."""

    @property
    def id(self) -> int:
        """Return the id, which orders rows of one moment."""

    @property
    def created_at(self) -> datetime:
        """Return the moment that the list is ordered by."""


T = TypeVar("T", bound=DatedRow)


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
    position = KeysetPosition(
        at=moment_of_cursor(int(match[1])), id=int(match[2]), is_backwards=match[3] == "1"
    )
    return KeysetPage(per_page=size.per_page, position=position)


def parse_page_or_first(per_page: int, cursor: str) -> KeysetPage:
    """Return the page that a cursor names, or the first one if it names none: a page has no place for a refusal."""
    size = PageRequest(per_page=per_page, cursor=None)
    try:
        return parse_page(size, cursor)
    except BadRequest:
        return parse_page(size, None)


def paginate_by_keyset(rows: Sequence[T], page: KeysetPage) -> tuple[Sequence[T], Links]:
    """Return the page of ``page.limit`` rows and its links; rows of a backward page come nearest first."""
    cursor = _cursor_at(page.position) if page.position else None
    return paginate_by_position(rows, page.per_page, cursor, _cursor_of)


def paginate_searched(
    rows: Sequence[T], page: KeysetPage, last_examined: DatedRow | None
) -> tuple[Sequence[T], Links]:
    """Return the page of those rows that a search has found, and its links.

    ``last_examined`` is the row behind which nothing was examined: the link leads there if the page is not full.
    """
    found, links = paginate_by_keyset(rows, page)
    if last_examined is None or len(rows) > page.per_page:
        return found, links
    beyond = _cursor_of(last_examined)
    if page.position is not None and page.position.is_backwards:
        return found, replace(links, previous=replace(beyond, is_previous=True), has_previous=True)
    return found, replace(links, next=beyond, has_next=True)


def _cursor_of(row: DatedRow) -> Cursor:
    value = microseconds_of(row.created_at)
    return Cursor(value=value, offset=row.id, is_previous=False)


def _cursor_at(position: KeysetPosition) -> Cursor:
    value = microseconds_of(position.at)
    return Cursor(value=value, offset=position.id, is_previous=position.is_backwards)


def microseconds_of(moment: datetime) -> int:
    """Return the number of microseconds since 1970."""
    return (moment - EPOCH) // _MICROSECOND


def moment_of_cursor(microseconds: int) -> datetime:
    """Return the moment that a cursor holds; raise `BadRequest` for one outside of the calendar."""
    try:
        return moment_of(microseconds)
    except OverflowError:
        raise BadRequest(BAD_CURSOR) from None


def moment_of(microseconds: int) -> datetime:
    """Return the moment so many microseconds after 1970. Raise `OverflowError` outside of the years 1 to 9999."""
    return EPOCH + microseconds * _MICROSECOND
