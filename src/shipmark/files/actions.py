"""Operations on files: create them of staged contents, store chunks, delete, schedule garbage collection."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.files.model import (
    RELEASED_RETENTION,
    UNUSED_RETENTION,
    File,
    NewFile,
    StagedBlob,
    StagedFile,
)
from shipmark.files.store import blobs, files, garbage
from shipmark.infrastructure import jobs
from shipmark.infrastructure.errors import Conflict
from shipmark.infrastructure.jobs import JobKind

#: A collection waits so long behind what is due, for more to be collected at once.
_COLLECTION_DELAY = timedelta(minutes=1)
_EXPIRED = "The upload took so long that its beginning was taken away. Please send it again."


def create(connection: Connection, new: NewFile, content: StagedFile, at: datetime) -> File:
    """Create a file of a staged content. Raise `Conflict` if it was staged more than a day ago."""
    _make_blobs(connection, content.pieces, at)
    return files.add(connection, new, content, at)


def store_chunks(
    connection: Connection, organization_id: int, chunks: Sequence[StagedBlob], at: datetime
) -> None:
    """Store staged chunks for the organization, for a day or as long as a file uses them."""
    _make_blobs(connection, chunks, at)
    blobs.add_owner(connection, organization_id, [chunk.sha1 for chunk in chunks])


def remove(connection: Connection, file_ids: Collection[int], at: datetime) -> None:
    """Delete files; blobs that no other file uses are collected soon. Missing files are ignored."""
    if file_ids and files.remove(connection, file_ids, at + RELEASED_RETENTION):
        _enqueue_collection(connection, at, at + RELEASED_RETENTION + _COLLECTION_DELAY)


def schedule_collection(connection: Connection, at: datetime) -> None:
    """Schedule a garbage collection, if there is garbage."""
    if garbage.has_unused(connection, at):
        _enqueue_collection(connection, at, at)


def schedule_next_collection(connection: Connection, at: datetime) -> None:
    """Schedule the next collection, after one that began at this date, for garbage that is due later.

    Call it in the transaction that finishes the job: concurrent deletions of files wait for its end before they
    enqueue, or are visible here. Garbage that was due and remains can't be collected now; a timer retries it.
    """
    due = garbage.next_due(connection)
    if due is not None and due > at:
        _enqueue_collection(connection, at, due + _COLLECTION_DELAY)


def _enqueue_collection(connection: Connection, at: datetime, run_at: datetime) -> None:
    kind = JobKind.COLLECT_BLOBS
    jobs.enqueue(connection, kind, {}, now=at, run_at=run_at, key=kind)


def _make_blobs(connection: Connection, staged_blobs: Sequence[StagedBlob], at: datetime) -> None:
    if not blobs.make_blobs(connection, staged_blobs, at + UNUSED_RETENTION):
        raise Conflict(_EXPIRED)
