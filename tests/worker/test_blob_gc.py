"""The job that frees the space of deleted files: minutes after each deletion, whatever waits already."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from factories import BEGINNING, rows

from shipmark.files import actions, staging
from shipmark.files.model import UNUSED_RETENTION, File, FileKind, NewFile
from shipmark.infrastructure import jobs
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import JobKind
from shipmark.infrastructure.settings import Settings
from shipmark.worker import blob_gc, scheduler

MINUTE = timedelta(minutes=1)
LATER = BEGINNING + 3 * UNUSED_RETENTION
NEW = NewFile(name="app.js", kind=FileKind.RELEASE_FILE, headers={})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, blobs_url=(tmp_path / "blobs").as_uri())


def kept(database: Database, blobs: Blobs, content: bytes) -> File:
    staged = staging.stage_file(database, blobs, io.BytesIO(content).read, BEGINNING)
    with database.transaction() as connection:
        return actions.create(connection, NEW, staged, BEGINNING)


def run_due(database: Database, settings: Settings, minutes: float) -> bool:
    at = LATER + minutes * MINUTE
    job = scheduler.claim(database, at, [JobKind.COLLECT_BLOBS])
    if job is not None:
        blob_gc.run(database, settings, job, at)
    return job is not None


def remove(database: Database, file: File, minutes: float) -> None:
    with database.transaction() as connection:
        actions.remove(connection, [file.id], LATER + minutes * MINUTE)


def test_what_is_deleted_while_a_collection_waits_is_freed_as_soon(
    database: Database, blobs: Blobs, settings: Settings
) -> None:
    one, two = (kept(database, blobs, content) for content in (b"one", b"two"))
    remove(database, one, 0)
    remove(database, two, 4)
    assert [run_due(database, settings, minutes) for minutes in (5.9, 6)] == [False, True]
    assert len(rows(database, "blobs")) == 1
    assert [run_due(database, settings, minutes) for minutes in (9.9, 10)] == [False, True]
    assert (rows(database, "blobs"), rows(database, "jobs")) == ([], [])


def test_what_is_deleted_while_a_collection_runs_is_freed_as_soon(
    database: Database, blobs: Blobs, settings: Settings
) -> None:
    one, two = (kept(database, blobs, content) for content in (b"one", b"two"))
    remove(database, one, 0)
    job = scheduler.claim(database, LATER + 6 * MINUTE, [JobKind.COLLECT_BLOBS])
    assert job is not None
    remove(database, two, 6)
    blob_gc.run(database, settings, job, LATER + 6 * MINUTE)
    assert [run_due(database, settings, minutes) for minutes in (11.9, 12)] == [False, True]
    assert (rows(database, "blobs"), rows(database, "jobs")) == ([], [])


def test_a_deletion_brings_a_later_collection_forward(
    database: Database, blobs: Blobs, settings: Settings
) -> None:
    staging.stage_file(database, blobs, io.BytesIO(b"interrupted").read, LATER)
    file = kept(database, blobs, b"one")
    with database.transaction() as connection:
        actions.schedule_next_collection(connection, LATER)
    remove(database, file, 0)
    assert run_due(database, settings, 6)
    [job] = rows(database, "jobs")
    assert job["run_at"] >= LATER + UNUSED_RETENTION


def test_a_collector_that_lost_its_lease_plans_nothing(
    database: Database, blobs: Blobs, settings: Settings
) -> None:
    remove(database, kept(database, blobs, b"one"), 0)
    slow = scheduler.claim(database, LATER + 6 * MINUTE, [JobKind.COLLECT_BLOBS])
    assert slow is not None
    later = LATER + 6 * MINUTE + jobs.LEASE
    assert scheduler.claim(database, later, [JobKind.COLLECT_BLOBS]) is not None
    blob_gc.run(database, settings, slow, later)
    [job] = rows(database, "jobs")
    assert (job["attempts"], job["run_at"]) == (2, later + jobs.LEASE)
