"""Lists of issues, the last seen first: which issues pass a filter."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ScalarSelect,
    Subquery,
    select,
    union_all,
)

from shipmark.infrastructure.database import Id, json_rows, rows_param
from shipmark.issues.model import HistoryStatus, Issue, IssueFilter, IssueStatus
from shipmark.issues.store.activity import history
from shipmark.issues.store.issues import ISSUE, issue_of, issues
from shipmark.issues.store.occurrences import issue_environments, issue_releases
from shipmark.projects.store import projects

_PLACES = {
    name: json_rows(name, project_id=Id, release_id=Id)
    for name in ("first_seen_in", "seen_in", "regressed_in")
}


def page_of(
    connection: Connection, wanted: IssueFilter, *, limit: int, offset: int = 0
) -> list[Issue]:
    """Return a page of the issues that pass the filter, the last seen first."""
    if not wanted.project_ids:
        return []
    statuses = IssueStatus if wanted.status is None else (wanted.status,)
    page = _last_seen(wanted, statuses, limit + offset)
    query = select(*ISSUE).join(page, page.c.id == issues.c.id)
    query = query.order_by(page.c.last_seen_at.desc(), page.c.id.desc())
    found = connection.execute(query.limit(limit).offset(offset), _places(wanted))
    return [issue_of(row) for row in found]


def ids_of(
    connection: Connection, wanted: IssueFilter, *, other_than: IssueStatus | None, limit: int
) -> list[int]:
    """Return the ids of issues that pass the filter, the last seen first, without those of the other status."""
    statuses = [it for it in IssueStatus if wanted.status in {None, it} and it is not other_than]
    if not wanted.project_ids or not statuses:
        return []
    page = _last_seen(wanted, statuses, limit)
    query = select(page.c.id).order_by(page.c.last_seen_at.desc(), page.c.id.desc()).limit(limit)
    return list(connection.execute(query, _places(wanted)).scalars())


def _last_seen(wanted: IssueFilter, statuses: Iterable[IssueStatus], limit: int) -> Subquery:
    """Return the ids and moments of the issues of each status that were last seen, as many as ``limit``.

    An index holds those of a project, or of an organization, by status in this order, and is read until there are
    enough. With releases in the filter the query begins at what was seen in these, so that the cost follows that.
    """
    columns = select(issues.c.id, issues.c.last_seen_at)
    ranges = []
    for status in statuses:
        query = columns.where(issues.c.status == status, *_conditions(wanted))
        query = query.order_by(issues.c.last_seen_at.desc(), issues.c.id.desc()).limit(limit)
        ranges.append(select(query.subquery()))
    return union_all(*ranges).subquery("page")


def _conditions(wanted: IssueFilter) -> list[ColumnElement[bool]]:
    found = _release_conditions(wanted)
    if found or len(wanted.project_ids) == 1:
        # With releases the sum keeps databases from reading the projects' issues.
        project_id = issues.c.project_id + 0 if found else issues.c.project_id
        found.append(project_id.in_(wanted.project_ids))
    else:
        found += [
            issues.c.organization_id == _organization_of(wanted.project_ids[0]),
            # The sum keeps SQLite from sorting all issues of the projects.
            (issues.c.project_id + 0).in_(wanted.project_ids),
        ]
    if wanted.text:
        found.append(
            issues.c.title.icontains(wanted.text, autoescape=True)
            | issues.c.message.icontains(wanted.text, autoescape=True)
        )
    return found


def _organization_of(project_id: int) -> ScalarSelect[int]:
    query = select(projects.c.organization_id).where(projects.c.id == project_id)
    return query.scalar_subquery()


def _release_conditions(wanted: IssueFilter) -> list[ColumnElement[bool]]:
    """Return the conditions on releases (groups-api.md 2.3, 2.4)."""
    found: list[ColumnElement[bool]] = []
    if wanted.first_seen_in is not None:
        place, table = _PLACES["first_seen_in"].c, issue_environments.c
        found += _in_release(place, table.issue_id, table.first_release_id)
    if wanted.seen_in is not None:
        place, seen = _PLACES["seen_in"].c, issue_releases.c
        found += _in_release(place, seen.issue_id, seen.release_id)
    if wanted.regressed_in is not None:
        place, entry = _PLACES["regressed_in"].c, history.c
        is_regressed = entry.status == HistoryStatus.REGRESSED
        found += _in_release(place, entry.issue_id, entry.release_id, is_regressed)
    return found


def _in_release(
    place: Any, issue_id: Column[int], release_id: Column[Any], *more: ColumnElement[bool]
) -> list[ColumnElement[bool]]:
    """Return that an issue is among those of its project's release: by their ids, then by their projects."""
    of_release = select(issue_id).where(release_id == place.release_id, *more)
    of_project = (
        select(place.project_id)
        .where(issue_id == issues.c.id, release_id == place.release_id, *more)
        .correlate(issues)
    )
    return [issues.c.id.in_(of_release), (issues.c.project_id + 0).in_(of_project)]


def _places(wanted: IssueFilter) -> dict[str, str]:
    given: dict[str, Mapping[int, int] | None] = {
        "first_seen_in": wanted.first_seen_in,
        "seen_in": wanted.seen_in,
        "regressed_in": wanted.regressed_in,
    }
    found: dict[str, str] = {}
    for name, releases in given.items():
        if releases is not None:
            found |= rows_param(name, sorted(releases.items()))
    return found
