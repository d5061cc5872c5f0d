"""Which page of a list is wanted, and how does the client get to the next? (releases.md 5)"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import quote_plus

from shipmark.infrastructure.errors import BadRequest

T = TypeVar("T")

PER_PAGE_MAX = 100
OFFSET_MAX = 2**53
CURSOR_MAX = 2000

BAD_CURSOR = "Invalid cursor parameter."

_CURSOR = re.compile(r"(-?\d+(?:\.\d+)?):(-?\d+):([01])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A place in a list, as Sentry writes it: ``value:offset:is_prev``. Clients must not read it."""

    value: int
    offset: int
    is_previous: bool

    def __str__(self) -> str:
        return f"{self.value}:{self.offset}:{int(self.is_previous)}"


#: Where every list begins.
FIRST = Cursor(value=0, offset=0, is_previous=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """The page that is asked for; ``cursor`` null is the first."""

    per_page: int
    cursor: Cursor | None

    @property
    def skipped(self) -> int:
        """How many rows come before it, where pages are counted."""
        return self.cursor.value * self.cursor.offset if self.cursor else 0

    @property
    def limit(self) -> int:
        """One row more than the page holds: it tells whether there is another."""
        return self.per_page + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Where the pages before and after are, and whether there is anything on them."""

    previous: Cursor
    has_previous: bool
    next: Cursor
    has_next: bool

    def header(self, address: str, path: str, query: Sequence[tuple[str, str]]) -> str:
        """The ``Link`` header: absolute addresses that keep the other parameters, the stray ``&`` included."""
        stored = "&".join(f"{quote_plus(k)}={quote_plus(v)}" for k, v in query if k != "cursor")
        base = f"{address}{path}?{stored}&cursor="
        parts = (
            ("previous", self.previous, self.has_previous),
            ("next", self.next, self.has_next),
        )
        return ", ".join(
            f'<{base}{cursor}>; rel="{rel}"; results="{str(has).lower()}"; cursor="{cursor}"'
            for rel, cursor, has in parts
        )


def parse_page(
    per_page: str | None, cursor: str | None, *, most: int = PER_PAGE_MAX, is_counted: bool = True
) -> PageRequest:
    """The page that the two parameters ask for; raises `BadRequest` in the reference's words.

    Where pages are not counted, a cursor names a place, by numbers as big as it takes.
    """
    page = PageRequest(per_page=_per_page(per_page, most), cursor=_cursor(cursor))
    if is_counted and page.cursor is not None:
        value, offset = abs(page.cursor.value), page.cursor.offset
        if value > OFFSET_MAX or offset > OFFSET_MAX or value * offset > OFFSET_MAX:
            raise BadRequest("Pagination offset too large")
        return replace(page, cursor=replace(page.cursor, value=max(page.cursor.value, 0)))
    return page


def parse_limited_page(limit: str | None, per_page: str | None, cursor: str | None) -> PageRequest:
    """The page of a list whose size clients call ``limit``, or ``per_page`` as elsewhere (groups-api.md 2.1).

    More than a page can hold is as good as the most; raises `BadRequest` for what is no number.
    """
    if not limit:
        return parse_page(per_page, cursor)
    try:
        number = int(limit)
    except ValueError:
        raise BadRequest("Invalid limit parameter.") from None
    return parse_page(str(min(max(number, 0), PER_PAGE_MAX)), cursor)


def paginate(rows: Sequence[T], page: PageRequest) -> tuple[Sequence[T], Links]:
    """A page out of ``page.limit`` rows, where pages are counted (releases.md 5.3)."""
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
    """Return a page out of all rows of a list, and its links."""
    return paginate(rows[page.skipped : page.skipped + page.limit], page)


def paginate_forward(rows: Sequence[tuple[int, T]], page: PageRequest) -> tuple[Sequence[T], Links]:
    """A page out of ``page.limit`` rows with a unique, rising key, where the cursor names a key (releases.md 5.4)."""
    size = max(page.per_page, 0)
    shown = rows[:size]
    has_next = len(rows) > size
    cursor = page.cursor or FIRST
    if has_next:
        after = Cursor(value=rows[size][0], offset=0, is_previous=False)
    elif shown:
        after = Cursor(value=shown[-1][0], offset=1, is_previous=False)
    else:
        after = cursor
    first = shown[0][0] if shown else cursor.value
    links = Links(
        previous=Cursor(value=first, offset=0, is_previous=True),
        has_previous=cursor.value > 0,
        next=after,
        has_next=has_next,
    )
    return [row for _, row in shown], links


def paginate_backward(
    rows: Sequence[tuple[int, T]], page: PageRequest
) -> tuple[Sequence[T], Links]:
    """The page before the cursor's key, out of ``page.limit`` rows that come nearest first."""
    assert page.cursor is not None
    size = max(page.per_page, 0)
    shown = rows[:size][::-1]
    first = shown[0][0] if shown else page.cursor.value
    links = Links(
        previous=Cursor(value=first, offset=0, is_previous=True),
        has_previous=len(rows) > size,
        next=Cursor(value=page.cursor.value, offset=0, is_previous=False),
        has_next=True,
    )
    return [row for _, row in shown], links


def _per_page(text: str | None, most: int) -> int:
    if not text:
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
