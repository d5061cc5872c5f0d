"""The process that digests events and runs jobs: what it does, and its end."""

import time
from pathlib import Path

import pytest
from factories import BEGINNING, rows
from processes import wait_until

from shipmark import background_process
from shipmark.background_process import BackgroundProcess
from shipmark.infrastructure import jobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import JobKind
from shipmark.infrastructure.settings import Settings


def test_jobs_run_beside_the_digester(database: Database, tmp_path: Path) -> None:
    with database.transaction() as connection:
        jobs.enqueue(connection, JobKind.TIDY, {}, now=BEGINNING)
        jobs.enqueue(connection, JobKind.FETCH_COMMITS, {"fetches": [1]}, now=BEGINNING)
    process = BackgroundProcess(Settings(data=tmp_path, database_url=database.url))
    process.start()
    try:
        # The fetch is done, in a process of its own; the clean-up is due again in an hour.
        wait_until(lambda: [job["run_at"] > BEGINNING for job in rows(database, "jobs")] == [True])
    finally:
        process.stop()


def test_a_process_that_does_not_end_is_killed_within_the_limit_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background_process, "run", lambda *_: _ignore_signals())
    process = BackgroundProcess(Settings(data=tmp_path, stop_timeout_seconds=1))
    process.start()
    time.sleep(0.3)
    process.note_stop()
    begun = time.monotonic()
    process.stop()
    assert time.monotonic() - begun < 10
    assert process._process is not None
    assert not process._process.is_alive()


def _ignore_signals() -> None:
    background_process.signal.signal(background_process.signal.SIGTERM, lambda *_: None)
    while True:
        time.sleep(60)
