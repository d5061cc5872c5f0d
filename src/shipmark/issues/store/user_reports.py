"""The table of reports of users, and its queries."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from shipmark.events.issue_links import IssueLinks
from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.keyset import KeysetPosition, from_position
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.issues.user_reports import NewUserReport, UserReport


class UserReportColumns(sa.TypedColumns):
    """A report. ``issue_id`` is that of its event, which stays when the event is deleted."""

    id = sa.Column(db.Id, primary_key=True)
    project_id = parent("projects")
    report_key = sa.Column(sa.String(32), nullable=False)
    event_id = sa.Column(sa.String(32), nullable=False)
    issue_id = parent("issues", nullable=True)
    name = sa.Column(sa.Text, nullable=False)
    email = sa.Column(sa.Text, nullable=False)
    comments = sa.Column(sa.Text, nullable=False)
    created_at = sa.Column(db.UtcDateTime, nullable=False)


user_reports = table(
    "user_reports",
    UserReportColumns,
    sa.UniqueConstraint("project_id", "report_key"),
    sa.Index("ix_user_reports_project_id_event_id", "project_id", "event_id"),
    sa.Index("ix_user_reports_project_id_created_at", "project_id", "created_at", "id"),
    sa.Index("ix_user_reports_issue_id_created_at", "issue_id", "created_at", "id"),
)

#: Reports of a project that are deleted together.
_BATCH = 1000
_COLUMNS = (
    "project_id", "report_key", "event_id", "issue_id", "name", "email", "comments", "created_at",
)  # fmt: skip
_INSERT = insert_rows(user_reports, "new", _COLUMNS, order_by=("project_id", "report_key"))
_WRITE = _INSERT.on_conflict_do_update(
    index_elements=["project_id", "report_key"],
    set_={
        name: _INSERT.excluded[name]
        for name in _COLUMNS
        if name not in {"project_id", "report_key"}
    },
)
_SENT = db.json_rows("sent", project_id=db.Id, report_key=sa.Text())
_MOMENTS = sa.select(
    user_reports.c.project_id, user_reports.c.report_key, user_reports.c.created_at
).join(
    _SENT,
    sa.and_(
        user_reports.c.project_id == _SENT.c.project_id,
        user_reports.c.report_key == _SENT.c.report_key,
    ),
)
_REPORT = RowReader(UserReport, user_reports)
#: Ties reports to the issues of their events.
links = IssueLinks(user_reports)
_PROJECTS_WITH_ANY = sa.select(db.IDS.c.id).where(
    sa.exists().where(user_reports.c.project_id == db.IDS.c.id)
)


def moments_of(
    connection: sa.Connection, keys: Collection[tuple[int, str]]
) -> dict[tuple[int, str], datetime]:
    """Return when the reports with these keys were sent, as far as they are stored."""
    rows = connection.execute(_MOMENTS, db.rows_param("sent", keys))
    return {(project_id, report_key): at for project_id, report_key, at in rows}


def write(
    connection: sa.Connection,
    reports: Sequence[NewUserReport],
    issue_ids: Mapping[tuple[int, str], int],
) -> None:
    """Insert reports, or replace those with their keys; ``issue_ids`` are by project and event."""
    rows = [
        (
            report.project_id,
            report.report_key,
            report.event_id,
            issue_ids.get((report.project_id, report.event_id)),
            report.name,
            report.email,
            report.comments,
            report.created_at,
        )
        for report in reports
    ]
    connection.execute(_WRITE, db.rows_param("new", rows))


def by_key(connection: sa.Connection, project_id: int, report_key: str) -> UserReport | None:
    """Return the project's report with this key, or None."""
    c = user_reports.c
    query = _REPORT.select().where(c.project_id == project_id, c.report_key == report_key)
    return _REPORT.first(connection, query)


def of_project(
    connection: sa.Connection, project_id: int, position: KeysetPosition | None, *, limit: int
) -> list[UserReport]:
    """Return a page of the project's reports, the newest first; before a position, the nearest first."""
    return _page(connection, user_reports.c.project_id == project_id, position, limit)


def of_issue(
    connection: sa.Connection, issue_id: int, position: KeysetPosition | None, *, limit: int
) -> list[UserReport]:
    """Return a page of the issue's reports, the newest first; before a position, the nearest first."""
    return _page(connection, user_reports.c.issue_id == issue_id, position, limit)


def projects_with_any(connection: sa.Connection, project_ids: Collection[int]) -> set[int]:
    """Return the projects among these that have reports."""
    return set(connection.execute(_PROJECTS_WITH_ANY, db.ids_param(project_ids)).scalars())


def count_of_issue(connection: sa.Connection, issue_id: int) -> int:
    """Return the number of reports about the issue's events."""
    query = sa.select(sa.func.count()).where(user_reports.c.issue_id == issue_id)
    return connection.execute(query).scalar_one()


def remove_of_project(connection: sa.Connection, project_id: int) -> bool:
    """Delete a batch of the project's reports. Return False if there are none."""
    c = user_reports.c
    batch = sa.select(c.id).where(c.project_id == project_id).limit(_BATCH)
    return connection.execute(sa.delete(user_reports).where(c.id.in_(batch))).rowcount > 0


def _page(
    connection: sa.Connection,
    condition: sa.ColumnElement[bool],
    position: KeysetPosition | None,
    limit: int,
) -> list[UserReport]:
    c = user_reports.c
    query = from_position(_REPORT.select().where(condition), c.created_at, c.id, position)
    return _REPORT.all(connection, query.limit(limit))
