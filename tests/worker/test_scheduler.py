"""What runs by the clock, and what becomes of a job that fails."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from factories import BEGINNING, World, counts, error_event, rows, send_event
from httpx import Client
from processes import wait_until
from sqlalchemy import text
from structlog.testing import capture_logs

from shipmark.accounts import actions as accounts
from shipmark.infrastructure import jobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import JobKind
from shipmark.infrastructure.settings import Settings
from shipmark.worker import scheduler

NOW = datetime(2027, 1, 5, 9, tzinfo=UTC)


def start(database: Database) -> None:
    with database.transaction() as connection:
        scheduler.start(connection, NOW)


def test_nothing_runs_where_nothing_is_due(database: Database) -> None:
    assert scheduler.run_due(database, NOW) is False


def test_every_node_may_start_the_timers(database: Database) -> None:
    for _ in range(3):
        start(database)
    kinds = sorted(job["kind"] for job in rows(database, "jobs"))
    assert kinds == ["judge_releases", "reopen_issues", "resolve_by_age", "set_ongoing", "tidy"]


def test_to_warm_up_starts_the_timers_and_runs_nothing(database: Database) -> None:
    scheduler.warm_up(database, NOW)
    jobs_before = rows(database, "jobs")
    kinds = sorted(job["kind"] for job in jobs_before)
    assert kinds == ["judge_releases", "reopen_issues", "resolve_by_age", "set_ongoing", "tidy"]
    assert {job["attempts"] for job in jobs_before} == {0}


def test_tidying_comes_again_in_an_hour(database: Database) -> None:
    start(database)
    assert [scheduler.run_due(database, NOW) for _ in range(6)] == [True] * 5 + [False]
    [job] = [job for job in rows(database, "jobs") if job["kind"] == "tidy"]
    assert (job["run_at"], job["attempts"]) == (NOW + timedelta(hours=1), 0)
    start(database)
    assert counts(database)["jobs"] == 5


@pytest.mark.parametrize(("days", "left"), [(6, 1), (8, 0)])
def test_issues_leave_the_inbox_after_a_week(
    client: Client, database: Database, world: World, days: int, left: int
) -> None:
    send_event(client, world.keys["web"], world.projects["web"], error_event())
    start(database)
    assert scheduler.run_due(database, datetime.now(UTC)) is False
    with database.transaction() as connection:
        connection.execute(text("DELETE FROM jobs"))
        at = datetime.now(UTC) + timedelta(days=days)
        scheduler.start(connection, at)
    assert scheduler.run_due(database, at) is True
    assert counts(database)["inbox"] == left
    assert counts(database)["issues"] == 1


def test_sessions_that_ran_out_are_forgotten(database: Database, world: World) -> None:
    user_id = next(iter(world.users.values()))
    with database.transaction() as connection:
        accounts.sign_in(connection, user_id, "old", NOW - accounts.SESSION_LENGTH)
        accounts.sign_in(connection, user_id, "new", NOW)
    start(database)
    scheduler.run_due(database, NOW)
    assert counts(database)["sessions"] == 1


def test_a_job_that_fails_is_given_back_and_changes_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: object, details: object, at: object) -> None:
        connection.execute(text("DELETE FROM users"))  # type: ignore[attr-defined]
        raise RuntimeError("boom")

    monkeypatch.setitem(scheduler.ACTIONS, "fail", fail)
    before = counts(database)["users"]
    with database.transaction() as connection:
        jobs.enqueue(connection, "fail", {}, now=NOW)
    assert scheduler.run_due(database, NOW) is True
    [job] = rows(database, "jobs")
    assert (job["error"], job["attempts"]) == ("RuntimeError: boom", 1)
    assert job["run_at"] == NOW + timedelta(seconds=10)
    assert counts(database)["users"] == before


@pytest.mark.parametrize("job_kind", [JobKind.TIDY, *scheduler.EXTERNAL_JOBS])
def test_only_fetches_are_ever_given_up(database: Database, job_kind: str) -> None:
    """Hours without the bucket must not end collecting for ever."""
    with database.transaction() as connection:
        jobs.enqueue(connection, job_kind, {}, now=NOW, key=job_kind)
    at = NOW
    for _ in range(2 * jobs.ATTEMPTS_MAX):
        job = scheduler.claim(database, at, [job_kind])
        if job is None:
            break
        scheduler.retry_later(database, job, RuntimeError("boom"), at)
        at += timedelta(hours=1)
    [row] = rows(database, "jobs")
    assert (row["run_at"] is None) is (job_kind == JobKind.FETCH_COMMITS)


def test_an_action_whose_lease_ran_out_is_left_to_its_new_owner(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []
    monkeypatch.setitem(scheduler.ACTIONS, "note", lambda *_: done.append(1))
    with database.transaction() as connection:
        jobs.enqueue(connection, "note", {}, now=NOW)
    claimed = scheduler.claim

    def slowly(*given: Any) -> jobs.Job | None:
        job = claimed(*given)
        claimed(database, NOW + jobs.LEASE, ["note"])
        return job

    monkeypatch.setattr(scheduler, "claim", slowly)
    assert scheduler.run_due(database, NOW) is True
    assert (done, counts(database)["jobs"]) == ([], 1)


def test_a_worker_runs_what_is_due_and_stops_when_told(database: Database) -> None:
    with database.transaction() as connection:
        jobs.enqueue(connection, JobKind.TIDY, {}, now=datetime.now(UTC))
    worker = scheduler.Worker(lambda: scheduler.run_due(database, datetime.now(UTC)))
    worker.start()
    wait_until(
        lambda: rows(database, "jobs")[0]["run_at"] > datetime.now(UTC) + timedelta(minutes=30)
    )
    worker.stop()
    assert not worker.is_alive()
    assert rows(database, "jobs")[0]["run_at"] > datetime.now(UTC)


class NotedPauses(threading.Event):
    """An event that notes how long it is waited for, and is set by the fourth time."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Do not wait."""
        assert timeout is not None
        self.seconds.append(timeout)
        if len(self.seconds) == 4:
            self.set()
        return self.is_set()


def test_a_worker_rests_after_a_job_and_polls_where_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Batch after batch at once would take half of a processor from requests and events, and so at the start."""
    pauses, jobs_left = NotedPauses(), [0.01, 0.5]

    def run_one() -> bool:
        if jobs_left:
            moments.append(moments[-1] + jobs_left.pop(0))
            return True
        return False

    moments = [100.0]
    monkeypatch.setattr(scheduler.time, "monotonic", lambda: moments[-1])
    worker = scheduler.Worker(run_one)
    monkeypatch.setattr(worker, "_stopping", pauses)
    worker.run()
    assert pauses.seconds == [1.0, pytest.approx(0.02), pytest.approx(0.1), 2.0]


def test_external_jobs_run_in_a_process_of_their_own(database: Database, tmp_path: Path) -> None:
    """Nothing of it is told to the server but that there was one: its fetches are gone, and so the job is done."""
    with database.transaction() as connection:
        jobs.enqueue(connection, scheduler.EXTERNAL_JOBS[0], {"fetches": [1]}, now=BEGINNING)
    settings = Settings(data=tmp_path, database_url=database.url)
    worker = scheduler.ExternalJobWorker(database, settings, threading.Lock())
    assert worker.run_external_jobs() is True
    assert worker.run_external_jobs() is False
    with database.snapshot() as connection:
        assert not jobs.is_due(connection, datetime.now(UTC), scheduler.EXTERNAL_JOBS)


def test_external_jobs_that_are_stopped_are_no_error(database: Database, tmp_path: Path) -> None:
    with database.transaction() as connection:
        jobs.enqueue(connection, scheduler.EXTERNAL_JOBS[0], {"fetches": [1]}, now=BEGINNING)
    settings = Settings(data=tmp_path, database_url=database.url)
    worker = scheduler.ExternalJobWorker(database, settings, threading.Lock())
    worker._stopping.set()
    with capture_logs() as log:
        assert worker.run_external_jobs() is False
    assert not log


def test_releases_are_judged_every_minute(database: Database) -> None:
    with database.transaction() as connection:
        jobs.enqueue(connection, JobKind.JUDGE_RELEASES, {}, now=NOW)
    assert scheduler.run_due(database, NOW) is True
    [job] = rows(database, "jobs")
    assert (job["kind"], job["run_at"]) == ("judge_releases", NOW + timedelta(minutes=1))
