"""How is a file read? From anywhere in it, a piece at a time, and never whole (files-and-avatars.md 3.6)."""

import errno
import hashlib
import io
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from shipmark.files.model import FileChunk
from shipmark.infrastructure.blobs import Blobs

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: What is read ahead: enough that the directory of an archive takes few requests to a bucket.
BUFFER_BYTES = 128 * 1024


class ChunkedReader(io.RawIOBase):
    """A file as a seekable stream over its pieces. One read never crosses the border of a piece.

    To be used through `open_file`, which reads ahead and crosses borders.
    """

    def __init__(self, blobs: Blobs, pieces: Sequence[FileChunk]) -> None:
        super().__init__()
        self._blobs = blobs
        self._pieces = pieces
        self._offsets = [piece.offset for piece in pieces]
        self._at = 0
        self.size = sum(piece.size for piece in pieces)

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be read from anywhere."""
        return True

    def tell(self) -> int:
        """Where the next byte comes from."""
        self._check_open()
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go somewhere, also past the end. Raises ``OSError`` before the beginning."""
        self._check_open()
        match whence:
            case os.SEEK_SET:
                to = offset
            case os.SEEK_CUR:
                to = self._at + offset
            case os.SEEK_END:
                to = self.size + offset
            case _:
                raise ValueError(f"Invalid value for whence: {whence}")
        if to < 0:
            raise OSError(errno.EINVAL, "Invalid argument")
        self._at = to
        return to

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill the buffer as far as the piece goes; says how far."""
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
    """A file as a seekable stream that holds little of it at a time."""
    return io.BufferedReader(ChunkedReader(blobs, pieces), BUFFER_BYTES)


def read_range(
    blobs: Blobs, pieces: Sequence[FileChunk], start: int = 0, end: int | None = None
) -> Iterator[bytes]:
    """The bytes from an offset up to another one, or to the end, in parts of a mebibyte at most."""
    for piece in pieces:
        stop = piece.size if end is None else min(end - piece.offset, piece.size)
        begin = max(start - piece.offset, 0)
        if begin < stop:
            yield from blobs.read(piece.key, start=begin, end=stop)


def sha1_of(blobs: Blobs, pieces: Sequence[FileChunk]) -> str:
    """The SHA-1 of all the pieces together, as they are in the store."""
    whole = hashlib.sha1(usedforsecurity=False)
    for part in read_range(blobs, pieces):
        whole.update(part)
    return whole.hexdigest()
