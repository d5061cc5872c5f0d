"""The inbox: issues that wait for review."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Integer, Table, TypedColumns, delete, select

from shipmark.infrastructure.database import IDS, Id, UtcDateTime, ids_param, metadata, upsert
from shipmark.issues.model import InboxEntry, InboxReason


class InboxColumns(TypedColumns):
    """An issue in the inbox; the first reason stays."""

    issue_id = Column(Id, ForeignKey("issues.id", ondelete="CASCADE"), primary_key=True)
    reason = Column(Integer, nullable=False)
    added_at = Column(UtcDateTime, nullable=False, index=True)


inbox = Table("inbox", metadata, InboxColumns)

_REMOVE = delete(inbox).where(inbox.c.issue_id.in_(select(IDS.c.id)))
_OF_ISSUES = select(inbox.c.issue_id, inbox.c.reason, inbox.c.added_at).join(
    IDS, IDS.c.id == inbox.c.issue_id
)


def add(connection: Connection, issue_id: int, reason: InboxReason, at: datetime) -> None:
    """Add the issue to the inbox, unless it is there."""
    row = {"issue_id": issue_id, "reason": int(reason), "added_at": at}
    connection.execute(upsert(inbox).values(row).on_conflict_do_nothing())


def remove(connection: Connection, issue_ids: Collection[int]) -> None:
    """Remove the issues from the inbox."""
    connection.execute(_REMOVE, ids_param(issue_ids))


def remove_older(connection: Connection, at: datetime) -> int:
    """Remove the entries from before that moment. Return their number."""
    return connection.execute(delete(inbox).where(inbox.c.added_at < at)).rowcount


def of_issues(connection: Connection, issue_ids: Collection[int]) -> dict[int, InboxEntry]:
    """Return the inbox entries of these issues; those without one are left out."""
    if not issue_ids:
        return {}
    result = connection.execute(_OF_ISSUES, ids_param(issue_ids))
    return {
        issue_id: InboxEntry(reason=InboxReason(reason), at=at) for issue_id, reason, at in result
    }
