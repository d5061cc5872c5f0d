"""Lists of issues that match a filter, in an order, a page at a time."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure.database import IDS, Id, ids_param
from shipmark.issues.model import (
    Issue,
    IssueFilter,
    IssuePosition,
    IssueSort,
    IssueStatus,
    ListedIssue,
)
from shipmark.issues.store.inbox import inbox
from shipmark.issues.store.issues import IS_VISIBLE, ISSUE, issues
from shipmark.issues.store.list_conditions import conditions_of, parameters_of

_BY_IDS = ISSUE.select().join(IDS, IDS.c.id == issues.c.id).where(IS_VISIBLE)
_VALUES: dict[IssueSort, sa.Column[Any]] = {
    IssueSort.LAST_SEEN: issues.c.last_seen_at,
    IssueSort.FIRST_SEEN: issues.c.first_seen_at,
    IssueSort.EVENTS: issues.c.times_seen,
    IssueSort.USERS: issues.c.user_count,
    IssueSort.INBOX: inbox.c.added_at,
}


def position_of(issue: Issue, sort: IssueSort) -> IssuePosition:
    """Return the position of an issue in an order by one of its own values, which is any but that of the inbox."""
    assert sort is not IssueSort.INBOX, "an issue does not hold when it came into the inbox"
    return IssuePosition(value=getattr(issue, _VALUES[sort].name), issue_id=issue.id)


def page_of(
    connection: sa.Connection,
    issue_filter: IssueFilter,
    sort: IssueSort = IssueSort.LAST_SEEN,
    position: IssuePosition | None = None,
    *,
    limit: int,
) -> list[ListedIssue]:
    """Return the issues that match the filter and come after the position, or before it, nearest first."""
    statuses = _statuses_of(issue_filter)
    if not statuses:
        return []
    page = _ordered(issue_filter, statuses, sort, position, limit)
    query = ISSUE.select(page.c.value).join(page, page.c.id == issues.c.id)
    query = query.order_by(*_order(page.c.value, page.c.id, position)).limit(limit)
    rows = connection.execute(query, parameters_of(issue_filter)).all()
    return [ListedIssue(issue=ISSUE(row), value=row[-1]) for row in rows]


def by_ids(connection: sa.Connection, issue_ids: Collection[int]) -> list[Issue]:
    """Return the issues with these ids."""
    return ISSUE.all(connection, _BY_IDS, ids_param(issue_ids)) if issue_ids else []


def ids_of(
    connection: sa.Connection,
    issue_filter: IssueFilter,
    *,
    other_than: IssueStatus | None,
    limit: int,
) -> list[int]:
    """Return the ids of issues that match the filter, the last seen first, without those of ``other_than``."""
    statuses = [each for each in _statuses_of(issue_filter) if each is not other_than]
    if not statuses:
        return []
    page = _ordered(issue_filter, statuses, IssueSort.LAST_SEEN, None, limit)
    query = sa.select(page.c.id).order_by(*_order(page.c.value, page.c.id, None)).limit(limit)
    return list(connection.execute(query, parameters_of(issue_filter)).scalars())


def counts_of(
    connection: sa.Connection, filters: Sequence[IssueFilter], *, limit: int
) -> tuple[int, ...]:
    """Return the number of issues that match each filter of one status and no release, counted up to ``limit``."""
    if not all(issue_filter.project_ids for issue_filter in filters):
        return (0,) * len(filters)
    lists = []
    for issue_filter in filters:
        assert issue_filter.status is not None
        statuses = [issue_filter.status]
        lists.append(_ordered(issue_filter, statuses, IssueSort.LAST_SEEN, None, limit))
    return _counts(connection, lists, {}, limit)


def counts_from(
    connection: sa.Connection,
    issue_filter: IssueFilter,
    sort: IssueSort,
    positions: Sequence[IssuePosition],
    *,
    limit: int,
) -> tuple[int, ...]:
    """Return the number of issues from each position of the list on, counted up to ``limit``."""
    statuses = _statuses_of(issue_filter)
    if not statuses:
        return (0,) * len(positions)
    lists = [_ordered(issue_filter, statuses, sort, position, limit) for position in positions]
    return _counts(connection, lists, parameters_of(issue_filter), limit)


def _counts(
    connection: sa.Connection,
    lists: Sequence[sa.Subquery],
    parameters: Mapping[str, object],
    limit: int,
) -> tuple[int, ...]:
    """Return the number of issues of each list, of which each status may have ``limit``, by one statement."""
    counted = [
        sa.select(sa.literal(number), sa.func.count()).select_from(each)
        for number, each in enumerate(lists)
    ]
    rows = connection.execute(sa.union_all(*counted), parameters)
    numbers = {number: min(count, limit) for number, count in rows}
    return tuple(numbers[number] for number in range(len(lists)))


def count_of(connection: sa.Connection, issue_filter: IssueFilter, *, limit: int) -> int:
    """Return the number of issues that match the filter, counted up to ``limit``."""
    statuses = _statuses_of(issue_filter)
    if not statuses:
        return 0
    if issue_filter.is_for_review:
        matching = _ordered(issue_filter, statuses, IssueSort.INBOX, None, limit)
    else:
        # In no order: the statuses need not be merged.
        conditions = [issues.c.status.in_(statuses), *conditions_of(issue_filter)]
        matching = sa.select(issues.c.id).where(*conditions).limit(limit).subquery("page")
    count = sa.select(sa.func.count()).select_from(matching)
    return connection.execute(count, parameters_of(issue_filter)).scalar_one()


def _statuses_of(issue_filter: IssueFilter) -> list[IssueStatus]:
    """Return the statuses of issues that can match: none where no project is selected."""
    if not issue_filter.project_ids:
        return []
    selected = IssueStatus if issue_filter.status is None else [issue_filter.status]
    return [status for status in selected if status not in issue_filter.excluded_statuses]


def _ordered(
    issue_filter: IssueFilter,
    statuses: Sequence[IssueStatus],
    sort: IssueSort,
    position: IssuePosition | None,
    limit: int,
) -> sa.Subquery:
    """Return the ids and values of the first issues of each status from the position on, at most ``limit`` of each.

    For each order an index has the issues of a project, and of an organization, by status, and is read until there are
    enough. With releases or the inbox in the filter the query begins at their issues, so that the cost follows them.
    """
    is_from_inbox = sort is IssueSort.INBOX
    value, issue_id = _VALUES[sort], inbox.c.issue_id if is_from_inbox else issues.c.id
    conditions = conditions_of(issue_filter, is_from_inbox=is_from_inbox)
    parts: list[list[sa.ColumnElement[bool]]]
    if is_from_inbox:
        # Not a join, so that databases read the inbox in the order of its index, and look up its issues.
        of_issue = (issues.c.id == issue_id, issues.c.status.in_(statuses), *conditions)
        parts = [[sa.select(issues.c.id).where(*of_issue).exists()]]
    else:
        parts = [[issues.c.status == status, *conditions] for status in statuses]
    rows = sa.select(issue_id.label("id"), value.label("value"))
    rows = rows.order_by(*_order(value, issue_id, position)).limit(limit)
    ranges = [
        sa.select(rows.where(*part, *from_position).subquery())
        for part in parts
        for from_position in _from_position(value, issue_id, position)
    ]
    return sa.union_all(*ranges).subquery("page")


def _from_position(
    value: sa.Column[Any], issue_id: sa.Column[int], position: IssuePosition | None
) -> Sequence[Sequence[sa.ColumnElement[bool]]]:
    """Return the conditions of the ranges of an index from the position on.

    Issues of the same value are a range of their own: of a comparison of rows SQLite seeks the first column only if the
    second is the table's key, and most issues have the same few numbers of events.
    """
    if position is None:
        return [[]]
    # A cursor may hold a larger number than the column.
    kind = Id if isinstance(position.value, int) else value.type
    at, last_id = sa.literal(position.value, kind), sa.literal(position.issue_id, Id)
    if position.is_backwards:
        return [[value == at, issue_id > last_id], [value > at]]
    return [[value == at, issue_id < last_id], [value < at]]


def _order(
    value: sa.ColumnElement[Any], row_id: sa.ColumnElement[int], position: IssuePosition | None
) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    if position is not None and position.is_backwards:
        return value.asc(), row_id.asc()
    return value.desc(), row_id.desc()
