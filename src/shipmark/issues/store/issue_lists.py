"""Lists of issues that match a filter, the last seen first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure.database import IDS, Id, ids_param, json_rows, rows_param
from shipmark.infrastructure.keyset import KeysetPosition, from_position
from shipmark.issues.model import HistoryStatus, Issue, IssueFilter, IssueStatus, Substatus
from shipmark.issues.store.activity import history
from shipmark.issues.store.inbox import inbox
from shipmark.issues.store.issues import IS_REGRESSED, ISSUE, issues
from shipmark.issues.store.occurrences import issue_environments, issue_releases
from shipmark.projects.store import projects

_RELEASES = {
    name: json_rows(name, project_id=Id, release_id=Id)
    for name in ("first_seen_in", "seen_in", "regressed_in")
}
_BY_IDS = ISSUE.select().join(IDS, IDS.c.id == issues.c.id)


def page_of(
    connection: sa.Connection, issue_filter: IssueFilter, *, limit: int, offset: int = 0
) -> list[Issue]:
    """Return a page of the issues that match the filter, the last seen first."""
    if not issue_filter.project_ids:
        return []
    statuses = IssueStatus if issue_filter.status is None else (issue_filter.status,)
    page = _last_seen(issue_filter, statuses, limit + offset)
    query = ISSUE.select().join(page, page.c.id == issues.c.id)
    query = query.order_by(page.c.last_seen_at.desc(), page.c.id.desc())
    return ISSUE.all(connection, query.limit(limit).offset(offset), _parameters(issue_filter))


def page_from(
    connection: sa.Connection,
    issue_filter: IssueFilter,
    position: KeysetPosition | None,
    *,
    limit: int,
) -> list[Issue]:
    """Return the issues that match the filter from a position on; on a backward page the nearest come first."""
    if not issue_filter.project_ids:
        return []
    statuses = IssueStatus if issue_filter.status is None else (issue_filter.status,)
    page = _last_seen(issue_filter, statuses, limit, position)
    query = ISSUE.select().join(page, page.c.id == issues.c.id)
    query = from_position(query, page.c.last_seen_at, page.c.id, position)
    return ISSUE.all(connection, query.limit(limit), _parameters(issue_filter))


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
    statuses = [
        issue_status
        for issue_status in IssueStatus
        if issue_filter.status in {None, issue_status} and issue_status is not other_than
    ]
    if not issue_filter.project_ids or not statuses:
        return []
    page = _last_seen(issue_filter, statuses, limit)
    query = sa.select(page.c.id).order_by(page.c.last_seen_at.desc(), page.c.id.desc()).limit(limit)
    return list(connection.execute(query, _parameters(issue_filter)).scalars())


def counts_of(
    connection: sa.Connection, filters: Sequence[IssueFilter], *, limit: int
) -> tuple[int, ...]:
    """Return the number of issues that match each filter of one status and no release, counted up to ``limit``."""
    if not all(issue_filter.project_ids for issue_filter in filters):
        return (0,) * len(filters)
    counted = []
    for number, issue_filter in enumerate(filters):
        assert issue_filter.status is not None
        page = _last_seen(issue_filter, (issue_filter.status,), limit)
        counted.append(sa.select(sa.literal(number), sa.func.count()).select_from(page))
    numbers = {number: count for number, count in connection.execute(sa.union_all(*counted))}
    return tuple(numbers[number] for number in range(len(filters)))


def _last_seen(
    issue_filter: IssueFilter,
    statuses: Iterable[IssueStatus],
    limit: int,
    position: KeysetPosition | None = None,
) -> sa.Subquery:
    """Return the ids and moments of the last seen issues of each status, at most ``limit``, from a position on.

    An index has the issues of a project, or of an organization, by status in this order, and is read until there are
    enough. With releases or the inbox in the filter the query begins at their issues, so that the cost follows them.
    """
    columns = sa.select(issues.c.id, issues.c.last_seen_at)
    ranges = []
    for status in statuses:
        query = columns.where(issues.c.status == status, *_conditions(issue_filter))
        query = from_position(query, issues.c.last_seen_at, issues.c.id, position).limit(limit)
        ranges.append(sa.select(query.subquery()))
    return sa.union_all(*ranges).subquery("page")


def _conditions(issue_filter: IssueFilter) -> list[sa.ColumnElement[bool]]:
    conditions = _release_conditions(issue_filter)
    if issue_filter.is_for_review:
        conditions.append(issues.c.id.in_(sa.select(inbox.c.issue_id)))
    if conditions or len(issue_filter.project_ids) == 1:
        # With releases or the inbox the sum keeps databases from reading the projects' issues.
        project_id = issues.c.project_id + 0 if conditions else issues.c.project_id
        conditions.append(project_id.in_(issue_filter.project_ids))
    else:
        conditions += [
            issues.c.organization_id == _organization_of(issue_filter.project_ids[0]),
            # The sum keeps SQLite from sorting all issues of the projects.
            (issues.c.project_id + 0).in_(issue_filter.project_ids),
        ]
    if issue_filter.substatus is Substatus.REGRESSED:
        conditions.append(IS_REGRESSED)
    elif issue_filter.substatus is not None:
        conditions.append(issues.c.substatus == issue_filter.substatus)
    named = issue_filter.environment_ids
    # A release that counts in these environments says the same.
    if named is not None and issue_filter.first_seen_in is None and issue_filter.seen_in is None:
        conditions.append(_was_in(named))
    for condition in issue_filter.conditions:
        compare = issues.c[condition.attribute.value].bool_op(condition.operator)
        conditions.append(compare(condition.operand))
    if issue_filter.text:
        conditions.append(
            issues.c.title.icontains(issue_filter.text, autoescape=True)
            | issues.c.message.icontains(issue_filter.text, autoescape=True)
        )
    return conditions


def _was_in(environment_ids: Collection[int]) -> sa.ColumnElement[bool]:
    """Return the condition that an issue was seen in one of the environments."""
    seen = issue_environments.c
    return (
        sa.select(seen.issue_id)
        .where(seen.issue_id == issues.c.id, seen.environment_id.in_(environment_ids))
        .correlate(issues)
        .exists()
    )


def _organization_of(project_id: int) -> sa.ScalarSelect[int]:
    query = sa.select(projects.c.organization_id).where(projects.c.id == project_id)
    return query.scalar_subquery()


def _release_conditions(issue_filter: IssueFilter) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on releases (groups-api.md 2.3, 2.4)."""
    conditions: list[sa.ColumnElement[bool]] = []
    named = issue_filter.environment_ids
    if issue_filter.first_seen_in is not None:
        first = issue_environments.c
        there = [] if named is None else [_is_one_of(first.environment_id, named)]
        conditions += _in_release("first_seen_in", first.issue_id, first.first_release_id, *there)
    if issue_filter.seen_in is not None:
        seen = issue_releases.c
        there = [] if named is None else [_is_one_of(seen.environment_id, named)]
        conditions += _in_release("seen_in", seen.issue_id, seen.release_id, *there)
    if issue_filter.regressed_in is not None:
        entry = history.c
        is_regressed = entry.status == HistoryStatus.REGRESSED
        conditions += _in_release("regressed_in", entry.issue_id, entry.release_id, is_regressed)
    return conditions


def _is_one_of(column: sa.Column[int], ids: Collection[int]) -> sa.ColumnElement[bool]:
    """Return a condition on an environment that no index is looked up for: releases have fewer issues."""
    return (column + 0).in_(ids)


def _in_release(
    name: str, issue_id: sa.Column[int], release_id: sa.Column[Any], *more: sa.ColumnElement[bool]
) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that an issue is among those of its project's release: by ids, then by projects."""
    releases = _RELEASES[name].c
    of_release = sa.select(issue_id).where(release_id == releases.release_id, *more)
    of_project = (
        sa.select(releases.project_id)
        .where(issue_id == issues.c.id, release_id == releases.release_id, *more)
        .correlate(issues)
    )
    return [issues.c.id.in_(of_release), (issues.c.project_id + 0).in_(of_project)]


def _parameters(issue_filter: IssueFilter) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for name in _RELEASES:
        releases: Mapping[int, int] | None = getattr(issue_filter, name)
        if releases is not None:
            parameters |= rows_param(name, sorted(releases.items()))
    return parameters
