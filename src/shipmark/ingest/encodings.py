"""How is a compressed body read without trusting its sender?

Every codec is asked for at most one byte more than the limit, so that a body that unpacks to
gigabytes costs no more than an honest one of the allowed size (ingest.md 1.4).
"""

import base64
import binascii
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]  # its author ships no types
import zstandard

from shipmark.ground.errors import BadRequest, TooLarge, Unsupported

#: Nobody stacks more than two; each layer is a whole pass over the body.
CODECS_MAX = 3

#: Window that RFC 9659 allows for zstd over HTTP; larger ones only cost the receiver memory.
ZSTD_WINDOW_MAX_BYTES = 8 * 1024 * 1024

_GZIP_WINDOW = 31
_ZLIB_WINDOW = 15
_RAW_WINDOW = -15


def decoded(body: bytes, content_encoding: str, max_bytes: int) -> bytes:
    """Undo ``Content-Encoding``, last codec first; the limit holds for each layer."""
    names = [name.strip().lower() for name in content_encoding.split(",") if name.strip()]
    if len(names) > CODECS_MAX:
        raise Unsupported(f"more than {CODECS_MAX} content encodings")
    for name in reversed(names):
        if name not in _CODECS:
            raise Unsupported("unknown content encoding; use gzip, deflate, br or zstd")
    for name in reversed(names):
        body = _CODECS[name](body, max_bytes)
    return _within(body, max_bytes)


def legacy_store_body(body: bytes, max_bytes: int) -> bytes:
    """Undo base64(zlib(JSON)), which old SDKs send without saying so (ingest.md 1.4)."""
    if _is_json(body):
        return _within(body, max_bytes)
    try:
        unpacked = base64.b64decode(body)
    except (binascii.Error, ValueError) as error:
        raise BadRequest("store body is neither JSON nor base64") from error
    if _is_json(unpacked):
        return _within(unpacked, max_bytes)
    return _inflated(unpacked, max_bytes, _ZLIB_WINDOW)


def _is_json(body: bytes) -> bool:
    return body.lstrip()[:1] == b"{"


def _identity(body: bytes, max_bytes: int) -> bytes:
    return _within(body, max_bytes)


def _gzip(body: bytes, max_bytes: int) -> bytes:
    return _inflated(body, max_bytes, _GZIP_WINDOW)


def _deflate(body: bytes, max_bytes: int) -> bytes:
    """Read zlib, as the standard says, else raw deflate, as some clients understood it."""
    try:
        return _zlib_stream(body, max_bytes, _ZLIB_WINDOW)
    except zlib.error:
        return _inflated(body, max_bytes, _RAW_WINDOW)


def _inflated(body: bytes, max_bytes: int, window: int) -> bytes:
    try:
        return _zlib_stream(body, max_bytes, window)
    except zlib.error as error:
        raise _broken() from error


def _zlib_stream(body: bytes, max_bytes: int, window: int) -> bytes:
    stream = zlib.decompressobj(window)
    unpacked = _within(stream.decompress(body, max_bytes + 1), max_bytes)
    return _complete(unpacked, is_complete=stream.eof and not stream.unused_data)


def _brotli(body: bytes, max_bytes: int) -> bytes:
    stream = brotli.Decompressor()
    try:
        unpacked = bytes(stream.process(body, output_buffer_limit=max_bytes + 1))
    except brotli.error as error:
        raise _broken() from error
    return _complete(_within(unpacked, max_bytes), is_complete=stream.is_finished())


def _zstd(body: bytes, max_bytes: int) -> bytes:
    """Measure, then unpack: only the reader stops early, only the object knows a cut-off body."""
    context = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_MAX_BYTES)
    try:
        _within(context.stream_reader(body).read(max_bytes + 1), max_bytes)
        stream = context.decompressobj()
        unpacked = stream.decompress(body)
    except zstandard.ZstdError as error:
        raise _broken() from error
    return _complete(unpacked, is_complete=stream.eof and not stream.unused_data)


def _within(body: bytes, max_bytes: int) -> bytes:
    if len(body) > max_bytes:
        raise TooLarge(f"body exceeded size limit of {max_bytes} bytes")
    return body


def _complete(body: bytes, *, is_complete: bool) -> bytes:
    if not is_complete:
        raise _broken()
    return body


def _broken() -> BadRequest:
    return BadRequest("body does not match its content encoding")


_CODECS: dict[str, Callable[[bytes, int], bytes]] = {
    "identity": _identity,
    "gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
