"""The errand that lets artifacts go that nobody uses (files-and-avatars.md 6.4): old source maps fill disks."""

from datetime import datetime, timedelta

from shipmark.artifacts import actions
from shipmark.infrastructure import jobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import Job, JobKind
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import span

#: After so many units of work it comes again, so that nobody takes it for dead.
BATCHES_MAX = 50
#: Longer is for ever.
DAYS_MAX = 365 * 100


def run(database: Database, settings: Settings, job: Job, at: datetime) -> None:
    """Let a part go and finish the job, or come again at once while there is more."""
    length = timedelta(days=min(max(settings.artifact_days, 0), DAYS_MAX))
    is_done = not length
    with span("artifacts.prune") as fields:
        removed = 0
        for _ in range(BATCHES_MAX if length else 0):
            many = _batch_removed(database, at, length)
            removed += many
            if is_done := not many:
                break
        fields["artifacts.removed"] = removed
    with database.transaction() as connection:
        if jobs.finish(connection, job) and not is_done:
            jobs.enqueue(
                connection, JobKind.PRUNE_ARTIFACTS, {}, now=at, key=JobKind.PRUNE_ARTIFACTS
            )


def _batch_removed(database: Database, at: datetime, kept: timedelta) -> int:
    with database.transaction() as connection:
        return actions.remove_unused(connection, at, kept)
