"""The process that runs due external jobs, then exits: ``python -m shipmark.worker.external_jobs``."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from shipmark.http.workers import release_stop_signals
from shipmark.infrastructure import logging
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Unavailable
from shipmark.infrastructure.jobs import Job, JobKind
from shipmark.infrastructure.settings import Settings, from_environment
from shipmark.infrastructure.telemetry import count
from shipmark.worker import (
    blob_gc,
    fetches,
    late_symbolication,
    retention_jobs,
    scheduler,
    storage_measurement,
)

#: The function of an external job: it opens its own transactions and finishes the job.
ExternalJob = Callable[[Database, Settings, Job, datetime], None]

EXTERNAL_JOBS: dict[str, ExternalJob] = {
    JobKind.FETCH_COMMITS: fetches.run,
    JobKind.COLLECT_BLOBS: blob_gc.run,
    JobKind.PRUNE_ARTIFACTS: retention_jobs.prune_artifacts,
    JobKind.PRUNE_ATTACHMENTS: retention_jobs.prune_attachments,
    JobKind.PRUNE_PROJECT_ARTIFACTS: retention_jobs.prune_project_artifacts,
    JobKind.MEASURE_STORAGE: storage_measurement.run,
    JobKind.EXPIRE_EVENTS: retention_jobs.remove_events,
    JobKind.SYMBOLICATE_AGAIN: late_symbolication.run,
    JobKind.COMPACT_HEALTH: retention_jobs.compact_health,
}


def run_due(database: Database, at: datetime, settings: Settings) -> bool:
    """Run one due job. Return False if there is none."""
    job = scheduler.claim(database, at, EXTERNAL_JOBS)
    if job is None:
        return False
    try:
        EXTERNAL_JOBS[job.kind](database, settings, job, at)
        count("jobs", "done")
    except Exception as error:  # noqa: BLE001  # one failing job must not block the others
        scheduler.retry_later(database, job, error, at)
    return True


def main() -> None:
    """Run due jobs, with the settings of the environment."""
    # The thread that starts this process has them blocked, and a child inherits that.
    release_stop_signals()
    settings = from_environment()
    logging.configure(settings)
    database = Database(settings.database, lock_wait_seconds=settings.lock_wait_seconds)
    try:
        # While the database is unavailable no job can run; the outage was logged when it began.
        with suppress(Unavailable):
            while run_due(database, now(), settings):
                pass
    finally:
        database.close()


if __name__ == "__main__":
    main()
