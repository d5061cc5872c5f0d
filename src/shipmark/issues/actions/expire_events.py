"""Retention of events, by age and by number, in steps that each take one short transaction.

Issues, and what they, releases and environments have counted, stay as they are: they say what happened, not what is
stored. Attachments go with their events. An issue without events stays: when it was first seen, in which releases, and
how it was resolved is not in its events.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.events.attachments import actions as attachment_actions
from shipmark.events.quarantine import actions as quarantine
from shipmark.events.quarantine import store as quarantine_store
from shipmark.events.retention import ids_to_keep
from shipmark.infrastructure import jobs
from shipmark.infrastructure.jobs import JobKind
from shipmark.infrastructure.settings import EVENTS_PER_ISSUE_MIN
from shipmark.issues.store import issues, retention

#: How many events of an issue are looked at beyond the limit. Of one with more the oldest are thinned out first.
BEYOND_LIMIT = 1000
#: The shortest retention that an operator can set.
RETENTION_MIN = timedelta(days=1)


def remove_old(connection: Connection, before: datetime, at: datetime) -> int:
    """Delete a batch of events that were received before, and of what is counted of then. Return the number."""
    removed = retention.remove_received_before(connection, before)
    attachment_actions.delete_of_events(connection, removed, at)
    return len(removed) or retention.remove_counts_before(connection, before)


def remove_quarantined(connection: Connection, at: datetime) -> int:
    """Delete a batch of frames that are in quarantine for too long. Return their number."""
    return quarantine_store.remove_received_before(connection, at - quarantine.RETENTION)


def thin_out(connection: Connection, limit: int, at: datetime) -> int | None:
    """Delete a batch of the events of the issue that has the most, if these are more than the limit.

    Return their number, or None if no issue has too many. `events/retention.py` has the rule.
    """
    issue_id = retention.largest_over(connection, limit)
    if issue_id is None:
        return None
    # No event of the issue is stored, and counted, until this transaction ends.
    issues.lock(connection, [issue_id])
    oldest = retention.oldest_of(connection, issue_id, limit=limit + BEYOND_LIMIT)
    kept = ids_to_keep(oldest, limit)
    batch = [event.id for event in oldest if event.id not in kept][: retention.BATCH]
    removed = retention.thin(connection, batch) if batch else []
    attachment_actions.delete_of_events(connection, removed, at)
    rest = len(oldest) - len(removed)
    if rest <= limit and len(oldest) < limit + BEYOND_LIMIT:
        retention.set_stored(connection, issue_id, rest)
    return len(removed)


def schedule(connection: Connection, at: datetime) -> None:
    """Schedule the deletion of events if some may be too old or too many by any settings."""
    if retention.is_any_due(
        connection, at - RETENTION_MIN, EVENTS_PER_ISSUE_MIN
    ) or quarantine_store.is_any_older(connection, at - quarantine.RETENTION):
        kind = JobKind.EXPIRE_EVENTS
        jobs.enqueue(connection, kind, {}, now=at, key=kind)
