"""Which job calls which action, and what runs by the clock?"""

import threading
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.ground import jobs
from shipmark.ground.clock import now
from shipmark.ground.database import Database
from shipmark.ground.errors import Conflict
from shipmark.ground.jobs import Job
from shipmark.ground.settings import Settings
from shipmark.ground.telemetry import counted, failed, log
from shipmark.issues.store import inbox
from shipmark.publishing import asking
from shipmark.releases import removing
from shipmark.work import fetches

#: An issue that nobody looked at leaves the inbox by itself (releases.md 1.20).
INBOX_LENGTH = timedelta(days=7)
_PERIOD = timedelta(hours=1)
_PAUSE_SECONDS = 2.0

_DEFAULTS = Settings()

#: What a job does within one unit of work, all or nothing.
Action = Callable[[Connection, dict[str, object], datetime], None]
#: What a job does that goes outside: it opens its units of work itself and finishes itself.
Errand = Callable[[Database, Settings, Job, datetime], None]


def tidy(connection: Connection, _: dict[str, object], at: datetime) -> None:
    """Take old issues out of the inbox, forget sessions that ran out, and come again in an hour."""
    removed = inbox.take_out_older(connection, at - INBOX_LENGTH)
    ended = accounts.end_old_sessions(connection, at)
    log.info("Tidied up", **{"inbox.removed": removed, "sessions.ended": ended})
    jobs.enqueue(connection, "tidy", {}, now=at, run_at=at + _PERIOD)


def remove_repository(connection: Connection, details: dict[str, object], at: datetime) -> None:
    """Delete a part of a repository, and come again at once for the next one."""
    repository_id = details["repository_id"]
    assert isinstance(repository_id, int), "it was enqueued so"
    if removing.remove_some(connection, repository_id):
        jobs.enqueue(connection, removing.JOB, details, now=at)


ACTIONS: dict[str, Action] = {"tidy": tidy, removing.JOB: remove_repository}
ERRANDS: dict[str, Errand] = {asking.JOB: fetches.run}


def start(connection: Connection, at: datetime) -> None:
    """Let the timers run, unless they do; every node of a fleet may ask."""
    jobs.enqueue_once(connection, "tidy", {}, now=at)


def run_due(
    database: Database,
    at: datetime,
    settings: Settings = _DEFAULTS,
    kinds: Collection[str] | None = None,
) -> bool:
    """Run one job, of these kinds, that is due; says whether there was one."""
    with database.snapshot() as connection:
        if not jobs.is_due(connection, at, kinds):
            return False
    with database.transaction() as connection:
        job = jobs.claim(connection, at, kinds)
    if job is None:
        return False
    try:
        _run(database, settings, job, at)
        counted("jobs", "done")
    except Exception as error:  # noqa: BLE001  # a job that fails must not end the worker
        _give_back(database, job, error, at)
    return True


def _run(database: Database, settings: Settings, job: Job, at: datetime) -> None:
    if job.kind in ERRANDS:
        ERRANDS[job.kind](database, settings, job, at)
        return
    with database.transaction() as connection:
        jobs.finish(connection, job)
        ACTIONS[job.kind](connection, job.details, at)


def _give_back(database: Database, job: Job, error: Exception, at: datetime) -> None:
    with database.transaction() as connection:
        again = jobs.give_back(connection, job, f"{type(error).__name__}: {error}", at)
    counted("jobs", "failed")
    failed("A job failed", error, **{"job.kind": job.kind, "job.again_at": str(again)})


def workers(database: Database, settings: Settings) -> list["Worker"]:
    """The workers of a process: one for what is quick, and one for what may wait for somebody outside."""
    return [Worker(database, settings, kinds) for kinds in (ACTIONS, ERRANDS)]


class Worker(threading.Thread):
    """Runs jobs in the background of a server process, until it is told to stop."""

    def __init__(
        self,
        database: Database,
        settings: Settings = _DEFAULTS,
        kinds: Collection[str] | None = None,
    ) -> None:
        super().__init__(name="shipmark-worker", daemon=True)
        self._database = database
        self._settings = settings
        self._kinds = kinds
        self._stopping = threading.Event()

    def run(self) -> None:
        """Look for jobs every two seconds, and at once after one was run."""
        while not self._stopping.is_set():
            try:
                busy = run_due(self._database, now(), self._settings, self._kinds)
            except Conflict:
                busy = False
            except Exception as error:  # noqa: BLE001  # nor must a database that is away
                failed("The worker could not look for jobs", error)
                busy = False
            if not busy:
                self._stopping.wait(_PAUSE_SECONDS)

    def stop(self) -> None:
        """Stop after the job that is running."""
        self._stopping.set()
        self.join(timeout=10)
