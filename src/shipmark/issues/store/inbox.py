"""The inbox: issues that wait for review."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.schema import parent, table
from shipmark.issues.model import InboxEntry, InboxReason


class InboxColumns(sa.TypedColumns):
    """An issue in the inbox; the first reason stays. ``details`` is a JSON object, or NULL."""

    issue_id = parent("issues", primary_key=True)
    reason = sa.Column(sa.Integer, nullable=False)
    added_at = sa.Column(db.UtcDateTime, nullable=False)
    details = sa.Column(sa.Text)


inbox = table("inbox", InboxColumns, sa.Index("ix_inbox_added_at", "added_at", "issue_id"))

_ADD = insert_rows(
    inbox, "added", ("issue_id", "added_at"), shared=("reason",)
).on_conflict_do_nothing()
_ADD_LAPSED = insert_rows(
    inbox, "lapsed", ("issue_id", "added_at", "reason", "details")
).on_conflict_do_nothing()
_REMOVE = sa.delete(inbox).where(db.in_ids(inbox.c.issue_id)).returning(inbox.c.issue_id)
_OF_ISSUES = sa.select(inbox.c.issue_id, inbox.c.reason, inbox.c.added_at, inbox.c.details).join(
    db.IDS, db.IDS.c.id == inbox.c.issue_id
)


def add(
    connection: sa.Connection, added: Collection[tuple[int, datetime]], reason: InboxReason
) -> None:
    """Add issues to the inbox, each given by its id and when, unless they are there."""
    if added:
        parameters = db.rows_param("added", added) | {"reason": int(reason)}
        connection.execute(_ADD, parameters)


def add_lapsed(connection: sa.Connection, added: Mapping[int, InboxEntry]) -> None:
    """Add issues to the inbox, by their ids, each for its own reason, unless they are there."""
    rows = [
        (issue_id, entry.at, int(entry.reason), entry.details and json.dumps(entry.details))
        for issue_id, entry in sorted(added.items())
    ]
    connection.execute(_ADD_LAPSED, db.rows_param("lapsed", rows))


def remove(connection: sa.Connection, issue_ids: Collection[int]) -> set[int]:
    """Remove the issues from the inbox. Return the ids of those that were there."""
    return set(connection.execute(_REMOVE, db.ids_param(issue_ids)).scalars())


def remove_older(connection: sa.Connection, at: datetime) -> int:
    """Remove the entries from before that moment. Return their number."""
    return connection.execute(sa.delete(inbox).where(inbox.c.added_at < at)).rowcount


def of_issues(connection: sa.Connection, issue_ids: Collection[int]) -> dict[int, InboxEntry]:
    """Return the inbox entries of these issues; those without one are left out."""
    if not issue_ids:
        return {}
    result = connection.execute(_OF_ISSUES, db.ids_param(issue_ids))
    return {
        issue_id: InboxEntry(
            reason=InboxReason(reason), at=at, details=json.loads(details) if details else None
        )
        for issue_id, reason, at, details in result
    }
