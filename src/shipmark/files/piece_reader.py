"""Reading of files from any offset, a piece at a time, and never whole (files-and-avatars.md 3.6)."""

import errno
import hashlib
import io
import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from shipmark.files.model import FileChunk
from shipmark.infrastructure.blobs import Blobs

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: Size of the read-ahead buffer: the directory of an archive should take few requests to a bucket.
BUFFER_BYTES = 128 * 1024


class ChunkedReader(io.RawIOBase):
    """A file as a seekable stream over its pieces. One read never crosses the boundary of a piece.

    Use it through `open_file`, which buffers, and reads across boundaries.
    """

    def __init__(self, blobs: Blobs, pieces: Sequence[FileChunk]) -> None:
        super().__init__()
        self._blobs = blobs
        self._pieces = pieces
        self._offsets = [piece.offset for piece in pieces]
        self._at = 0
        self.size = sum(piece.size for piece in pieces)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the offset of the next byte."""
        self._check_open()
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Set the offset, which may be past the end. Raise ``OSError`` for a negative one."""
        self._check_open()
        match whence:
            case os.SEEK_SET:
                target = offset
            case os.SEEK_CUR:
                target = self._at + offset
            case os.SEEK_END:
                target = self.size + offset
            case _:
                raise ValueError(f"Invalid value for whence: {whence}")
        if target < 0:
            raise OSError(errno.EINVAL, "Invalid argument")
        self._at = target
        return target

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read into the buffer, up to the end of the piece. Return the number of bytes."""
        self._check_open()
        view = memoryview(buffer).cast("B")
        if not len(view) or self._at >= self.size:
            return 0
        piece = self._pieces[bisect_right(self._offsets, self._at) - 1]
        start = self._at - piece.offset
        end = min(start + len(view), piece.size)
        filled = 0
        for part in self._blobs.read(piece.key, start=start, end=end):
            view[filled : filled + len(part)] = part
            filled += len(part)
        self._at += filled
        return filled

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on closed file")


def open_file(blobs: Blobs, pieces: Sequence[FileChunk]) -> io.BufferedReader:
    """Open a file as a seekable, buffered stream."""
    return io.BufferedReader(ChunkedReader(blobs, pieces), BUFFER_BYTES)


def read_range(
    blobs: Blobs, pieces: Sequence[FileChunk], start: int = 0, end: int | None = None
) -> Iterator[bytes]:
    """Yield the bytes from ``start`` to ``end``, or to the end of the file, in parts of at most a mebibyte."""
    for piece in pieces:
        stop = piece.size if end is None else min(end - piece.offset, piece.size)
        begin = max(start - piece.offset, 0)
        if begin < stop:
            yield from blobs.read(piece.key, start=begin, end=stop)


def sha1_of(parts: Iterable[bytes]) -> str:
    """Return the SHA-1 of all parts together."""
    whole = hashlib.sha1(usedforsecurity=False)
    for part in parts:
        whole.update(part)
    return whole.hexdigest()
