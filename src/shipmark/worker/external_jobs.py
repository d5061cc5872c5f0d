"""The process that runs due jobs that leave the server, and ends: ``python -m shipmark.worker.external_jobs``."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from shipmark.infrastructure import logging
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Unavailable
from shipmark.infrastructure.jobs import Job, JobKind
from shipmark.infrastructure.settings import Settings, from_environment
from shipmark.infrastructure.telemetry import count
from shipmark.worker import artifact_retention, blob_gc, fetches, scheduler

#: What a job does that goes outside: it opens its units of work itself and finishes itself.
ExternalJob = Callable[[Database, Settings, Job, datetime], None]

EXTERNAL_JOBS: dict[str, ExternalJob] = {
    JobKind.FETCH_COMMITS: fetches.run,
    JobKind.COLLECT_BLOBS: blob_gc.run,
    JobKind.PRUNE_ARTIFACTS: artifact_retention.run,
}


def run_due(database: Database, at: datetime, settings: Settings) -> bool:
    """Run one errand that is due; says whether there was one."""
    job = scheduler.claim(database, at, EXTERNAL_JOBS)
    if job is None:
        return False
    try:
        EXTERNAL_JOBS[job.kind](database, settings, job, at)
        count("jobs", "done")
    except Exception as error:  # noqa: BLE001  # one errand that fails must not keep the others
        scheduler.retry_later(database, job, error, at)
    return True


def main() -> None:
    """Run what is due, with the settings of the environment."""
    settings = from_environment()
    logging.configure(settings)
    database = Database(settings.database, lock_wait_seconds=settings.lock_wait_seconds)
    try:
        # While the database is away there is nothing to be done; the outage was logged when it began.
        with suppress(Unavailable):
            while run_due(database, now(), settings):
                pass
    finally:
        database.close()


if __name__ == "__main__":
    main()
