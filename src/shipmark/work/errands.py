"""The process that goes outside: ``python -m shipmark.work.errands`` runs the errands that are due, and ends."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from shipmark.artifacts import actions as artifacts
from shipmark.files import actions as files
from shipmark.ground import logs
from shipmark.ground.clock import now
from shipmark.ground.database import Database
from shipmark.ground.errors import Unavailable
from shipmark.ground.jobs import Job
from shipmark.ground.settings import Settings, from_environment
from shipmark.ground.telemetry import counted
from shipmark.publishing import asking
from shipmark.work import collecting, fetches, pruning, timers

#: What a job does that goes outside: it opens its units of work itself and finishes itself.
Errand = Callable[[Database, Settings, Job, datetime], None]

ERRANDS: dict[str, Errand] = {
    asking.JOB: fetches.run,
    files.COLLECT: collecting.run,
    artifacts.PRUNE: pruning.run,
}


def run_due(database: Database, at: datetime, settings: Settings) -> bool:
    """Run one errand that is due; says whether there was one."""
    job = timers.claimed(database, at, ERRANDS)
    if job is None:
        return False
    try:
        ERRANDS[job.kind](database, settings, job, at)
        counted("jobs", "done")
    except Exception as error:  # noqa: BLE001  # one errand that fails must not keep the others
        timers.give_back(database, job, error, at)
    return True


def main() -> None:
    """Run what is due, with the settings of the environment."""
    settings = from_environment()
    logs.set_up(settings)
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
