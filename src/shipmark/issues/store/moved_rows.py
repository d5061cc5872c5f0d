"""Rows of which an issue may have very many: they move from merged issues to the survivor in batches."""

from collections import defaultdict
from collections.abc import Collection

import sqlalchemy as sa

from shipmark.events.attachments.store import event_attachments
from shipmark.events.store import events
from shipmark.infrastructure import database as db
from shipmark.issues.store import issues as issue_store
from shipmark.issues.store import retention, tag_counts
from shipmark.issues.store.issues import issue_users
from shipmark.issues.store.retention import thinned_event_counts

#: The rows of each table that one transaction moves: others wait for it on SQLite.
BATCH = 1000

_SURVIVOR = sa.bindparam("survivor_id", type_=db.Id)
_MOST = sa.bindparam("most", type_=sa.Integer)


def _move(table: sa.Table) -> sa.Update:
    batch = sa.select(table.c.id).where(db.in_ids(table.c.issue_id)).limit(_MOST)
    return sa.update(table).where(table.c.id.in_(batch)).values(issue_id=_SURVIVOR)


_MOVE_EVENTS = _move(events)
_MOVE_OTHERS = (_move(event_attachments), _move(thinned_event_counts))
_USERS = (
    sa.select(issue_users.c.issue_id, issue_users.c.user_hash)
    .where(db.in_ids(issue_users.c.issue_id))
    .limit(_MOST)
)
_PAIRS = db.json_rows("pairs", issue_id=db.Id, user_hash=sa.Text())
_REMOVE_USERS = sa.delete(issue_users).where(
    sa.tuple_(issue_users.c.issue_id, issue_users.c.user_hash).in_(
        sa.select(_PAIRS.c.issue_id, _PAIRS.c.user_hash)
    )
)


def move_events(connection: sa.Connection, survivor_id: int, issue_ids: Collection[int]) -> bool:
    """Move a batch of events, attachments and counts of deleted events. Return True if there may be more."""
    parameters = {**db.ids_param(issue_ids), "survivor_id": survivor_id, "most": BATCH}
    number = connection.execute(_MOVE_EVENTS, parameters).rowcount
    if number:
        retention.add_stored(connection, survivor_id, number)
    others = [connection.execute(statement, parameters).rowcount for statement in _MOVE_OTHERS]
    return max(number, *others) >= BATCH


def move_users(
    connection: sa.Connection, survivor_id: int, issue_ids: Collection[int]
) -> tuple[int, bool]:
    """Move a batch of users. Return how many are new to the survivor, and whether there may be more."""
    parameters = {**db.ids_param(issue_ids), "most": BATCH}
    pairs = [
        (issue_id, user_hash) for issue_id, user_hash in connection.execute(_USERS, parameters)
    ]
    if not pairs:
        return 0, False
    moved = {(survivor_id, user_hash) for _, user_hash in pairs}
    new = issue_store.record_users(connection, moved)
    connection.execute(_REMOVE_USERS, db.rows_param("pairs", pairs))
    return len(new), len(pairs) >= BATCH


def move_tags(connection: sa.Connection, survivor_id: int, issue_ids: Collection[int]) -> bool:
    """Move a batch of the counts of tags. Return True if there may be more."""
    rows = tag_counts.some_of(connection, issue_ids, limit=BATCH)
    if not rows:
        return False
    by_value = defaultdict(list)
    for row in rows:
        by_value[row.key, row.value].append(row)
    counted = [tag_counts.together(group, survivor_id) for group in by_value.values()]
    tag_counts.remove(connection, rows)
    tag_counts.count(connection, counted)
    return len(rows) >= BATCH
