"""Deletion of issues with their dependent rows, in batches selected by indexes."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, Connection, Table, TypedColumns, delete, select, tuple_

from shipmark.events.store import events
from shipmark.infrastructure.database import IDS, ids_param, in_ids
from shipmark.issues.store.issues import issue_users, issues
from shipmark.issues.store.retention import thinned_event_counts
from shipmark.issues.store.tag_counts import issue_tags

EVENTS_BATCH = 1000
#: The rows of users, of tags and of counts of thinned events, of which an issue may have thousands.
DETAILS_BATCH = 5000
#: Each issue's hashes, activities, history and seen releases are deleted with it.
ISSUES_BATCH = 100
_DETAILS: tuple[tuple[Table[TypedColumns], tuple[Column[Any], ...]], ...] = (
    (issue_users, (issue_users.c.issue_id, issue_users.c.user_hash)),
    (issue_tags, (issue_tags.c.issue_id, issue_tags.c.key, issue_tags.c.value)),
    (thinned_event_counts, (thinned_event_counts.c.issue_id, thinned_event_counts.c.id)),
)


def remove_events(connection: Connection, project_id: int) -> bool:
    """Delete a batch of the project's events. Return False if there are none."""
    batch = select(events.c.id).where(events.c.project_id == project_id).limit(EVENTS_BATCH)
    return connection.execute(delete(events).where(events.c.id.in_(batch))).rowcount > 0


def remove_issues(connection: Connection, project_id: int) -> bool:
    """Delete some of the project's issues without events, or of their users and tags. Return False if none is left."""
    query = select(issues.c.id).where(issues.c.project_id == project_id).limit(ISSUES_BATCH)
    batch = list(connection.execute(query).scalars())
    if not batch:
        return False
    if remove_details(connection, batch):
        remove_whole(connection, batch)
    return True


def remove_details(connection: Connection, issue_ids: Collection[int]) -> bool:
    """Delete a batch of what these issues have many rows of, apart from events. Return True if none is left."""
    return all(_remove_some(connection, issue_ids, *each) for each in _DETAILS)


def remove_whole(connection: Connection, issue_ids: Collection[int]) -> None:
    """Delete these issues, with the rows that refer to them: they have few of them left."""
    condition = in_ids(issues.c.id)
    connection.execute(delete(issues).where(condition), ids_param(issue_ids))


def remove_tags_of_projects(connection: Connection, project_ids: Collection[int]) -> None:
    """Delete the tags of all issues of these projects."""
    condition = in_ids(issue_tags.c.project_id)
    connection.execute(delete(issue_tags).where(condition), ids_param(project_ids))


def _remove_some(
    connection: Connection,
    issue_ids: Collection[int],
    table: Table[TypedColumns],
    key: tuple[Column[Any], ...],
) -> bool:
    """Delete a batch of rows of these issues, whose ids begin the key. Return True if none is left."""
    batch = select(*key).where(key[0].in_(select(IDS.c.id))).limit(DETAILS_BATCH)
    statement = delete(table).where(tuple_(*key).in_(batch))
    return connection.execute(statement, ids_param(issue_ids)).rowcount < DETAILS_BATCH
