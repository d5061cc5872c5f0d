"""Issues that change by age: those that have not been seen for long, and open ones that have been active for long."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.issues.model import IssueStatus
from shipmark.issues.store.issues import IS_NOT_ONGOING, issues

_is_open = issues.c.status == IssueStatus.UNRESOLVED
_SEEN = db.json_rows("seen_limits", project_id=db.Id, seen_by=db.UtcDateTime())
# A scalar subquery, not a join: PostgreSQL would read all open issues of the projects to find that none is old.
_oldest = (
    sa.select(sa.func.min(issues.c.last_seen_at))
    .where(issues.c.project_id == _SEEN.c.project_id, _is_open)
    .correlate(_SEEN)
    .scalar_subquery()
)
_FIRST_PROJECT = (
    sa.select(_SEEN.c.project_id)
    .where(_oldest <= _SEEN.c.seen_by)
    .order_by(_SEEN.c.project_id)
    .limit(1)
)
_NOT_SEEN_SINCE = (
    sa.select(issues.c.id)
    .where(
        issues.c.project_id == sa.bindparam("project_id"),
        _is_open,
        issues.c.last_seen_at <= sa.bindparam("seen_by", type_=db.UtcDateTime),
    )
    .order_by(issues.c.last_seen_at, issues.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_NOT_ONGOING = (
    sa.select(issues.c.id)
    .where(IS_NOT_ONGOING, issues.c.active_at <= sa.bindparam("active_by", type_=db.UtcDateTime))
    .order_by(issues.c.active_at, issues.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)


def first_project(connection: sa.Connection, seen_by: Mapping[int, datetime]) -> int | None:
    """Return the first project with an unresolved issue that was last seen by the moment of the project, or None."""
    parameters = db.rows_param("seen_limits", sorted(seen_by.items()))
    return connection.execute(_FIRST_PROJECT, parameters).scalar_one_or_none()


def not_seen_since(
    connection: sa.Connection, project_id: int, seen_by: datetime, *, limit: int
) -> list[int]:
    """Return the ids of the project's unresolved issues that were last seen by then, the oldest first."""
    parameters = {"project_id": project_id, "seen_by": seen_by, "most": limit}
    return list(connection.execute(_NOT_SEEN_SINCE, parameters).scalars())


def not_ongoing(connection: sa.Connection, active_by: datetime, *, limit: int) -> list[int]:
    """Return the ids of open issues that are not ongoing and became active by then, the first ones first."""
    parameters = {"active_by": active_by, "most": limit}
    return list(connection.execute(_NOT_ONGOING, parameters).scalars())
