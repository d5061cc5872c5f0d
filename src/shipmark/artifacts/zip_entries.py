"""Reading of a file in a bundle by its stored location.

An event needs two files of a bundle that may have 100,000. Reading the bundle's directory for each event
would take longer than all other steps.
"""

import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO

from shipmark.artifacts.manifests import BundleProblem

_HEADER = struct.Struct("<4s22xHH")
_MAGIC = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class EntryLocation:
    """The location of a member. ``offset`` is that of its header in the file."""

    offset: int
    compressed_bytes: int
    size_bytes: int
    crc: int
    is_deflated: bool


def read(file: BinaryIO, place: EntryLocation) -> bytes:
    """Return the content of a member; the caller has checked its size, which is never exceeded."""
    file.seek(place.offset)
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size or header[:4] != _MAGIC:
        raise BundleProblem("a member is not where it was")
    _, name_bytes, extra_bytes = _HEADER.unpack(header)
    file.seek(place.offset + _HEADER.size + name_bytes + extra_bytes)
    value = file.read(place.compressed_bytes)
    content = _inflated(value, place.size_bytes) if place.is_deflated else value
    if len(content) != place.size_bytes or zlib.crc32(content) != place.crc:
        raise BundleProblem("a member is damaged")
    return content


def _inflated(value: bytes, size_bytes: int) -> bytes:
    """Return the decompressed value, at most of the declared size; zero would mean "without a limit"."""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(value, max(1, size_bytes))
    except zlib.error as error:
        raise BundleProblem("a member is damaged") from error
