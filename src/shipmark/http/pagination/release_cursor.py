"""Cursors of lists of releases (releases.md 5.4).

A cursor holds the complete sort key, so that it stays valid after its release is deleted.
It is opaque to clients: ``value`` is the key as a number, ``offset`` packs the rest into another.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

from shipmark.http.pagination.keyset import microseconds_of, moment_of
from shipmark.http.pagination.offset import (
    BAD_CURSOR,
    Cursor,
    Links,
    PageRequest,
    paginate_by_position,
)
from shipmark.infrastructure.errors import BadRequest
from shipmark.releases.model import ListRow, Position, ReleaseSort, SortKey

T = TypeVar("T")

#: Moments are packed from the year 1 on, and so are never negative.
_FIRST_MICROSECOND = microseconds_of(datetime.min.replace(tzinfo=UTC))
_ID_BITS, _PROJECT_BITS = 63, 32
_MOMENTS = (ReleaseSort.DATE, ReleaseSort.EFFECTIVE_DATE)


def position_of(page: PageRequest, sort: ReleaseSort, *, per_project: bool) -> Position | None:
    """Return the position that a page begins after; raise `BadRequest` for a cursor of another list."""
    cursor = page.cursor
    if cursor is None or (cursor.value, cursor.offset) == (0, 0):
        return None
    packed, project_id = cursor.offset, None
    if per_project:
        packed, project_id = packed >> _PROJECT_BITS, packed & (2**_PROJECT_BITS - 1)
    created, release_id = packed >> _ID_BITS, packed & (2**_ID_BITS - 1)
    try:
        key = _key_of(cursor.value, sort)
        created_at = moment_of(created + _FIRST_MICROSECOND)
        if sort is ReleaseSort.DATE:
            assert isinstance(key, datetime)
            created_at = key
    except (OverflowError, ValueError):
        raise BadRequest(BAD_CURSOR) from None
    return Position(key=key, created_at=created_at, release_id=release_id, project_id=project_id)


def links(
    rows: Sequence[ListRow], page: PageRequest, sort: ReleaseSort
) -> tuple[Sequence[ListRow], Links]:
    """Return the page of ``page.limit`` rows, which come nearest first, and its links."""
    return paginate_by_position(
        rows, page.per_page, page.cursor, lambda row: cursor_of(row.position, sort)
    )


def cursor_of(position: Position, sort: ReleaseSort) -> Cursor:
    """Return the cursor of a position; the link sets its direction."""
    packed = position.release_id
    if sort is not ReleaseSort.DATE:
        packed |= (microseconds_of(position.created_at) - _FIRST_MICROSECOND) << _ID_BITS
    if position.project_id is not None:
        packed = packed << _PROJECT_BITS | position.project_id
    return Cursor(value=_number(position.key), offset=packed, is_previous=False)


def _number(key: SortKey) -> int:
    match key:
        case datetime():
            return microseconds_of(key)
        case str():
            # The leading one preserves leading zeros and the empty text.
            return int.from_bytes(b"\x01" + key.encode())
        case _:
            return key


def _key_of(value: int, sort: ReleaseSort) -> SortKey:
    if sort in _MOMENTS:
        return moment_of(value)
    if sort is ReleaseSort.BUILD:
        if not 0 <= value < 2**63:
            raise ValueError
        return value
    if value <= 0:
        raise ValueError
    content = value.to_bytes((value.bit_length() + 7) // 8)
    text = content[1:].decode("ascii")
    if content[0] != 1 or "\x00" in text:
        raise ValueError
    return text
