"""How do contents come into the house? In stages: a crash at any instant loses nothing, and leaves nothing for good.

Contents are written outside of any unit of work, for that takes long. So a key is *announced* first, the content is
written under it, and only then somebody's unit of work makes a blob of it (`actions.keep`, `actions.keep_chunks`). What
was announced and never became a blob is taken away after a day; a blob that is reused is promised for a day before
anybody relies on it.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from shipmark.files.model import (
    FILE_MAX,
    PIECE_BYTES,
    UNUSED_LENGTH,
    Stash,
    StashedFile,
    key_of,
)
from shipmark.files.store import blobs as store
from shipmark.ground import ids
from shipmark.ground.blobs import Blobs
from shipmark.ground.database import Database
from shipmark.ground.errors import TooLarge

#: So many pieces are announced, and written at the same time.
BATCH = 8

#: Gives up to so many bytes of a content, and nothing at its end.
Read = Callable[[int], bytes]


def sha1_of(content: bytes) -> str:
    """The name that the protocol has for a content: not meant to withstand anybody."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def stash_chunks(
    database: Database, blobs: Blobs, chunks: Sequence[tuple[str, bytes]], at: datetime
) -> list[Stash]:
    """Write contents by their SHA-1, those only that are not there: one `Stash` for each, in their order.

    Raises `NoRoom` when the store is full; what was written by then is taken away in a day.
    """
    contents = dict(chunks)
    with database.transaction() as connection:
        known = store.touch(connection, contents, at + UNUSED_LENGTH)
        new = [sha1 for sha1 in contents if sha1 not in known]
        keys = {sha1: key_of(sha1, ids.hex32()) for sha1 in new}
        store.announce(connection, keys.values(), at + UNUSED_LENGTH)
    _write(blobs, [(keys[sha1], contents[sha1]) for sha1 in new])
    return [Stash(sha1=sha1, size=len(it), key=keys.get(sha1)) for sha1, it in chunks]


def stash_file(
    database: Database, blobs: Blobs, read: Read, at: datetime, *, most: int = FILE_MAX
) -> StashedFile:
    """Write a content as it is read, in pieces; holds no more than a few of them at a time.

    Raises `TooLarge` for more than ``most`` bytes and `NoRoom` when the store is full.
    """
    whole = hashlib.sha1(usedforsecurity=False)
    stashed: dict[str, Stash] = {}
    order: list[str] = []
    size = 0
    for batch in _batches(_pieces(read)):
        for _, piece in batch:
            whole.update(piece)
            size += len(piece)
        if size > most:
            raise TooLarge(f"A file may have {most} bytes at most.")
        order += [sha1 for sha1, _ in batch]
        new = [each for each in batch if each[0] not in stashed]
        stashed |= {it.sha1: it for it in stash_chunks(database, blobs, new, at)} if new else {}
    pieces = tuple(stashed[sha1] for sha1 in order)
    return StashedFile(pieces=pieces, size=size, sha1=whole.hexdigest())


def _pieces(read: Read) -> Iterator[tuple[str, bytes]]:
    while piece := _filled(read):
        yield sha1_of(piece), piece
        if len(piece) < PIECE_BYTES:
            return


def _filled(read: Read) -> bytes:
    """Read a whole piece, where the content has one: equal contents are cut alike, however they come in."""
    parts: list[bytes] = []
    wanted = PIECE_BYTES
    while wanted and (part := read(wanted)):
        parts.append(part)
        wanted -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _batches(pieces: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    batch: list[tuple[str, bytes]] = []
    for piece in pieces:
        batch.append(piece)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _write(blobs: Blobs, contents: Sequence[tuple[str, bytes]]) -> None:
    """Write contents side by side: most of the time goes into waiting for the disk, or for the bucket."""
    if len(contents) < 2:
        for key, content in contents:
            blobs.put(key, content)
        return
    with ThreadPoolExecutor(max_workers=min(BATCH, len(contents))) as writers:
        for written in [writers.submit(blobs.put, key, content) for key, content in contents]:
            written.result()
