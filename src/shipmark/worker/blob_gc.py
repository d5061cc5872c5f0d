"""The errand that takes away what nobody uses (files-and-avatars.md 3.5)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from shipmark.files import actions as files
from shipmark.files.store import garbage
from shipmark.infrastructure import jobs
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.blobs.object_store import open_object_store
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import Job
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import span

BATCH = 500
_SIDE_BY_SIDE = 8


def run(database: Database, settings: Settings, job: Job, at: datetime) -> None:
    """Collect, finish the job, and plan the next one."""
    with span("files.collect"):
        collect(database, open_object_store(settings.blobs), at)
    with database.transaction() as connection:
        if jobs.finish(connection, job):
            files.schedule_next_collection(connection, at)


def collect(database: Database, blobs: Blobs, at: datetime) -> None:
    """Delete blobs that nothing refers to and whose time is over, then their contents, then what was left behind.

    Killed anywhere, it goes on where it was: a content is taken away only when no blob can have it any more, and its
    key is forgotten only when it is gone.
    """
    while _batch_collected(database, at):
        pass
    while keys := _doomed(database, at):
        with ThreadPoolExecutor(max_workers=_SIDE_BY_SIDE) as removers:
            for removed in [removers.submit(blobs.remove, key) for key in keys]:
                removed.result()
        with database.transaction() as connection:
            garbage.delete_records(connection, keys)


def _batch_collected(database: Database, at: datetime) -> bool:
    with database.transaction() as connection:
        return garbage.collect(connection, at, most=BATCH) == BATCH


def _doomed(database: Database, at: datetime) -> list[str]:
    with database.transaction() as connection:
        return garbage.claim_for_deletion(connection, at, most=BATCH)
