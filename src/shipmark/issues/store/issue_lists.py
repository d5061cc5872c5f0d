"""Lists of issues that match a filter, the last seen first."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ScalarSelect,
    Subquery,
    func,
    literal,
    select,
    union_all,
)

from shipmark.infrastructure.database import Id, json_rows, rows_param
from shipmark.issues.model import HistoryStatus, Issue, IssueFilter, IssueStatus
from shipmark.issues.store.activity import history
from shipmark.issues.store.inbox import inbox
from shipmark.issues.store.issues import ISSUE, issue_of, issues
from shipmark.issues.store.occurrences import issue_environments, issue_releases
from shipmark.projects.store import projects

_PLACES = {
    name: json_rows(name, project_id=Id, release_id=Id)
    for name in ("first_seen_in", "seen_in", "regressed_in")
}


def page_of(
    connection: Connection, issue_filter: IssueFilter, *, limit: int, offset: int = 0
) -> list[Issue]:
    """Return a page of the issues that match the filter, the last seen first."""
    if not issue_filter.project_ids:
        return []
    statuses = IssueStatus if issue_filter.status is None else (issue_filter.status,)
    page = _last_seen(issue_filter, statuses, limit + offset)
    query = select(*ISSUE).join(page, page.c.id == issues.c.id)
    query = query.order_by(page.c.last_seen_at.desc(), page.c.id.desc())
    result = connection.execute(query.limit(limit).offset(offset), _places(issue_filter))
    return [issue_of(row) for row in result]


def ids_of(
    connection: Connection, issue_filter: IssueFilter, *, other_than: IssueStatus | None, limit: int
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
    query = select(page.c.id).order_by(page.c.last_seen_at.desc(), page.c.id.desc()).limit(limit)
    return list(connection.execute(query, _places(issue_filter)).scalars())


def counts_of(
    connection: Connection, filters: Sequence[IssueFilter], *, limit: int
) -> tuple[int, ...]:
    """Return the number of issues that match each filter of one status and no release, counted up to ``limit``."""
    if not all(issue_filter.project_ids for issue_filter in filters):
        return (0,) * len(filters)
    counted = []
    for number, issue_filter in enumerate(filters):
        assert issue_filter.status is not None
        page = _last_seen(issue_filter, (issue_filter.status,), limit)
        counted.append(select(literal(number), func.count()).select_from(page))
    numbers = {number: count for number, count in connection.execute(union_all(*counted))}
    return tuple(numbers[number] for number in range(len(filters)))


def _last_seen(issue_filter: IssueFilter, statuses: Iterable[IssueStatus], limit: int) -> Subquery:
    """Return the ids and moments of the last seen issues of each status, at most ``limit``.

    An index has the issues of a project, or of an organization, by status in this order, and is read until there are
    enough. With releases or the inbox in the filter the query begins at their issues, so that the cost follows them.
    """
    columns = select(issues.c.id, issues.c.last_seen_at)
    ranges = []
    for status in statuses:
        query = columns.where(issues.c.status == status, *_conditions(issue_filter))
        query = query.order_by(issues.c.last_seen_at.desc(), issues.c.id.desc()).limit(limit)
        ranges.append(select(query.subquery()))
    return union_all(*ranges).subquery("page")


def _conditions(issue_filter: IssueFilter) -> list[ColumnElement[bool]]:
    columns = _release_conditions(issue_filter)
    if issue_filter.is_for_review:
        columns.append(issues.c.id.in_(select(inbox.c.issue_id)))
    if columns or len(issue_filter.project_ids) == 1:
        # With releases or the inbox the sum keeps databases from reading the projects' issues.
        project_id = issues.c.project_id + 0 if columns else issues.c.project_id
        columns.append(project_id.in_(issue_filter.project_ids))
    else:
        columns += [
            issues.c.organization_id == _organization_of(issue_filter.project_ids[0]),
            # The sum keeps SQLite from sorting all issues of the projects.
            (issues.c.project_id + 0).in_(issue_filter.project_ids),
        ]
    if issue_filter.substatus is not None:
        columns.append(issues.c.substatus == issue_filter.substatus)
    if issue_filter.text:
        columns.append(
            issues.c.title.icontains(issue_filter.text, autoescape=True)
            | issues.c.message.icontains(issue_filter.text, autoescape=True)
        )
    return columns


def _organization_of(project_id: int) -> ScalarSelect[int]:
    query = select(projects.c.organization_id).where(projects.c.id == project_id)
    return query.scalar_subquery()


def _release_conditions(issue_filter: IssueFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on releases (groups-api.md 2.3, 2.4)."""
    columns: list[ColumnElement[bool]] = []
    if issue_filter.first_seen_in is not None:
        place, table = _PLACES["first_seen_in"].c, issue_environments.c
        columns += _in_release(place, table.issue_id, table.first_release_id)
    if issue_filter.seen_in is not None:
        place, seen = _PLACES["seen_in"].c, issue_releases.c
        columns += _in_release(place, seen.issue_id, seen.release_id)
    if issue_filter.regressed_in is not None:
        place, entry = _PLACES["regressed_in"].c, history.c
        is_regressed = entry.status == HistoryStatus.REGRESSED
        columns += _in_release(place, entry.issue_id, entry.release_id, is_regressed)
    return columns


def _in_release(
    place: Any, issue_id: Column[int], release_id: Column[Any], *more: ColumnElement[bool]
) -> list[ColumnElement[bool]]:
    """Return the conditions that an issue is among those of its project's release: by ids, then by projects."""
    of_release = select(issue_id).where(release_id == place.release_id, *more)
    of_project = (
        select(place.project_id)
        .where(issue_id == issues.c.id, release_id == place.release_id, *more)
        .correlate(issues)
    )
    return [issues.c.id.in_(of_release), (issues.c.project_id + 0).in_(of_project)]


def _places(issue_filter: IssueFilter) -> dict[str, str]:
    value: dict[str, Mapping[int, int] | None] = {
        "first_seen_in": issue_filter.first_seen_in,
        "seen_in": issue_filter.seen_in,
        "regressed_in": issue_filter.regressed_in,
    }
    result: dict[str, str] = {}
    for name, releases in value.items():
        if releases is not None:
            result |= rows_param(name, sorted(releases.items()))
    return result
