"""Texts of uploaded scripts, maps and sources, which build tools may leave compressed, or in UTF-16."""

import zlib

from shipmark.artifacts.artifact_lookup import Unreadable
from shipmark.infrastructure.text_encodings import in_utf8

_GZIP_HEAD = b"\x1f\x8b"
_GZIP_WINDOW = 31


def unpacked(content: bytes, bytes_max: int) -> bytes:
    """Return the text in UTF-8, or what a text with more than ``bytes_max`` bytes begins with.

    Raise `Unreadable` if it is compressed, and damaged.
    """
    if content.startswith(_GZIP_HEAD):
        stream = zlib.decompressobj(_GZIP_WINDOW)
        try:
            content = stream.decompress(content, bytes_max + 1)
        except zlib.error as error:
            raise Unreadable("it is compressed, and damaged") from error
        if not stream.eof and len(content) <= bytes_max:
            raise Unreadable("it is compressed, and cut off")
    return in_utf8(content) if len(content) <= bytes_max else content
