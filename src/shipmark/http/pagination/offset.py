"""Pages of lists by offset or key, and the ``Link`` header (releases.md 5)."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypedDict, TypeVar
from urllib.parse import quote_plus

from shipmark.infrastructure.errors import BadRequest

T = TypeVar("T")

PER_PAGE_MAX = 100
OFFSET_TOO_LARGE = "Pagination offset too large"
OFFSET_MAX = 2**53
CURSOR_MAX = 2000

BAD_CURSOR = "Invalid cursor parameter."

_CURSOR = re.compile(r"(-?\d+(?:\.\d+)?):(-?\d+):([01])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A position in a list, in Sentry's format: ``value:offset:is_prev``. Opaque to clients."""

    value: int
    offset: int
    is_previous: bool

    def __str__(self) -> str:
        return f"{self.value}:{self.offset}:{int(self.is_previous)}"


#: The start of every list.
FIRST = Cursor(value=0, offset=0, is_previous=False)


class Window(TypedDict):
    """The rows of a list to load."""

    limit: int
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """The requested page; ``cursor`` None is the first."""

    per_page: int
    cursor: Cursor | None

    @property
    def skipped(self) -> int:
        """Return the number of rows before the page, if pages are counted."""
        return self.cursor.value * self.cursor.offset if self.cursor else 0

    @property
    def limit(self) -> int:
        """Return the rows to load: one more than the page holds, to know if there is another page."""
        return self.per_page + 1

    @property
    def window(self) -> Window:
        """Return the rows to load, if pages are counted, as the arguments of a store."""
        return {"limit": self.limit, "offset": self.skipped}


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """The cursors of the previous and next page, and whether these have rows."""

    previous: Cursor
    has_previous: bool
    next: Cursor
    has_next: bool

    def header(self, address: str, path: str, query: Sequence[tuple[str, str]]) -> str:
        """Return the ``Link`` header: absolute URLs with all other parameters, the stray ``&`` included."""
        stored = "&".join(f"{quote_plus(k)}={quote_plus(v)}" for k, v in query if k != "cursor")
        base = f"{address}{path}?{stored}&cursor="
        parts = (("previous", self.previous, self.has_previous), ("next", self.next, self.has_next))
        return ", ".join(
            f'<{base}{cursor}>; rel="{rel}"; results="{str(has).lower()}"; cursor="{cursor}"'
            for rel, cursor, has in parts
        )


def parse_page(
    per_page: str | None, cursor: str | None, *, most: int = PER_PAGE_MAX, is_counted: bool = True
) -> PageRequest:
    """Return the page that the two parameters request; raise `BadRequest` with the reference's message.

    If pages are not counted, a cursor holds a key, with numbers of any size.
    """
    page = PageRequest(per_page=_per_page(per_page, most), cursor=_cursor(cursor))
    if is_counted and page.cursor is not None:
        value, offset = abs(page.cursor.value), page.cursor.offset
        if value > OFFSET_MAX or offset > OFFSET_MAX or value * offset > OFFSET_MAX:
            raise BadRequest(OFFSET_TOO_LARGE)
        return replace(page, cursor=replace(page.cursor, value=max(page.cursor.value, 0)))
    return page


def parse_limited_page(limit: str | None, per_page: str | None, cursor: str | None) -> PageRequest:
    """Return the page of a list by position whose size is ``limit``, or ``per_page`` as elsewhere (groups-api.md 2.1).

    A size over the maximum counts as the maximum; raise `BadRequest` for what is not a number.
    """
    if not limit:
        return parse_page(per_page, cursor, is_counted=False)
    try:
        number = int(limit)
    except ValueError:
        raise BadRequest("Invalid limit parameter.") from None
    return parse_page(str(min(max(number, 0), PER_PAGE_MAX)), cursor, is_counted=False)


def paginate(rows: Sequence[T], page: PageRequest) -> tuple[Sequence[T], Links]:
    """Return the page of ``page.limit`` rows and its links, if pages are counted (releases.md 5.3)."""
    number = page.cursor.offset if page.cursor else 0
    size = page.per_page
    links = Links(
        previous=Cursor(value=size, offset=number - 1, is_previous=True),
        has_previous=number > 0,
        next=Cursor(value=size, offset=number + 1, is_previous=False),
        has_next=len(rows) > size,
    )
    return rows[: max(size, 0)], links


def paginate_all(rows: Sequence[T], page: PageRequest) -> tuple[Sequence[T], Links]:
    """Return the page of all rows of a list, and its links."""
    return paginate(rows[page.skipped : page.skipped + page.limit], page)


def paginate_by_position(
    rows: Sequence[T], size: int, cursor: Cursor | None, cursor_of: Callable[[T], Cursor]
) -> tuple[Sequence[T], Links]:
    """Return the page of ``size`` rows at a cursor and its links, whose cursors hold positions.

    The rows come nearest first, and are one more than the page holds if there are more. ``cursor_of`` returns the
    cursor of the position of a row; the link sets its direction.
    """
    has_more = len(rows) > size
    visible = rows[:size]
    is_back = cursor is not None and cursor.is_previous
    if is_back:
        visible = visible[::-1]
    first = cursor_of(visible[0]) if visible else cursor or FIRST
    last = cursor_of(visible[-1]) if visible else cursor or FIRST
    return visible, Links(
        previous=replace(first, is_previous=True),
        has_previous=has_more if is_back else cursor not in {None, FIRST},
        next=replace(last, is_previous=False),
        has_next=is_back or has_more,
    )


def paginate_forward(rows: Sequence[tuple[int, T]], page: PageRequest) -> tuple[Sequence[T], Links]:
    """Return the page of ``page.limit`` rows by a unique, ascending key that cursors hold (releases.md 5.4)."""
    size = max(page.per_page, 0)
    visible = rows[:size]
    has_next = len(rows) > size
    cursor = page.cursor or FIRST
    if has_next:
        after = Cursor(value=rows[size][0], offset=0, is_previous=False)
    elif visible:
        after = Cursor(value=visible[-1][0], offset=1, is_previous=False)
    else:
        after = cursor
    first = visible[0][0] if visible else cursor.value
    links = Links(
        previous=Cursor(value=first, offset=0, is_previous=True),
        has_previous=cursor.value > 0,
        next=after,
        has_next=has_next,
    )
    return [row for _, row in visible], links


def paginate_backward(
    rows: Sequence[tuple[int, T]], page: PageRequest
) -> tuple[Sequence[T], Links]:
    """Return the page before the cursor's key, of ``page.limit`` rows that come nearest first."""
    assert page.cursor is not None
    size = max(page.per_page, 0)
    visible = rows[:size][::-1]
    first = visible[0][0] if visible else page.cursor.value
    links = Links(
        previous=Cursor(value=first, offset=0, is_previous=True),
        has_previous=len(rows) > size,
        next=Cursor(value=page.cursor.value, offset=0, is_previous=False),
        has_next=True,
    )
    return [row for _, row in visible], links


def _per_page(text: str | None, most: int) -> int:
    if text is None:
        return most
    try:
        number = int(text)
    except ValueError:
        raise BadRequest("Invalid per_page parameter.") from None
    if number > most:
        raise BadRequest(f"Invalid per_page value. Cannot exceed {most}.")
    return max(number, 0)


def _cursor(text: str | None) -> Cursor | None:
    if not text:
        return None
    match = _CURSOR.fullmatch(text) if len(text) <= CURSOR_MAX else None
    if match is None:
        raise BadRequest(BAD_CURSOR)
    value, offset = int(match[1].partition(".")[0]), int(match[2])
    if offset < 0:
        raise BadRequest("Pagination offset cannot be negative")
    return Cursor(value=value, offset=offset, is_previous=match[3] == "1")
