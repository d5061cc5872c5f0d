"""How does a file come of chunks that an organization has sent? (files-and-avatars.md 3.7, 5.2)."""

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
    """The chunks don't make the file that was told; ``detail`` says why, in the protocol's words."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class ChunksMissing(Exception):
    """Chunks that the organization has not sent, or that were collected since; each once, in their order."""

    def __init__(self, sha1s: Sequence[str]) -> None:
        super().__init__(f"{len(sha1s)} missing")
        self.sha1s = tuple(sha1s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """A content put together; to be read by ``pieces`` and kept as ``content``."""

    content: StagedFile
    pieces: tuple[FileChunk, ...]


def missing_chunks(
    database: Database, organization_id: int, chunks: Sequence[str], at: datetime
) -> list[str]:
    """Which chunks the organization has yet to send; those that it has are kept for another day."""
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
    """Put chunks together in the order that was sent, duplicates included, and check the whole.

    Raises `ChunksMissing`, and `NotAssembled` for a file that is too large or not the one that was told.
    """
    if absent := missing_chunks(database, organization_id, chunks, at):
        raise ChunksMissing(absent)
    with database.snapshot() as connection:
        owned = store.owned_by(connection, organization_id, chunks)
    if absent := [each for each in dict.fromkeys(chunks) if each not in owned]:
        raise ChunksMissing(absent)
    pieces: list[FileChunk] = []
    offset = 0
    for chunk in chunks:
        size, key = owned[chunk]
        pieces.append(FileChunk(offset=offset, size=size, key=key))
        offset += size
        if offset > most:
            raise NotAssembled(TOO_LARGE)
    # A file of one chunk is that chunk: it was checked when it came in.
    result = chunks[0] if len(chunks) == 1 else piece_reader.sha1_of(blobs, pieces)
    if result != sha1:
        raise NotAssembled(MISMATCH)
    stashes = tuple(
        StagedBlob(sha1=each, size=owned[each][0], key=None) for each in chunks if owned[each][0]
    )
    content = StagedFile(pieces=stashes, size=offset, sha1=sha1)
    return Assembled(content=content, pieces=tuple(pieces))
