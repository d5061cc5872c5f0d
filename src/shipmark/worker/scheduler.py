"""The schedule of jobs and timers, and the actions that they call."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.accounts import attempt_store
from shipmark.accounts import store as accounts
from shipmark.accounts.sign_in_limits import FORGET_AFTER
from shipmark.artifacts import actions as artifacts
from shipmark.artifacts.store import assemblies
from shipmark.deletion import organization_deletion, project_deletion, repository_deletion
from shipmark.events import accepted_store, discard_store
from shipmark.events.attachments import actions as attachment_actions
from shipmark.events.discards import KEPT_DAYS, hour_of
from shipmark.events.quarantine import store as quarantine_store
from shipmark.files import actions as files
from shipmark.infrastructure import jobs
from shipmark.infrastructure.background_pace import rest_after
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Conflict, Unavailable
from shipmark.infrastructure.jobs import Job, JobKind
from shipmark.infrastructure.settings import Settings, to_environment
from shipmark.infrastructure.telemetry import count, log, report_exception
from shipmark.issues.actions import (
    age_changes,
    delete_issues,
    expire_events,
    merge_issues,
    snooze_lapses,
    user_reports,
)
from shipmark.issues.store import inbox, release_counts
from shipmark.projects import deletion_requests as project_requests
from shipmark.projects.store import deletion as deleted_projects
from shipmark.release_health import actions as release_health
from shipmark.release_health import compaction
from shipmark.repositories import store as repositories
from shipmark.verdicts import actions as verdicts

#: The time after which an issue leaves the inbox (releases.md 1.20).
INBOX_LENGTH = timedelta(days=7)
_PERIOD = timedelta(hours=1)
_JUDGE_EVERY = timedelta(minutes=1)
#: The shortest time that an issue is ignored for: no snooze ends before the next look.
_REOPEN_EVERY = timedelta(minutes=1)
_AGE_EVERY = timedelta(minutes=5)
_PAUSE_SECONDS = 2.0
#: The first look comes after this time: jobs would take the processors from the workers that are starting.
_START_SECONDS = 1.0
_RUN_EXTERNAL_JOBS = (sys.executable, "-m", "shipmark.worker.external_jobs")
#: The function of a job, which runs in one transaction.
Action = Callable[[Connection, dict[str, object], datetime], None]


def tidy(connection: Connection, _: dict[str, object], at: datetime) -> None:
    """Remove old issues from the inbox, delete expired rows, and reschedule in an hour."""
    removed = inbox.remove_older(connection, at - INBOX_LENGTH)
    user_reports.link_recent(connection, at)
    attachment_actions.link_recent(connection, at)
    oldest_counted = hour_of(at - timedelta(days=KEPT_DAYS))
    discard_store.remove_older(connection, oldest_counted)
    accepted_store.remove_older(connection, oldest_counted)
    ended = accounts.end_old_sessions(connection, at)
    attempt_store.remove_older(connection, at - FORGET_AFTER)
    assemblies.delete_old(connection, at)
    artifacts.schedule_pruning(connection, at)
    attachment_actions.schedule_pruning(connection, at)
    files.schedule_collection(connection, at)
    quarantine_store.set_organizations(connection)
    expire_events.schedule(connection, at)
    compaction.schedule(connection, at)
    release_health.update_adoptions(connection, at)
    log.info("Tidied up", **{"inbox.removed": removed, "sessions.ended": ended})
    jobs.enqueue(connection, JobKind.TIDY, {}, now=at, run_at=at + _PERIOD)


def remove_repository(connection: Connection, details: dict[str, object], at: datetime) -> None:
    """Delete a batch of a repository, and reschedule at once for the next one."""
    repository_id = _id_in(details, "repository_id")
    if repository_deletion.remove_some(connection, repository_id):
        organization_id = repositories.organization_id_of(connection, repository_id)
        kind = JobKind.REMOVE_REPOSITORY
        jobs.enqueue(connection, kind, details, now=at, organization_id=organization_id)


def remove_organization(connection: Connection, details: dict[str, object], at: datetime) -> None:
    """Delete an organization, unless it was restored."""
    organization_id = _id_in(details, "organization_id")
    organization_deletion.finish(connection, organization_id, at)


def remove_project(connection: Connection, details: dict[str, object], at: datetime) -> None:
    """Delete a batch of a project, unless it was restored, and reschedule at once for the next one."""
    project_id = _id_in(details, "project_id")
    if project_deletion.remove_some(connection, project_id, at):
        key, kind = project_requests.job_key(project_id), JobKind.REMOVE_PROJECT
        project = deleted_projects.hidden(connection, project_id)
        organization_id = project.organization_id if project else None
        jobs.enqueue(connection, kind, details, now=at, key=key, organization_id=organization_id)


def judge_releases(connection: Connection, _: dict[str, object], at: datetime) -> None:
    """Evaluate a batch of releases in use, and reschedule at once if there are more, else in a minute."""
    is_more = verdicts.evaluate_due(connection, at)
    run_at = at if is_more else at + _JUDGE_EVERY
    jobs.enqueue(connection, JobKind.JUDGE_RELEASES, {}, now=at, run_at=run_at)


def reopen_issues(connection: Connection, _: dict[str, object], at: datetime) -> None:
    """Reopen a batch of ignored issues whose time is over, and reschedule for the next one, within a minute."""
    next_end = snooze_lapses.reopen_by_clock(connection, at)
    run_at = min(next_end or at + _REOPEN_EVERY, at + _REOPEN_EVERY)
    jobs.enqueue(connection, JobKind.REOPEN_ISSUES, {}, now=at, run_at=run_at)


def resolve_by_age(connection: Connection, details: dict[str, object], at: datetime) -> None:
    """Resolve a batch of issues not seen for long, and reschedule at once if there are more, else in five minutes."""
    after = details.get("after_project_id", 0)
    assert isinstance(after, int), "it was enqueued so"
    after_next = age_changes.resolve_by_age(connection, at, after_project_id=after)
    run_at = at + _AGE_EVERY if after_next is None else at
    further: dict[str, object] = {"after_project_id": after_next or 0}
    jobs.enqueue(connection, JobKind.RESOLVE_BY_AGE, further, now=at, run_at=run_at)


def set_ongoing(connection: Connection, _: dict[str, object], at: datetime) -> None:
    """Set a batch of issues to ongoing by age, and reschedule at once if there are more, else in five minutes."""
    is_more = age_changes.set_ongoing_by_age(connection, at)
    run_at = at if is_more else at + _AGE_EVERY
    jobs.enqueue(connection, JobKind.SET_ONGOING, {}, now=at, run_at=run_at)


def move_merged(connection: Connection, details: dict[str, object], at: datetime) -> None:
    """Move a batch of what belongs to issues that were merged, and reschedule at once for the next one."""
    issue_id = _id_in(details, "issue_id")
    merge_issues.go_on(connection, issue_id, at)


def remove_issues(connection: Connection, details: dict[str, object], at: datetime) -> None:
    """Delete a batch of issues of an organization, and reschedule at once for the next one."""
    organization_id = _id_in(details, "organization_id")
    if delete_issues.remove_some(connection, organization_id, at):
        delete_issues.enqueue(connection, organization_id, at)


def count_release_issues(connection: Connection, details: dict[str, object], _: datetime) -> None:
    """Count the new and regressed issues of releases anew."""
    release_ids = details["release_ids"]
    assert isinstance(release_ids, list), "it was enqueued so"
    release_counts.count(connection, release_ids)


def _id_in(details: dict[str, object], name: str) -> int:
    value = details[name]
    assert isinstance(value, int), "it was enqueued so"
    return value


ACTIONS: dict[str, Action] = {
    JobKind.REOPEN_ISSUES: reopen_issues,
    JobKind.RESOLVE_BY_AGE: resolve_by_age,
    JobKind.SET_ONGOING: set_ongoing,
    JobKind.JUDGE_RELEASES: judge_releases,
    JobKind.TIDY: tidy,
    JobKind.REMOVE_REPOSITORY: remove_repository,
    JobKind.REMOVE_ORGANIZATION: remove_organization,
    JobKind.REMOVE_PROJECT: remove_project,
    JobKind.MERGE_ISSUES: move_merged,
    JobKind.REMOVE_ISSUES: remove_issues,
    JobKind.COUNT_RELEASE_ISSUES: count_release_issues,
}
#: Jobs that connect to other servers run in a process of their own: see external_jobs.py.
EXTERNAL_JOBS = (
    JobKind.FETCH_COMMITS,
    JobKind.COLLECT_BLOBS,
    JobKind.PRUNE_ARTIFACTS,
    JobKind.PRUNE_ATTACHMENTS,
    JobKind.PRUNE_PROJECT_ARTIFACTS,
    JobKind.MEASURE_STORAGE,
    JobKind.EXPIRE_EVENTS,
    JobKind.SYMBOLICATE_AGAIN,
    JobKind.COMPACT_HEALTH,
)


def start(connection: Connection, at: datetime) -> None:
    """Let the timers run, unless they do; every node of a fleet may ask."""
    jobs.enqueue_once(connection, JobKind.TIDY, {}, now=at)
    jobs.enqueue_once(connection, JobKind.JUDGE_RELEASES, {}, now=at)
    jobs.enqueue_once(connection, JobKind.REOPEN_ISSUES, {}, now=at)
    jobs.enqueue_once(connection, JobKind.RESOLVE_BY_AGE, {}, now=at)
    jobs.enqueue_once(connection, JobKind.SET_ONGOING, {}, now=at)


def warm_up(database: Database, at: datetime) -> None:
    """Start the timers and look for due jobs, before processes are forked that do the same.

    What the first of these statements compiles and keeps then lies in pages that all processes share: 3 to 7 MiB each.
    """
    with database.transaction() as connection:
        start(connection, at)
    for kinds in (ACTIONS, EXTERNAL_JOBS):
        with database.snapshot() as connection:
            jobs.is_due(connection, at, kinds)


def run_due(database: Database, at: datetime) -> bool:
    """Run one due job. Return False if there is none."""
    job = claim(database, at, ACTIONS)
    if job is None:
        return False
    try:
        with database.transaction() as connection:
            if jobs.finish(connection, job):
                ACTIONS[job.kind](connection, job.details, at)
        count("jobs", "done")
    except Exception as error:  # noqa: BLE001  # a job that fails must not end the worker
        retry_later(database, job, error, at)
    return True


def claim(database: Database, at: datetime, kinds: Collection[str]) -> Job | None:
    """Claim one due job of these kinds, or return None."""
    with database.snapshot() as connection:
        if not jobs.is_due(connection, at, kinds):
            return None
    with database.transaction() as connection:
        return jobs.claim(connection, at, kinds)


def retry_later(database: Database, job: Job, error: Exception, at: datetime) -> None:
    """Reschedule a job that failed unexpectedly.

    Only fetches are abandoned: their releases show the failure, and users can retry. All other jobs must succeed.
    """
    reason = f"{type(error).__name__}: {error}"
    attempts_max = jobs.ATTEMPTS_MAX if job.kind == JobKind.FETCH_COMMITS else None
    with database.transaction() as connection:
        again = jobs.retry_later(connection, job, reason, at, attempts_max=attempts_max)
    count("jobs", "failed")
    report_exception("A job failed", error, **{"job.kind": job.kind, "job.again_at": str(again)})


def workers(database: Database, settings: Settings, fork_lock: threading.Lock) -> list["Worker"]:
    """Return the workers of a process: one for short jobs, and one for external jobs.

    They hold ``fork_lock`` while they work, so that the process is not forked meanwhile.
    """

    def run_one() -> bool:
        with fork_lock:
            return run_due(database, now())

    return [Worker(run_one), ExternalJobWorker(database, settings, fork_lock)]


class Worker(threading.Thread):
    """A thread that runs due jobs until it is stopped."""

    def __init__(self, run_one: Callable[[], bool]) -> None:
        super().__init__(name="shipmark-worker", daemon=True)
        self._run_one = run_one
        self._stopping = threading.Event()

    def run(self) -> None:
        """Poll for jobs every two seconds, and after a job once it has rested."""
        self._stopping.wait(_START_SECONDS)
        while not self._stopping.is_set():
            begun = time.monotonic()
            try:
                busy = self._run_one()
            except (Conflict, Unavailable):
                # An outage was logged when it began.
                busy = False
            except Exception as error:  # noqa: BLE001  # a bug must not end the worker
                report_exception("The worker could not look for jobs", error)
                busy = False
            self._stopping.wait(rest_after(time.monotonic() - begun) if busy else _PAUSE_SECONDS)

    def stop(self) -> None:
        """Stop after the running job, unless it takes long."""
        self._stopping.set()
        self.join(timeout=10)


class ExternalJobWorker(Worker):
    """Runs external jobs in a separate process while any are due.

    External jobs load large libraries, process untrusted data, and may take minutes: they must not run in the process
    of the digester.
    """

    def __init__(self, database: Database, settings: Settings, fork_lock: threading.Lock) -> None:
        super().__init__(self.run_external_jobs)
        self._database, self._fork_lock = database, fork_lock
        self._environment = os.environ | to_environment(settings)
        self._process: subprocess.Popen[bytes] | None = None

    def run_external_jobs(self) -> bool:
        """Run the due jobs. Return False if there are none."""
        with self._fork_lock:
            with self._database.snapshot() as connection:
                if not jobs.is_due(connection, now(), EXTERNAL_JOBS):
                    return False
            self._process = subprocess.Popen(_RUN_EXTERNAL_JOBS, env=self._environment)
        with self._process:
            # `stop` may have come just before there was a process.
            if self._stopping.is_set():
                self._process.terminate()
            status = self._process.wait()
        if status and not self._stopping.is_set():
            log.error("External jobs failed", **{"process.status": status})
        return not status

    def stop(self) -> None:
        """Stop the running job too: it is claimed again after its lease ends."""
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()
        super().stop()
