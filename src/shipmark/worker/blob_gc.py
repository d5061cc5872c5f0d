"""The job that garbage collects unused blobs (files-and-avatars.md 3.5)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from shipmark.files import actions as files
from shipmark.files.store import garbage
from shipmark.infrastructure import jobs
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import Job
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import span

BATCH = 500
_SIDE_BY_SIDE = 8


def run(database: Database, settings: Settings, job: Job, at: datetime) -> None:
    """Collect, finish the job, and schedule the next one."""
    with span("files.collect"):
        collect(database, open_blobs(settings.blobs), at)
    with database.transaction() as connection:
        if jobs.finish(connection, job):
            files.schedule_next_collection(connection, at)


def collect(database: Database, blobs: Blobs, at: datetime) -> None:
    """Delete expired blobs without references, then their contents, then contents left by interrupted uploads.

    It can be interrupted anywhere and continues: a content is deleted only once no blob can refer to it, and its
    key only once the content is deleted.
    """
    while _batch_collected(database, at):
        pass
    while keys := _claimed_keys(database, at):
        with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as removers:
            for removed in [removers.submit(blobs.remove, key) for key in keys]:
                removed.result()
        with database.transaction() as connection:
            garbage.delete_records(connection, keys)


def _batch_collected(database: Database, at: datetime) -> bool:
    with database.transaction() as connection:
        return garbage.collect(connection, at, most=BATCH) == BATCH


def _claimed_keys(database: Database, at: datetime) -> list[str]:
    with database.transaction() as connection:
        return garbage.claim_for_deletion(connection, at, most=BATCH)
