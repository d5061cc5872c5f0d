"""Reading a file from anywhere in it: across borders, past its end, and never whole."""

import io
import os
import zipfile
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipmark.files.model import FileChunk
from shipmark.files.piece_reader import BUFFER_BYTES, ChunkedReader, open_file, read_range, sha1_of
from shipmark.files.staging import sha1_of as sha1_of_bytes


class Kept:
    """Contents in memory that remember what was asked of them."""

    def __init__(self, *contents: bytes) -> None:
        self._contents = {f"k{index}": content for index, content in enumerate(contents)}
        self.asked: list[tuple[str, int, int]] = []

    @property
    def pieces(self) -> Sequence[FileChunk]:
        offset, made = 0, []
        for key, content in self._contents.items():
            made.append(FileChunk(offset=offset, size=len(content), key=key))
            offset += len(content)
        return made

    def read(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        content = self._contents[key][start:end]
        self.asked.append((key, start, len(content)))
        yield content

    def put(self, key: str, content: bytes) -> None:
        raise NotImplementedError

    def size(self, key: str) -> int:
        raise NotImplementedError

    def remove(self, key: str) -> None:
        raise NotImplementedError


def test_a_read_crosses_borders() -> None:
    kept = Kept(b"abc", b"de", b"f")
    with open_file(kept, kept.pieces) as stream:
        assert (stream.read(4), stream.tell(), stream.read(), stream.read()) == (
            b"abcd", 4, b"ef", b"",
        )  # fmt: skip
        assert stream.seek(0) == 0
        assert stream.read(1) == b"a"


def test_seeking_to_a_border_reads_the_later_piece() -> None:
    kept = Kept(b"abc", b"def")
    reader = ChunkedReader(kept, kept.pieces)
    reader.seek(3)
    assert reader.read(2) == b"de"
    assert kept.asked == [("k1", 0, 2)]


def test_a_read_up_to_a_border_asks_for_nothing_behind_it() -> None:
    kept = Kept(b"abc", b"def")
    reader = ChunkedReader(kept, kept.pieces)
    assert (reader.read(3), reader.tell()) == (b"abc", 3)
    assert kept.asked == [("k0", 0, 3)]


def test_seeking_is_as_in_any_file() -> None:
    kept = Kept(b"abc", b"def")
    reader = ChunkedReader(kept, kept.pieces)
    assert reader.seek(-2, os.SEEK_END) == 4
    assert reader.seek(-3, os.SEEK_CUR) == 1
    assert reader.seek(100) == 100
    assert reader.read(5) == b""
    with pytest.raises(OSError, match="Invalid argument"):
        reader.seek(-1)
    with pytest.raises(ValueError, match="Invalid value for whence: 7"):
        reader.seek(0, 7)


def test_a_closed_reader_is_closed() -> None:
    reader = ChunkedReader(Kept(), [])
    reader.close()
    for use in (reader.tell, lambda: reader.seek(0), lambda: reader.read(1)):
        with pytest.raises(ValueError, match="I/O operation on closed file"):
            use()


def test_an_empty_file_has_nothing_to_read() -> None:
    with open_file(Kept(), []) as stream:
        assert (stream.read(), stream.seek(5), stream.read(1)) == (b"", 5, b"")


def test_an_archive_is_opened_without_reading_it_whole() -> None:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("large", os.urandom(4 * 1024 * 1024))
        archive.writestr("small", b"found")
    content = whole.getvalue()
    step = 512 * 1024
    kept = Kept(*(content[at : at + step] for at in range(0, len(content), step)))
    with open_file(kept, kept.pieces) as stream, zipfile.ZipFile(stream) as archive:
        assert archive.read("small") == b"found"
    assert sum(length for _, _, length in kept.asked) < 6 * BUFFER_BYTES


PIECES = st.lists(st.binary(min_size=1, max_size=9), max_size=6)


@given(contents=PIECES, moves=st.lists(st.tuples(st.integers(0, 60), st.integers(-1, 30))))
def test_it_reads_as_the_whole_in_memory_does(
    contents: list[bytes], moves: list[tuple[int, int]]
) -> None:
    kept, whole = Kept(*contents), io.BytesIO(b"".join(contents))
    with open_file(kept, kept.pieces) as stream:
        for to, most in moves:
            assert stream.seek(to) == whole.seek(to)
            assert stream.read(most) == whole.read(most)


@given(contents=PIECES, start=st.integers(0, 60), end=st.none() | st.integers(0, 60))
def test_a_stretch_is_a_slice(contents: list[bytes], start: int, end: int | None) -> None:
    kept, whole = Kept(*contents), b"".join(contents)
    assert b"".join(read_range(kept, kept.pieces, start, end)) == whole[start:end]
    assert sha1_of(read_range(kept, kept.pieces)) == sha1_of_bytes(whole)
