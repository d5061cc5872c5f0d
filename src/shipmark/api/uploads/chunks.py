"""Which chunks did a client send? Checked and kept as they come in (files-and-avatars.md 4.2)."""

import zlib
from collections.abc import Callable
from datetime import datetime

from zstandard import ZstdDecompressor, ZstdError

from shipmark.files import actions as files
from shipmark.files import staging
from shipmark.files.model import CHUNK_MAX, MEBIBYTE, StagedBlob
from shipmark.http.multipart import Part
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import BadUpload

REQUEST_MAX = 32 * MEBIBYTE
CHUNKS_MAX = 64

CHUNK_TOO_LARGE = "Chunk size too large"
REQUEST_TOO_LARGE = "Request too large"
TOO_MANY = "Too many chunks"
MISMATCH = "Checksum mismatch"

_GZIP = 31
#: What does not shrink grows a little when it is compressed.
_COMPRESSED_MAX = CHUNK_MAX + MEBIBYTE
#: Chunks are written together, once there are so many bytes of them.
_BATCH_BYTES = 2 * CHUNK_MAX
_NAMES = ("file", "file_gzip")


class ChunkReceiver:
    """Takes the chunks of a form. Nothing of it is kept for the client unless all of them are right.

    ``encoding`` is the ``Content-Encoding`` of the request, which newer clients use for the parts.
    """

    def __init__(self, database: Database, blobs: Blobs, at: datetime, encoding: str) -> None:
        self._database = database
        self._blobs = blobs
        self._at = at
        self._encoding = encoding
        self._part: Part | None = None
        self._content: list[bytes] = []
        self._length = 0
        self._waiting: list[tuple[str, bytes]] = []
        self._stashes: list[StagedBlob] = []
        self._behind = staging.BackgroundWriter()
        self._count = 0
        self._total = 0

    def begin(self, part: Part) -> None:
        """Begin a part; those that are no chunks are passed over, as the reference does."""
        self._part = part if part.name in _NAMES else None
        self._content, self._length = [], 0
        if self._part is None:
            return
        if self._encoding and part.name == "file_gzip":
            raise BadUpload("Cannot combine Content-Encoding with file_gzip field")
        self._count += 1
        if self._count > CHUNKS_MAX:
            raise BadUpload(TOO_MANY)

    def add(self, content: bytes) -> None:
        """More of the part."""
        if self._part is None:
            return
        self._content.append(content)
        self._length += len(content)
        if self._length > (_COMPRESSED_MAX if self._is_compressed() else CHUNK_MAX):
            raise BadUpload(CHUNK_TOO_LARGE)

    def end(self) -> None:
        """End the part, and check whether it is what its name says."""
        if self._part is None:
            return
        chunk = self._plain(b"".join(self._content))
        self._content, self._length = [], 0
        self._total += len(chunk)
        if self._total > REQUEST_MAX:
            raise BadUpload(REQUEST_TOO_LARGE)
        if staging.sha1_of(chunk) != self._part.filename:
            raise BadUpload(MISMATCH)
        self._waiting.append((self._part.filename, chunk))
        if sum(len(waiting) for _, waiting in self._waiting) >= _BATCH_BYTES:
            self._write()

    def keep(self, organization_id: int) -> None:
        """Make all that came the organization's."""
        self._write()
        self._behind.wait()
        if self._stashes:
            with self._database.transaction() as connection:
                files.store_chunks(connection, organization_id, self._stashes, self._at)

    def _write(self) -> None:
        waiting, self._waiting = self._waiting, []

        def write() -> None:
            self._stashes += staging.stage_chunks(self._database, self._blobs, waiting, self._at)

        if waiting:
            self._behind.run(write)

    def _is_compressed(self) -> bool:
        return bool(self._encoding) or (self._part is not None and self._part.name == "file_gzip")

    def _plain(self, content: bytes) -> bytes:
        assert self._part is not None, "only called within a part"
        name = "gzip" if self._part.name == "file_gzip" else self._encoding
        return _DECOMPRESS[name](content) if name else content


def _gunzipped(content: bytes) -> bytes:
    """Decompress; stops one byte past the limit, so that a small body can't fill the memory."""
    plain = bytearray()
    try:
        while content:
            reader = zlib.decompressobj(_GZIP)
            plain += reader.decompress(content, CHUNK_MAX + 1 - len(plain))
            if len(plain) > CHUNK_MAX:
                raise BadUpload(CHUNK_TOO_LARGE)
            if not reader.eof:
                raise BadUpload("Invalid gzip payload")
            content = reader.unused_data
    except zlib.error:
        raise BadUpload("Invalid gzip payload") from None
    return bytes(plain)


def _unzstd(content: bytes) -> bytes:
    try:
        with ZstdDecompressor(max_window_size=CHUNK_MAX).stream_reader(content) as reader:
            plain = reader.read(CHUNK_MAX + 1)
    except ZstdError:
        raise BadUpload("Invalid zstd payload") from None
    if len(plain) > CHUNK_MAX:
        raise BadUpload(CHUNK_TOO_LARGE)
    return plain


_DECOMPRESS: dict[str, Callable[[bytes], bytes]] = {"gzip": _gunzipped, "zstd": _unzstd}
#: The encodings of parts that a request may name; none is fine too.
ENCODINGS = frozenset({"", *_DECOMPRESS})
