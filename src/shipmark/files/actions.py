"""What can be done with files? Keep what was stashed, assemble chunks, remove, collect."""

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
    """Make a file of a content that was stashed. Raises `Conflict` if that was more than a day ago."""
    _make_blobs(connection, content.pieces, at)
    return files.add(connection, new, content, at)


def store_chunks(
    connection: Connection, organization_id: int, chunks: Sequence[StagedBlob], at: datetime
) -> None:
    """Make the stashed chunks the organization's, for a day or as long as a file uses them."""
    _make_blobs(connection, chunks, at)
    blobs.add_owner(connection, organization_id, [each.sha1 for each in chunks])


def remove(connection: Connection, file_ids: Collection[int], at: datetime) -> None:
    """Delete files; blobs that no other file uses are collected soon. Those that are not there are left out."""
    if file_ids and files.remove(connection, file_ids, at + RELEASED_RETENTION):
        later = at + RELEASED_RETENTION + _COLLECTION_DELAY
        jobs.enqueue(
            connection, JobKind.COLLECT_BLOBS, {}, now=at, run_at=later, key=JobKind.COLLECT_BLOBS
        )


def schedule_collection(connection: Connection, at: datetime) -> None:
    """Have what nobody uses taken away, if there is anything."""
    if garbage.has_unused(connection, at):
        jobs.enqueue(connection, JobKind.COLLECT_BLOBS, {}, now=at, key=JobKind.COLLECT_BLOBS)


def schedule_next_collection(connection: Connection, at: datetime) -> None:
    """After a collection that began at this moment, plan the one for what falls due after it.

    To be called in the transaction that finishes the job: files that are deleted meanwhile wait for it to end before
    they enqueue, or are seen here. What was due already and is still there can't be collected now: the timer's turn.
    """
    due = garbage.next_due(connection)
    if due is not None and due > at:
        jobs.enqueue(
            connection,
            JobKind.COLLECT_BLOBS,
            {},
            now=at,
            run_at=due + _COLLECTION_DELAY,
            key=JobKind.COLLECT_BLOBS,
        )


def _make_blobs(connection: Connection, stashes: Sequence[StagedBlob], at: datetime) -> None:
    if not blobs.make_blobs(connection, stashes, at + UNUSED_RETENTION):
        raise Conflict(_EXPIRED)
