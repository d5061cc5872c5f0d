"""Issues that were discarded, which have the hashes whose events are discarded (`hashes.discarded_hashes`)."""

import json
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.keyset import KeysetPosition, from_position
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.issues.discarded_issues import DiscardedIssue
from shipmark.issues.store.hashes import discarded_hashes, hashes
from shipmark.issues.store.issues import issues


class DiscardedIssueColumns(sa.TypedColumns):
    """An issue that was discarded. ``details`` is a JSON object, as of issues."""

    id = sa.Column(db.Id, primary_key=True)
    project_id = parent("projects")
    issue_id = sa.Column(db.Id, nullable=False, unique=True)
    number = sa.Column(db.Id, nullable=False)
    type = sa.Column(sa.String(16), nullable=False)
    title = sa.Column(sa.Text, nullable=False)
    culprit = sa.Column(sa.Text, nullable=False)
    level = sa.Column(sa.String(16), nullable=False)
    details = sa.Column(sa.Text, nullable=False)
    user_id = sa.Column(db.Id, sa.ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at = sa.Column(db.UtcDateTime, nullable=False)


discarded_issues = table(
    "discarded_issues",
    DiscardedIssueColumns,
    sa.Index("ix_discarded_issues_project_id_created_at", "project_id", "created_at", "id"),
)

_c = discarded_issues.c
_DISCARDED = RowReader(
    DiscardedIssue, discarded_issues, metadata=(json.loads, discarded_issues.c.details)
)
_COPIED = ("project_id", "number", "type", "title", "culprit", "level", "details")
_ADD = sa.insert(discarded_issues).from_select(
    ["issue_id", *_COPIED, "user_id", "created_at"],
    sa.select(
        issues.c.id,
        *(issues.c[name] for name in _COPIED),
        sa.bindparam("user_id", type_=db.Id),
        sa.bindparam("at", type_=db.UtcDateTime),
    )
    .where(db.in_ids(issues.c.id))
    .order_by(issues.c.id),
)
_HASHES = (
    sa.select(hashes.c.project_id, hashes.c.hash, _c.id)
    .join(discarded_issues, _c.issue_id == hashes.c.issue_id)
    .where(db.in_ids(hashes.c.issue_id))
    .order_by(hashes.c.project_id, hashes.c.hash)
)
_INSERT_HASHES = db.upsert(discarded_hashes).from_select(
    ["project_id", "hash", "discarded_issue_id"], _HASHES
)
#: A hash of another issue may have been discarded before, as that of the original stack of a minified event.
_ADD_HASHES = _INSERT_HASHES.on_conflict_do_update(
    index_elements=["project_id", "hash"],
    set_={"discarded_issue_id": _INSERT_HASHES.excluded.discarded_issue_id},
)


def add(
    connection: sa.Connection, issue_ids: Collection[int], user_id: int | None, at: datetime
) -> None:
    """Store issues that are being discarded, with their hashes, before these are deleted with the issues."""
    parameters = db.ids_param(issue_ids)
    connection.execute(_ADD, {**parameters, "user_id": user_id, "at": at})
    connection.execute(_ADD_HASHES, parameters)


def page_of(
    connection: sa.Connection,
    project_id: int,
    position: KeysetPosition | None,
    *,
    limit: int,
    offset: int = 0,
) -> list[DiscardedIssue]:
    """Return a page of the project's discarded issues, the last first; before a position, the nearest first."""
    query = _DISCARDED.select().where(_c.project_id == project_id)
    query = from_position(query, _c.created_at, _c.id, position)
    return _DISCARDED.all(connection, query.limit(limit).offset(offset))


def by_id(
    connection: sa.Connection, project_id: int, discarded_issue_id: int
) -> DiscardedIssue | None:
    """Return the project's discarded issue with this id, or None."""
    query = _DISCARDED.select().where(_c.id == discarded_issue_id, _c.project_id == project_id)
    return _DISCARDED.first(connection, query)


def remove(connection: sa.Connection, discarded_issue_id: int) -> bool:
    """Delete a discarded issue with its hashes. Return False if it is gone already."""
    statement = sa.delete(discarded_issues).where(_c.id == discarded_issue_id)
    return connection.execute(statement).rowcount == 1
