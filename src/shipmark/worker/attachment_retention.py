"""The job that deletes old attachments of events: minidumps and screenshots fill disks long before events do."""

from datetime import datetime, timedelta

from shipmark.events import attachment_actions
from shipmark.infrastructure import jobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import Job, JobKind
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import span

#: The transactions after which the job is rescheduled, before its lease ends.
BATCHES_MAX = 50
#: A longer retention is unlimited.
DAYS_MAX = 365 * 100


def run(database: Database, settings: Settings, job: Job, at: datetime) -> None:
    """Delete some batches and finish the job, or reschedule it at once while there are more."""
    length = timedelta(days=min(max(settings.attachment_retention_days, 0), DAYS_MAX))
    is_done = not length
    with span("attachments.prune") as fields:
        removed = 0
        for _ in range(BATCHES_MAX if length else 0):
            with database.transaction() as connection:
                count = attachment_actions.delete_older(connection, at - length, at)
            removed += count
            if is_done := not count:
                break
        fields["attachments.removed"] = removed
    with database.transaction() as connection:
        if jobs.finish(connection, job) and not is_done:
            kind = JobKind.PRUNE_ATTACHMENTS
            jobs.enqueue(connection, kind, {}, now=at, key=kind)
