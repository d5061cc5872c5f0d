"""Lists of the issues that are new in a release, resolved by it, or regressed in it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.issues.model import HistoryStatus, Issue
from shipmark.issues.store.activity import history
from shipmark.issues.store.commit_links import commit_links
from shipmark.issues.store.issues import IS_VISIBLE, ISSUE, issues
from shipmark.issues.store.occurrences import issue_environments
from shipmark.issues.store.resolutions import RESOLVED_IDS, resolutions
from shipmark.releases.store.commits import release_commits


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueSummary:
    """The number of issues, and the last seen ones."""

    count: int
    issues: tuple[Issue, ...]


NO_ISSUES = IssueSummary(count=0, issues=())


_RELEASE = sa.bindparam("release_id", type_=db.Id)


def _last_seen(query: sa.Select[Any]) -> sa.Select[Any]:
    """Return the query's last seen issues of the requested projects."""
    return (
        query.where(db.in_ids(issues.c.project_id))
        .order_by(issues.c.last_seen_at.desc(), issues.c.id.desc())
        .limit(sa.bindparam("most", type_=sa.Integer))
    )


_regressed = (
    sa.select(history.c.issue_id)
    .where(history.c.release_id == _RELEASE, history.c.status == HistoryStatus.REGRESSED)
    .distinct()
    .subquery()
)
_COUNTED = ISSUE.select(sa.func.count().over()).where(IS_VISIBLE)
_NEW = _last_seen(_COUNTED.where(issues.c.first_release_id == _RELEASE))
_RESOLVED = _last_seen(_COUNTED.join(RESOLVED_IDS, RESOLVED_IDS.c.issue_id == issues.c.id))
_INTRODUCED = _last_seen(
    _COUNTED.join(issue_environments, issue_environments.c.issue_id == issues.c.id).where(
        issue_environments.c.first_release_id == _RELEASE,
        issue_environments.c.environment_id == sa.bindparam("environment_id", type_=db.Id),
    )
)
_REGRESSED = _last_seen(_COUNTED.join(_regressed, _regressed.c.issue_id == issues.c.id))
_REGRESSIONS = (
    ISSUE.select(history.c.happened_at)
    .join(history, history.c.issue_id == issues.c.id)
    .where(
        history.c.release_id == _RELEASE,
        history.c.status == HistoryStatus.REGRESSED,
        (issues.c.project_id + 0).in_(sa.select(db.IDS.c.id)),
        IS_VISIBLE,
    )
    .order_by(history.c.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_resolved_pairs = (
    sa.select(resolutions.c.release_id, resolutions.c.issue_id)
    .join(db.IDS, db.IDS.c.id == resolutions.c.release_id)
    .union(
        sa.select(release_commits.c.release_id, commit_links.c.issue_id)
        .join(commit_links, commit_links.c.commit_id == release_commits.c.commit_id)
        .join(db.IDS, db.IDS.c.id == release_commits.c.release_id)
    )
    .subquery("found")
)
_IN_PROJECTS = db.json_rows("in_projects", id=db.Id)
_COUNT_RESOLVED = (
    sa.select(_resolved_pairs.c.release_id, sa.func.count())
    .join(issues, issues.c.id == _resolved_pairs.c.issue_id)
    .where(issues.c.project_id.in_(sa.select(_IN_PROJECTS.c.id)), IS_VISIBLE)
    .group_by(_resolved_pairs.c.release_id)
)


def resolved_counts(
    connection: sa.Connection, release_ids: Collection[int], project_ids: Collection[int]
) -> dict[int, int]:
    """Return the number of issues in `resolved_by` for each release that has any, by one statement."""
    if not release_ids:
        return {}
    in_projects = db.values_param("in_projects", project_ids)
    rows = connection.execute(_COUNT_RESOLVED, db.ids_param(release_ids) | in_projects)
    return {release_id: count for release_id, count in rows}


def new_in(
    connection: sa.Connection, release_id: int, project_ids: Collection[int], *, limit: int
) -> IssueSummary:
    """Return the projects' issues that were first seen in the release."""
    return _summary(connection, _NEW, release_id, project_ids, limit)


def introduced_in(
    connection: sa.Connection,
    release_id: int,
    environment_id: int,
    project_ids: Collection[int],
    *,
    limit: int,
) -> IssueSummary:
    """Return the projects' issues of which the release is the first in the environment."""
    parameters: dict[str, object] = {"release_id": release_id, "environment_id": environment_id}
    parameters |= db.ids_param(project_ids) | {"most": limit}
    return _summary_of(connection.execute(_INTRODUCED, parameters).all())


def resolved_by(
    connection: sa.Connection, release_id: int, project_ids: Collection[int], *, limit: int
) -> IssueSummary:
    """Return the projects' issues with a resolution in the release, or named by one of its commits."""
    return _summary(connection, _RESOLVED, release_id, project_ids, limit)


def regressed_in(
    connection: sa.Connection, release_id: int, project_ids: Collection[int], *, limit: int
) -> IssueSummary:
    """Return the projects' issues that regressed in the release, whatever their status is now."""
    return _summary(connection, _REGRESSED, release_id, project_ids, limit)


def regressions_in(
    connection: sa.Connection, release_id: int, project_ids: Collection[int], *, limit: int
) -> list[tuple[Issue, datetime]]:
    """Return the projects' issues that regressed in the release, each time with its moment, the last one first."""
    parameters = db.ids_param(project_ids) | {"release_id": release_id, "most": limit}
    rows = connection.execute(_REGRESSIONS, parameters)
    return [(ISSUE(row), row[-1]) for row in rows]


def _summary(
    connection: sa.Connection,
    statement: sa.Select[Any],
    release_id: int,
    project_ids: Collection[int],
    limit: int,
) -> IssueSummary:
    parameters = db.ids_param(project_ids) | {"release_id": release_id, "most": limit}
    return _summary_of(connection.execute(statement, parameters).all())


def _summary_of(rows: Sequence[sa.Row[Any]]) -> IssueSummary:
    return IssueSummary(count=rows[0][-1] if rows else 0, issues=tuple(map(ISSUE, rows)))
