"""Staging of uploaded contents, so that a crash at any time loses nothing and leaves no garbage forever.

Contents are written outside of any unit of work, because that takes long. So a key is *registered* first, the content
is written under it, and only then a transaction creates a blob of it (`actions.create`, `actions.store_chunks`). A
registered key that never became a blob is collected after a day; the retention of a blob that is reused is extended by
a day before anything relies on it.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from functools import partial

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

#: Number of pieces that are registered, and written, at once.
BATCH = 16
#: The threads that write while uploads are received; they start on first use.
_WRITERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="shipmark-writer")
#: Returns up to this many bytes of a content, and none at its end.
ReadBytes = Callable[[int], bytes]


def sha1_of(content: bytes) -> str:
    """Return the SHA-1 of a content, its name in the protocol; it is not used for security."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def stage_chunks(
    database: Database, blobs: Blobs, chunks: Sequence[tuple[str, bytes]], at: datetime
) -> list[StagedBlob]:
    """Write missing contents, by their SHA-1. Return a `StagedBlob` for each content, in order.

    Raise `StorageFull` if the store is full; contents written by then are collected after a day.
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
    """Write a content while reading it; see `FileStager`."""
    return stage_parts(database, blobs, iter(partial(read, PIECE_BYTES), b""), at, most=most)


def stage_parts(
    database: Database, blobs: Blobs, parts: Iterable[bytes], at: datetime, *, most: int = FILE_MAX
) -> StagedFile:
    """Write a content of parts of any length; see `FileStager`."""
    stager = FileStager(database, blobs, at, most=most)
    for part in parts:
        stager.add(part)
    return stager.finish()


def stage_all(
    database: Database, blobs: Blobs, contents: Iterable[Iterable[bytes]], at: datetime
) -> list[StagedFile]:
    """Write several contents, each of parts of any length, and return them in order.

    Pieces of different contents are registered and written together, so that many small ones take a few transactions.
    Equal contents are written each by itself: any of them may be the only one that a transaction creates a file of.
    """
    batch: dict[str, tuple[int, bytes]] = {}
    staged: dict[tuple[int, str], StagedBlob] = {}
    files: list[tuple[list[str], int, str]] = []

    def write() -> None:
        pieces = [(sha1, piece) for sha1, (_, piece) in batch.items()]
        for blob in stage_chunks(database, blobs, pieces, at) if pieces else ():
            staged[batch[blob.sha1][0], blob.sha1] = blob
        batch.clear()

    for number, content in enumerate(contents):
        sha1s, size, whole = list[str](), 0, hashlib.sha1(usedforsecurity=False)
        for piece in _cut(content):
            size += len(piece)
            whole.update(piece)
            sha1 = sha1_of(piece)
            sha1s.append(sha1)
            if (number, sha1) in staged or batch.get(sha1, (None,))[0] == number:
                continue
            if sha1 in batch or len(batch) == BATCH:
                write()
            batch[sha1] = number, piece
        files.append((sha1s, size, whole.hexdigest()))
    write()
    return [
        StagedFile(pieces=tuple(staged[number, sha1] for sha1 in sha1s), size=size, sha1=whole_sha1)
        for number, (sha1s, size, whole_sha1) in enumerate(files)
    ]


def _cut(content: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the pieces of a content, as `FileStager` cuts them."""
    buffered = bytearray()
    for part in content:
        buffered += part
        while len(buffered) >= PIECE_BYTES:
            yield bytes(buffered[:PIECE_BYTES])
            del buffered[:PIECE_BYTES]
    if buffered:
        yield bytes(buffered)


class FileStager:
    """Writes a content that arrives in parts of any length, in pieces of which only a few are in memory.

    Pieces are written while more parts arrive. Raise `TooLarge` for more than ``most`` bytes and `StorageFull` if the
    store is full, possibly only with the next part.
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
        self._buffered = 0
        self._batch: list[tuple[str, bytes]] = []
        self._staged: dict[str, StagedBlob] = {}
        self._order: list[str] = []
        self._background = BackgroundWriter()

    def add(self, part: bytes) -> None:
        """Add the next part."""
        self._size += len(part)
        if self._size > self._most:
            raise TooLarge(f"A file may have {self._most} bytes at most.")
        self._whole.update(part)
        while self._buffered + len(part) >= PIECE_BYTES:
            missing = PIECE_BYTES - self._buffered
            self._parts.append(part[:missing])
            part = part[missing:]
            self._cut()
        if part:
            self._parts.append(part)
            self._buffered += len(part)

    def finish(self) -> StagedFile:
        """Write the remaining parts, and wait until all pieces are in the store."""
        if self._parts:
            self._cut()
        self._write()
        self._background.wait()
        pieces = tuple(self._staged[sha1] for sha1 in self._order)
        return StagedFile(pieces=pieces, size=self._size, sha1=self._whole.hexdigest())

    def _cut(self) -> None:
        """Cut a piece from the buffered parts: equal contents are cut alike, however they arrive."""
        piece = b"".join(self._parts)
        self._parts, self._buffered = [], 0
        self._batch.append((sha1_of(piece), piece))
        if len(self._batch) == BATCH:
            self._write()

    def _write(self) -> None:
        batch, self._batch = self._batch, []
        self._order += [sha1 for sha1, _ in batch]

        def write() -> None:
            if new := [piece for piece in batch if piece[0] not in self._staged]:
                staged_blobs = stage_chunks(self._database, self._blobs, new, self._at)
                self._staged |= {staged_blob.sha1: staged_blob for staged_blob in staged_blobs}

        self._background.run(write)


class BackgroundWriter:
    """Runs one call at a time in another thread, while its owner continues."""

    def __init__(self) -> None:
        self._running: Future[None] | None = None

    def run(self, call: Callable[[], None]) -> None:
        """Start a call after the previous one ends. Raise the exception of the previous one."""
        self.wait()
        self._running = _WRITERS.submit(call)

    def wait(self) -> None:
        """Wait for the running call. Raise its exception."""
        if self._running is not None:
            running, self._running = self._running, None
            running.result()


def _write(blobs: Blobs, contents: Sequence[tuple[str, bytes]]) -> None:
    """Write contents concurrently: most of the time is spent waiting for the disk or the bucket."""
    if len(contents) < 2:
        for key, content in contents:
            blobs.put(key, content)
        return
    with ThreadPoolExecutor(max_workers=min(BATCH, len(contents))) as writers:
        for future in [writers.submit(blobs.put, key, content) for key, content in contents]:
            future.result()
