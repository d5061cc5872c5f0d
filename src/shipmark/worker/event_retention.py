"""The job that deletes events that are too old, and those that an issue has too many of."""

from datetime import datetime

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import Job, JobKind
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import span
from shipmark.issues.actions import expire_events
from shipmark.worker.batched_removal import Removed, finish, remove_batches, retention_of

#: The transactions after which the job is rescheduled, before its lease ends.
STEPS_MAX = 200


def run(database: Database, settings: Settings, job: Job, at: datetime) -> None:
    """Delete some batches and finish the job, or reschedule it at once while there are more."""
    with span("events.expire") as fields:
        old, old_steps = remove_old(database, settings, at, steps=STEPS_MAX)
        thinned, steps = thin_out(database, settings, at, steps=STEPS_MAX - old_steps)
        quarantined = remove_quarantined(database, at)
        fields |= {"events.old": old, "events.thinned": thinned}
        fields["events.quarantined"] = quarantined.number
    is_more = old_steps + steps >= STEPS_MAX
    finish(database, job, JobKind.EXPIRE_EVENTS, at, is_more=is_more)


def remove_old(database: Database, settings: Settings, at: datetime, *, steps: int) -> Removed:
    """Delete old events in at most this many steps."""
    length = retention_of(settings.event_retention_days)

    def remove() -> int | None:
        with database.transaction() as connection:
            return expire_events.remove_old(connection, at - length, at) or None

    return remove_batches(remove, most=steps if length else 0)


def thin_out(database: Database, settings: Settings, at: datetime, *, steps: int) -> Removed:
    """Delete events over the limit of their issue in at most this many steps."""
    limit = settings.events_per_issue_max

    def remove() -> int | None:
        with database.transaction() as connection:
            return expire_events.thin_out(connection, limit, at)

    return remove_batches(remove, most=steps if limit > 0 else 0)


def remove_quarantined(database: Database, at: datetime) -> Removed:
    """Delete the frames that are in quarantine for too long."""

    def remove() -> int | None:
        with database.transaction() as connection:
            return expire_events.remove_quarantined(connection, at) or None

    return remove_batches(remove, most=STEPS_MAX)
