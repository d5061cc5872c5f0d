"""The job that deletes events that are too old, and those that an issue has too many of."""

from datetime import datetime, timedelta

from shipmark.infrastructure import jobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import Job, JobKind
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import span
from shipmark.issues.actions import expire_events

#: The transactions after which the job is rescheduled, before its lease ends.
STEPS_MAX = 200
#: A longer retention is unlimited.
DAYS_MAX = 365 * 100


def run(database: Database, settings: Settings, job: Job, at: datetime) -> None:
    """Delete some batches and finish the job, or reschedule it at once while there are more."""
    with span("events.expire") as fields:
        old, old_steps = remove_old(database, settings, at, steps=STEPS_MAX)
        thinned, steps = thin_out(database, settings, at, steps=STEPS_MAX - old_steps)
        quarantined = remove_quarantined(database, at)
        fields |= {"events.old": old, "events.thinned": thinned}
        fields["events.quarantined"] = quarantined
    is_more = old_steps + steps >= STEPS_MAX
    with database.transaction() as connection:
        if jobs.finish(connection, job) and is_more:
            kind = JobKind.EXPIRE_EVENTS
            jobs.enqueue(connection, kind, {}, now=at, key=kind)


def remove_old(
    database: Database, settings: Settings, at: datetime, *, steps: int
) -> tuple[int, int]:
    """Delete old events in at most this many steps. Return the number of rows, and of the steps that it took."""
    days = min(settings.event_retention_days, DAYS_MAX)
    before, total = at - timedelta(days=max(days, 1)), 0
    for step in range(steps if days > 0 else 0):
        with database.transaction() as connection:
            removed = expire_events.remove_old(connection, before, at)
        total += removed
        if not removed:
            return total, step
    return total, steps if days > 0 else 0


def thin_out(
    database: Database, settings: Settings, at: datetime, *, steps: int
) -> tuple[int, int]:
    """Delete events over the limit of their issue. Return the number of events, and of the steps that it took."""
    limit, total = settings.events_per_issue_max, 0
    for step in range(steps if limit > 0 else 0):
        with database.transaction() as connection:
            removed = expire_events.thin_out(connection, limit, at)
        if removed is None:
            return total, step
        total += removed
    return total, steps if limit > 0 else 0


def remove_quarantined(database: Database, at: datetime) -> int:
    """Delete the frames that are in quarantine for too long. Return their number."""
    total = 0
    for _ in range(STEPS_MAX):
        with database.transaction() as connection:
            removed = expire_events.remove_quarantined(connection, at)
        total += removed
        if not removed:
            break
    return total
