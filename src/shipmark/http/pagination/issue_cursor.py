"""Cursors of lists of issues, which hold the value that the list is ordered by, and the issue's id.

In the common format ``value:offset:is_prev``, the value is a number, or microseconds since 1970, and the offset an id.
"""

from collections.abc import Sequence
from datetime import datetime

from shipmark.http.pagination.keyset import microseconds_of, moment_of_cursor
from shipmark.http.pagination.offset import (
    BAD_CURSOR,
    FIRST,
    Cursor,
    Links,
    PageRequest,
    paginate_by_position,
)
from shipmark.infrastructure.errors import BadRequest
from shipmark.issues.model import Issue, IssuePosition, IssueSort, ListedIssue

_NUMBERS = (IssueSort.EVENTS, IssueSort.USERS)
_ID_MAX = 2**63 - 1


def position_of(page: PageRequest, sort: IssueSort) -> IssuePosition | None:
    """Return the position that a page begins after; raise `BadRequest` for a cursor that holds none."""
    cursor = page.cursor
    if cursor is None or cursor == FIRST:
        return None
    if max(abs(cursor.value), cursor.offset) > _ID_MAX:
        raise BadRequest(BAD_CURSOR)
    value = cursor.value if sort in _NUMBERS else moment_of_cursor(cursor.value)
    return IssuePosition(value=value, issue_id=cursor.offset, is_backwards=cursor.is_previous)


def links(rows: Sequence[ListedIssue], page: PageRequest) -> tuple[list[Issue], Links]:
    """Return the issues of the page of ``page.limit`` rows, which come nearest first, and its links."""
    visible, found = paginate_by_position(rows, page.per_page, page.cursor, _cursor_of)
    return [row.issue for row in visible], found


def _cursor_of(row: ListedIssue) -> Cursor:
    value = microseconds_of(row.value) if isinstance(row.value, datetime) else row.value
    return Cursor(value=value, offset=row.issue.id, is_previous=False)
