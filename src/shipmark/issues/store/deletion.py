"""Deletion of a project's issues with their dependent rows, in batches selected by indexes."""

from sqlalchemy import Connection, delete, select, tuple_

from shipmark.events.store import events
from shipmark.infrastructure.database import IDS, ids_param
from shipmark.issues.store.issues import issue_users, issues

EVENTS_BATCH = 1000
USERS_BATCH = 5000
#: Each issue's hashes, activities, history and seen releases are deleted with it.
ISSUES_BATCH = 100


def remove_events(connection: Connection, project_id: int) -> bool:
    """Delete a batch of the project's events. Return False if there are none."""
    batch = select(events.c.id).where(events.c.project_id == project_id).limit(EVENTS_BATCH)
    return connection.execute(delete(events).where(events.c.id.in_(batch))).rowcount > 0


def remove_issues(connection: Connection, project_id: int) -> bool:
    """Delete a batch of the project's issues without events, or of their users. Return False if none is left."""
    query = select(issues.c.id).where(issues.c.project_id == project_id).limit(ISSUES_BATCH)
    batch = list(connection.execute(query).scalars())
    if not batch:
        return False
    of_batch = issue_users.c.issue_id.in_(select(IDS.c.id))
    key = (issue_users.c.issue_id, issue_users.c.user_hash)
    batch_keys = select(*key).where(of_batch).limit(USERS_BATCH)
    result = connection.execute(
        delete(issue_users).where(tuple_(*key).in_(batch_keys)), ids_param(batch)
    )
    if result.rowcount < USERS_BATCH:
        condition = issues.c.id.in_(select(IDS.c.id))
        connection.execute(delete(issues).where(condition), ids_param(batch))
    return True
