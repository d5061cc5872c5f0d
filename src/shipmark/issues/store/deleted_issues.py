"""Issues whose deletion was requested: what becomes of them at once, and what a job deletes of them."""

from collections.abc import Collection

import sqlalchemy as sa

from shipmark.events import store as event_store
from shipmark.events.hidden_issues import PENDING_DELETION
from shipmark.events.store import events
from shipmark.infrastructure import database as db
from shipmark.issues.store import retention, states
from shipmark.issues.store.activity import history
from shipmark.issues.store.assignments import assignments
from shipmark.issues.store.commit_links import commit_links
from shipmark.issues.store.deletion import ISSUES_BATCH
from shipmark.issues.store.hashes import hashes
from shipmark.issues.store.inbox import inbox
from shipmark.issues.store.issues import issues
from shipmark.issues.store.occurrences import issue_environments, issue_releases
from shipmark.issues.store.resolutions import resolutions
from shipmark.issues.store.snoozes import snoozes
from shipmark.issues.store.user_reports import user_reports

#: What an issue has few rows of, and is counted or found by without its status.
_COUNTED = (
    hashes,
    inbox,
    assignments,
    resolutions,
    snoozes,
    history,
    commit_links,
    issue_releases,
    issue_environments,
    user_reports,
)
_REMOVALS = tuple(sa.delete(table).where(db.in_ids(table.c.issue_id)) for table in _COUNTED)
_SOME = (
    sa.select(issues.c.id)
    .where(
        issues.c.organization_id == sa.bindparam("organization_id", type_=db.Id),
        issues.c.status == PENDING_DELETION,
    )
    .limit(ISSUES_BATCH)
)
_EVENTS = sa.select(events.c.id).where(db.in_ids(events.c.issue_id)).limit(retention.BATCH)


def hide(connection: sa.Connection, issue_ids: Collection[int]) -> None:
    """Take issues out of all lists, counts and statistics; later events of their kind are of new issues."""
    states.hide(connection, issue_ids, PENDING_DELETION)
    retention.forget_stored(connection, issue_ids)
    parameters = db.ids_param(issue_ids)
    for statement in _REMOVALS:
        connection.execute(statement, parameters)


def some_of(connection: sa.Connection, organization_id: int) -> list[int]:
    """Return the ids of some issues of the organization whose deletion was requested."""
    return list(connection.execute(_SOME, {"organization_id": organization_id}).scalars())


def remove_events(
    connection: sa.Connection, issue_ids: Collection[int]
) -> tuple[list[tuple[int, str]], bool]:
    """Delete a batch of events. Return the project and the id of each, and whether there may be more."""
    row_ids = list(connection.execute(_EVENTS, db.ids_param(issue_ids)).scalars())
    removed = event_store.remove(connection, row_ids) if row_ids else []
    return removed, len(row_ids) == retention.BATCH
