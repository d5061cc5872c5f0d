"""The table of attachments of events, and its queries."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from shipmark.events.attachments.model import (
    CONTENT_TYPE_MAX,
    CRASH_REPORTS,
    NAME_MAX,
    TYPE_MAX,
    Attachment,
    NewAttachment,
)
from shipmark.events.issue_links import IssueLinks
from shipmark.infrastructure import database as db
from shipmark.infrastructure.keyset import KeysetPosition, from_position
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table


class AttachmentColumns(sa.TypedColumns):
    """An attachment. ``event_id`` is that of an event that may come later or never.

    ``sha1`` and ``size`` are those of its file, which must be deleted with its attachment: see `actions`.
    """

    id = sa.Column(db.Id, primary_key=True)
    project_id = parent("projects")
    event_id = sa.Column(sa.String(32), nullable=False)
    issue_id = sa.Column(db.Id, sa.ForeignKey("issues.id", ondelete="SET NULL"))
    file_id = sa.Column(db.Id, sa.ForeignKey("files.id"), nullable=False, index=True)
    name = sa.Column(sa.String(NAME_MAX), nullable=False)
    type = sa.Column(sa.String(TYPE_MAX), nullable=False)
    content_type = sa.Column(sa.String(CONTENT_TYPE_MAX), nullable=False)
    sha1 = sa.Column(sa.String(40), nullable=False)
    size = sa.Column(sa.BigInteger, nullable=False)
    created_at = sa.Column(db.UtcDateTime, nullable=False)


event_attachments = table(
    "event_attachments",
    AttachmentColumns,
    sa.UniqueConstraint("project_id", "event_id", "name", "type", "sha1"),
    sa.Index("ix_event_attachments_issue_id_created_at", "issue_id", "created_at", "id"),
    sa.Index("ix_event_attachments_created_at", "created_at", "id"),
)

_SENT = db.json_rows("sent", project_id=db.Id, event_id=sa.Text())
_OF_SENT = sa.and_(
    event_attachments.c.project_id == _SENT.c.project_id,
    event_attachments.c.event_id == _SENT.c.event_id,
)
_KEYS = sa.select(
    event_attachments.c.project_id,
    event_attachments.c.event_id,
    event_attachments.c.name,
    event_attachments.c.type,
    event_attachments.c.sha1,
).join(_SENT, _OF_SENT)
_ATTACHMENT = RowReader(Attachment, event_attachments)
_CRASH_REPORTS = (
    sa.select(event_attachments.c.issue_id, sa.func.count())
    .join(db.IDS, db.IDS.c.id == event_attachments.c.issue_id)
    .where(event_attachments.c.type.in_(sorted(CRASH_REPORTS)))
    .group_by(event_attachments.c.issue_id)
)
#: Ties attachments to the issues of their events.
links = IssueLinks(event_attachments)


def add(connection: sa.Connection, new: NewAttachment, file_id: int, issue_id: int | None) -> bool:
    """Insert an attachment. Return False if it is stored already, as another process may have at this moment."""
    row: dict[str, object] = {
        "project_id": new.project_id,
        "event_id": new.event_id,
        "issue_id": issue_id,
        "file_id": file_id,
        "name": new.name,
        "type": new.type,
        "content_type": new.content_type,
        "sha1": new.content.sha1,
        "size": new.content.size,
        "created_at": new.created_at,
    }
    statement = db.upsert(event_attachments).values(row).on_conflict_do_nothing()
    result = connection.execute(statement.returning(event_attachments.c.id))
    return result.first() is not None


def keys_of(
    connection: sa.Connection, event_keys: Collection[tuple[int, str]]
) -> set[tuple[int, str, str, str, str]]:
    """Return the keys of the attachments of these events, given by project and event."""
    return {
        (project_id, event_id, name, type_, sha1)
        for project_id, event_id, name, type_, sha1 in connection.execute(
            _KEYS, db.rows_param("sent", event_keys)
        )
    }


def count_crash_reports(connection: sa.Connection, issue_ids: Collection[int]) -> dict[int, int]:
    """Return the numbers of stored crash reports by issue; only of those that have any."""
    rows = connection.execute(_CRASH_REPORTS, db.ids_param(issue_ids))
    return {issue_id: number for issue_id, number in rows}


def by_id(
    connection: sa.Connection, project_id: int, event_id: str, attachment_id: int
) -> Attachment | None:
    """Return the event's attachment with this id, or None."""
    c = event_attachments.c
    query = _ATTACHMENT.select().where(
        c.id == attachment_id, c.project_id == project_id, c.event_id == event_id
    )
    return _ATTACHMENT.first(connection, query)


def by_id_in_issue(
    connection: sa.Connection, issue_id: int, attachment_id: int
) -> Attachment | None:
    """Return the attachment with this id of any event of the issue, or None."""
    c = event_attachments.c
    query = _ATTACHMENT.select().where(c.id == attachment_id, c.issue_id == issue_id)
    return _ATTACHMENT.first(connection, query)


def of_event(
    connection: sa.Connection,
    project_id: int,
    event_id: str,
    position: KeysetPosition | None,
    *,
    limit: int,
) -> list[Attachment]:
    """Return a page of the event's attachments, the newest first; before a position, the nearest first."""
    c = event_attachments.c
    condition = sa.and_(c.project_id == project_id, c.event_id == event_id)
    return _page(connection, condition, position, limit)


def of_issue(
    connection: sa.Connection, issue_id: int, position: KeysetPosition | None, *, limit: int
) -> list[Attachment]:
    """Return a page of the issue's attachments, the newest first; before a position, the nearest first."""
    return _page(connection, event_attachments.c.issue_id == issue_id, position, limit)


def ids_of_project(connection: sa.Connection, project_id: int, *, limit: int) -> list[int]:
    """Return the ids of some attachments of the project."""
    c = event_attachments.c
    query = sa.select(c.id).where(c.project_id == project_id).limit(limit)
    return list(connection.execute(query).scalars())


def ids_of_projects(connection: sa.Connection, project_ids: Collection[int]) -> list[int]:
    """Return the ids of all attachments of these projects."""
    c = event_attachments.c
    query = sa.select(c.id).where(c.project_id.in_(sa.select(db.IDS.c.id)))
    return list(connection.execute(query, db.ids_param(project_ids)).scalars())


def ids_of_issues(
    connection: sa.Connection, issue_ids: Collection[int], *, limit: int
) -> list[int]:
    """Return the ids of some attachments of these issues."""
    c = event_attachments.c
    query = sa.select(c.id).where(c.issue_id.in_(sa.select(db.IDS.c.id))).limit(limit)
    return list(connection.execute(query, db.ids_param(issue_ids)).scalars())


def ids_before(connection: sa.Connection, at: datetime, *, limit: int) -> list[int]:
    """Return the ids of some attachments that were received before this moment, the oldest first."""
    c = event_attachments.c
    query = sa.select(c.id).where(c.created_at < at).order_by(c.created_at, c.id).limit(limit)
    return list(connection.execute(query).scalars())


def remove(connection: sa.Connection, ids: Collection[int]) -> list[tuple[int, int]]:
    """Delete attachments. Return the ids of the project and of the file of each."""
    c = event_attachments.c
    statement = sa.delete(event_attachments).where(c.id.in_(sa.select(db.IDS.c.id)))
    rows = connection.execute(statement.returning(c.project_id, c.file_id), db.ids_param(ids))
    return [(project_id, file_id) for project_id, file_id in rows]


def _page(
    connection: sa.Connection,
    condition: sa.ColumnElement[bool],
    position: KeysetPosition | None,
    limit: int,
) -> list[Attachment]:
    c = event_attachments.c
    query = from_position(_ATTACHMENT.select().where(condition), c.created_at, c.id, position)
    return _ATTACHMENT.all(connection, query.limit(limit))
