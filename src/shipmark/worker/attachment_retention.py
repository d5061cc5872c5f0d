"""The job that deletes old attachments of events: minidumps and screenshots fill disks long before events do."""

from datetime import datetime

from shipmark.events import attachment_actions
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import Job, JobKind
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import span
from shipmark.worker.batched_removal import finish, remove_batches, retention_of

#: The transactions after which the job is rescheduled, before its lease ends.
BATCHES_MAX = 50


def run(database: Database, settings: Settings, job: Job, at: datetime) -> None:
    """Delete some batches and finish the job, or reschedule it at once while there are more."""
    length = retention_of(settings.attachment_retention_days)

    def remove() -> int | None:
        with database.transaction() as connection:
            return attachment_actions.delete_older(connection, at - length, at) or None

    with span("attachments.prune") as fields:
        removed = remove_batches(remove, most=BATCHES_MAX if length else 0)
        fields["attachments.removed"] = removed.number
    is_more = removed.batches >= BATCHES_MAX
    finish(database, job, JobKind.PRUNE_ATTACHMENTS, at, is_more=is_more)
