"""Assembly of files from uploaded chunks (files-and-avatars.md 3.7, 5.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shipmark.files import piece_reader
from shipmark.files.model import FILE_MAX, UNUSED_RETENTION, FileChunk, StagedBlob, StagedFile
from shipmark.files.store import blobs as store
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database

TOO_LARGE = "File exceeds maximum size"
MISMATCH = "Reported checksum mismatch"


class NotAssembled(Exception):
    """The chunks don't form the declared file; ``detail`` is the reason, in the protocol's words."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class ChunksMissing(Exception):
    """The organization has not uploaded some chunks, or they were collected since; each once, in order."""

    def __init__(self, sha1s: Sequence[str]) -> None:
        super().__init__(f"{len(sha1s)} missing")
        self.sha1s = tuple(sha1s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """An assembled content: read it by ``pieces``, and store it as ``content``."""

    content: StagedFile
    pieces: tuple[FileChunk, ...]


def missing_chunks(
    database: Database, organization_id: int, chunks: Sequence[str], at: datetime
) -> list[str]:
    """Return the chunks that the organization has not uploaded; extend the retention of the others by a day."""
    with database.transaction() as connection:
        owned = store.owned_by(connection, organization_id, chunks)
        stored = store.touch(connection, owned, at + UNUSED_RETENTION) if owned else set()
    return [sha1 for sha1 in dict.fromkeys(chunks) if sha1 not in stored]


def assemble(
    database: Database,
    blobs: Blobs,
    organization_id: int,
    chunks: Sequence[str],
    *,
    sha1: str,
    at: datetime,
    most: int = FILE_MAX,
) -> Assembled:
    """Assemble chunks in their order, duplicates included, and verify the result.

    Raise `ChunksMissing`, and `NotAssembled` for a file that is too large or has another checksum than declared.
    """
    if absent := missing_chunks(database, organization_id, chunks, at):
        raise ChunksMissing(absent)
    with database.snapshot() as connection:
        owned = store.owned_by(connection, organization_id, chunks)
    if absent := [chunk for chunk in dict.fromkeys(chunks) if chunk not in owned]:
        raise ChunksMissing(absent)
    pieces: list[FileChunk] = []
    offset = 0
    for chunk in chunks:
        size, key = owned[chunk]
        pieces.append(FileChunk(offset=offset, size=size, key=key))
        offset += size
        if offset > most:
            raise NotAssembled(TOO_LARGE)
    # A file of one chunk is that chunk: it was verified when uploaded.
    parts = piece_reader.read_range(blobs, pieces)
    actual_sha1 = chunks[0] if len(chunks) == 1 else piece_reader.sha1_of(parts)
    if actual_sha1 != sha1:
        raise NotAssembled(MISMATCH)
    sizes = [(chunk, owned[chunk][0]) for chunk in chunks]
    staged_blobs = tuple(
        StagedBlob(sha1=chunk, size=size, key=None) for chunk, size in sizes if size
    )
    content = StagedFile(pieces=staged_blobs, size=offset, sha1=sha1)
    return Assembled(content=content, pieces=tuple(pieces))
