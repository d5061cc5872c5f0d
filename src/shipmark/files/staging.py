"""How do contents come into the house? In stages: a crash at any instant loses nothing, and leaves nothing for good.

Contents are written outside of any unit of work, for that takes long. So a key is *announced* first, the content is
written under it, and only then somebody's unit of work makes a blob of it (`actions.create`, `actions.store_chunks`).
What was announced and never became a blob is taken away after a day; a blob that is reused is promised for a day before
anybody relies on it.
"""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from shipmark.files.model import (
    FILE_MAX,
    PIECE_BYTES,
    UNUSED_RETENTION,
    StagedBlob,
    StagedFile,
    key_of,
)
from shipmark.files.store import blobs as store
from shipmark.infrastructure import ids
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import TooLarge

#: So many pieces are announced, and written at the same time.
BATCH = 16
#: Who writes behind uploads; threads are made when there are any.
_WRITERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="shipmark-writer")

#: Gives up to so many bytes of a content, and nothing at its end.
ReadBytes = Callable[[int], bytes]


def sha1_of(content: bytes) -> str:
    """The name that the protocol has for a content: not meant to withstand anybody."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def stage_chunks(
    database: Database, blobs: Blobs, chunks: Sequence[tuple[str, bytes]], at: datetime
) -> list[StagedBlob]:
    """Write contents by their SHA-1, those only that are not there: one `StagedBlob` for each, in their order.

    Raises `StorageFull` when the store is full; what was written by then is taken away in a day.
    """
    contents = dict(chunks)
    with database.transaction() as connection:
        known = store.touch(connection, contents, at + UNUSED_RETENTION)
        new = [sha1 for sha1 in contents if sha1 not in known]
        keys = {sha1: key_of(sha1, ids.hex32()) for sha1 in new}
        store.register_pending(connection, keys.values(), at + UNUSED_RETENTION)
    _write(blobs, [(keys[sha1], contents[sha1]) for sha1 in new])
    return [StagedBlob(sha1=sha1, size=len(item), key=keys.get(sha1)) for sha1, item in chunks]


def stage_file(
    database: Database, blobs: Blobs, read: ReadBytes, at: datetime, *, most: int = FILE_MAX
) -> StagedFile:
    """Write a content as it is read; see `FileStager`."""
    stash = FileStager(database, blobs, at, most=most)
    while part := read(PIECE_BYTES):
        stash.add(part)
    return stash.finish()


class FileStager:
    """A content that comes in parts of any length, and is written in pieces; no more than a few are held at a time.

    Pieces are written while more comes in. Raises `TooLarge` for more than ``most`` bytes and `StorageFull` when the
    store is full, maybe only with the next part.
    """

    def __init__(
        self, database: Database, blobs: Blobs, at: datetime, *, most: int = FILE_MAX
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._at = at
        self._most = most
        self._whole = hashlib.sha1(usedforsecurity=False)
        self._size = 0
        self._parts: list[bytes] = []
        self._held = 0
        self._batch: list[tuple[str, bytes]] = []
        self._stashed: dict[str, StagedBlob] = {}
        self._order: list[str] = []
        self._behind = BackgroundWriter()

    def add(self, part: bytes) -> None:
        """Take the next part."""
        self._size += len(part)
        if self._size > self._most:
            raise TooLarge(f"A file may have {self._most} bytes at most.")
        self._whole.update(part)
        while self._held + len(part) >= PIECE_BYTES:
            missing = PIECE_BYTES - self._held
            self._parts.append(part[:missing])
            part = part[missing:]
            self._cut()
        if part:
            self._parts.append(part)
            self._held += len(part)

    def finish(self) -> StagedFile:
        """Write what is left; all of it is in the store then."""
        if self._parts:
            self._cut()
        self._write()
        self._behind.wait()
        pieces = tuple(self._stashed[sha1] for sha1 in self._order)
        return StagedFile(pieces=pieces, size=self._size, sha1=self._whole.hexdigest())

    def _cut(self) -> None:
        """Make a piece of what is held: equal contents are cut alike, however they come in."""
        piece = b"".join(self._parts)
        self._parts, self._held = [], 0
        self._batch.append((sha1_of(piece), piece))
        if len(self._batch) == BATCH:
            self._write()

    def _write(self) -> None:
        batch, self._batch = self._batch, []
        self._order += [sha1 for sha1, _ in batch]

        def write() -> None:
            if new := [each for each in batch if each[0] not in self._stashed]:
                stashes = stage_chunks(self._database, self._blobs, new, self._at)
                self._stashed |= {staged_blob.sha1: staged_blob for staged_blob in stashes}

        self._behind.run(write)


class BackgroundWriter:
    """Lets one thing at a time be done by another thread, while its owner goes on."""

    def __init__(self) -> None:
        self._running: Future[None] | None = None

    def run(self, call: Callable[[], None]) -> None:
        """Have it done, once what was before is done; raises what that raised."""
        self.wait()
        self._running = _WRITERS.submit(call)

    def wait(self) -> None:
        """Wait for it; raises what it raised."""
        if self._running is not None:
            running, self._running = self._running, None
            running.result()


def _write(blobs: Blobs, contents: Sequence[tuple[str, bytes]]) -> None:
    """Write contents side by side: most of the time goes into waiting for the disk, or for the bucket."""
    if len(contents) < 2:
        for key, content in contents:
            blobs.put(key, content)
        return
    with ThreadPoolExecutor(max_workers=min(BATCH, len(contents))) as writers:
        for written in [writers.submit(blobs.put, key, content) for key, content in contents]:
            written.result()
