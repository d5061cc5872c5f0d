"""The job that deletes unused artifacts (files-and-avatars.md 6.4), as old source maps fill disks."""

from datetime import datetime, timedelta

from shipmark.artifacts import actions
from shipmark.infrastructure import jobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import Job, JobKind
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import span
from shipmark.worker.batched_removal import finish, remove_batches, retention_of

#: The transactions after which the job is rescheduled, before its lease ends.
BATCHES_MAX = 50


def run(database: Database, settings: Settings, job: Job, at: datetime) -> None:
    """Delete some batches and finish the job, or reschedule it at once while there are more."""
    length = retention_of(settings.artifact_days)
    with span("artifacts.prune") as fields:
        removed = remove_batches(
            lambda: remove_batch(database, at, length) or None, most=BATCHES_MAX if length else 0
        )
        fields["artifacts.removed"] = removed.number
    is_more = removed.batches >= BATCHES_MAX
    finish(database, job, JobKind.PRUNE_ARTIFACTS, at, is_more=is_more)


def run_for_project(database: Database, _: Settings, job: Job, at: datetime) -> None:
    """Delete some batches of one project, and finish the job, or leave it due at once while there are more."""
    project_id, days = job.details["project_id"], job.details["days"]
    assert isinstance(project_id, int), "that is how it was enqueued"
    assert isinstance(days, int), "that is how it was enqueued"
    with span("artifacts.prune_project", **{"project.id": project_id}) as fields:
        removed = remove_batches(
            lambda: remove_batch(database, at, timedelta(days=days), project_id) or None,
            most=BATCHES_MAX,
        )
        fields["artifacts.removed"] = removed.number
    with database.transaction() as connection:
        if removed.batches < BATCHES_MAX:
            jobs.finish(connection, job)
        else:
            jobs.extend(connection, job, at)


def remove_batch(
    database: Database, at: datetime, retention: timedelta, project_id: int | None = None
) -> int:
    """Delete a batch of unused artifacts, of one project or of all, in a transaction. Return their number."""
    with database.transaction() as connection:
        return actions.remove_unused(connection, at, retention, project_id)
