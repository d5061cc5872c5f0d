"""Jobs that delete what is old: batch after batch, each in a transaction, some now and the rest next time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection

from shipmark.artifacts import actions as artifacts
from shipmark.events.attachments import actions as attachment_actions
from shipmark.infrastructure import jobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import Job, JobKind
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import span
from shipmark.issues.actions import expire_events
from shipmark.release_health.compaction import STEPS, Step

#: The transactions after which a job is rescheduled, before its lease ends: for artifacts and attachments, for events,
#: and for buckets of release health.
BATCHES_MAX = 50
EVENT_BATCHES_MAX = 200
STEPS_MAX = 500
#: A longer retention is unlimited.
_DAYS_MAX = 365 * 100


class Removed(NamedTuple):
    """How much was deleted, and in how many batches."""

    number: int
    batches: int


def prune_artifacts(database: Database, settings: Settings, job: Job, at: datetime) -> None:
    """Delete unused artifacts (files-and-avatars.md 6.4), as old source maps fill disks."""
    length = _retention_of(settings.artifact_days)
    with span("artifacts.prune") as fields:
        removed = _remove_batches(
            database,
            lambda connection: artifacts.remove_unused(connection, at, length, None) or None,
            most=BATCHES_MAX if length else 0,
        )
        fields["artifacts.removed"] = removed.number
    is_more = removed.batches >= BATCHES_MAX
    _finish(database, job, JobKind.PRUNE_ARTIFACTS, at, is_more=is_more)


def prune_project_artifacts(database: Database, _: Settings, job: Job, at: datetime) -> None:
    """Delete some batches of one project, and finish the job, or leave it due at once while there are more."""
    project_id, days = job.details["project_id"], job.details["days"]
    assert isinstance(project_id, int), "that is how it was enqueued"
    assert isinstance(days, int), "that is how it was enqueued"
    with span("artifacts.prune_project", **{"project.id": project_id}) as fields:
        length = timedelta(days=days)
        removed = _remove_batches(
            database,
            lambda connection: artifacts.remove_unused(connection, at, length, project_id) or None,
            most=BATCHES_MAX,
        )
        fields["artifacts.removed"] = removed.number
    with database.transaction() as connection:
        if removed.batches < BATCHES_MAX:
            jobs.finish(connection, job)
        else:
            jobs.extend(connection, job, at)


def prune_attachments(database: Database, settings: Settings, job: Job, at: datetime) -> None:
    """Delete old attachments of events: minidumps and screenshots fill disks long before events do."""
    length = _retention_of(settings.attachment_retention_days)
    with span("attachments.prune") as fields:
        removed = _remove_batches(
            database,
            lambda connection: attachment_actions.delete_older(connection, at - length, at) or None,
            most=BATCHES_MAX if length else 0,
        )
        fields["attachments.removed"] = removed.number
    is_more = removed.batches >= BATCHES_MAX
    _finish(database, job, JobKind.PRUNE_ATTACHMENTS, at, is_more=is_more)


def remove_events(database: Database, settings: Settings, job: Job, at: datetime) -> None:
    """Delete events that are too old, those that an issue has too many of, and frames too long in quarantine."""
    length, limit = _retention_of(settings.event_retention_days), settings.events_per_issue_max
    most = EVENT_BATCHES_MAX
    with span("events.expire") as fields:
        old = _remove_batches(
            database,
            lambda connection: expire_events.remove_old(connection, at - length, at) or None,
            most=most if length else 0,
        )
        thinned = _remove_batches(
            database,
            lambda connection: expire_events.thin_out(connection, limit, at),
            most=most - old.batches if limit > 0 else 0,
        )
        quarantined = _remove_batches(
            database,
            lambda connection: expire_events.remove_quarantined(connection, at) or None,
            most=most,
        )
        fields |= {"events.old": old.number, "events.thinned": thinned.number}
        fields["events.quarantined"] = quarantined.number
    is_more = old.batches + thinned.batches >= most
    _finish(database, job, JobKind.EXPIRE_EVENTS, at, is_more=is_more)


def compact_health(database: Database, _: Settings, job: Job, at: datetime) -> None:
    """Make old buckets of release health wider, and delete those that are too old."""
    taken = 0
    with span("health.compact") as fields:
        for name, step in STEPS.items():
            number = take(database, step, at, most=STEPS_MAX - taken)
            fields[name] = number
            taken += number
    _finish(database, job, JobKind.COMPACT_HEALTH, at, is_more=taken >= STEPS_MAX)


def take(database: Database, step: Step, at: datetime, *, most: int) -> int:
    """Take a step as often as there are series for it, but at most so often. Return how often."""
    after_id = 0

    def once(connection: Connection) -> int | None:
        nonlocal after_id
        following = step(connection, after_id, at)
        after_id = following or 0
        return following

    return _remove_batches(database, once, most=most).batches


def _retention_of(days: int) -> timedelta:
    """Return the retention of a setting, zero for one without a limit."""
    return timedelta(days=min(max(days, 0), _DAYS_MAX))


def _remove_batches(
    database: Database, remove: Callable[[Connection], int | None], *, most: int
) -> Removed:
    """Call a function that deletes a batch until it returns None, for nothing is left, but at most so often."""
    number = 0
    for batch in range(most):
        with database.transaction() as connection:
            removed = remove(connection)
        if removed is None:
            return Removed(number, batch)
        number += removed
    return Removed(number, most)


def _finish(database: Database, job: Job, kind: JobKind, at: datetime, *, is_more: bool) -> None:
    """Finish the job, and schedule it again at once if there is more."""
    with database.transaction() as connection:
        if jobs.finish(connection, job) and is_more:
            jobs.enqueue(connection, kind, {}, now=at, key=kind)
