"""Decompression of request bodies, as a stream and within limits (ingest.md 1.4).

A decoder is fed with received content and yields the decoded content in pieces of at most a few megabytes, so that a
decompression bomb needs no more memory than other bodies. The limit applies to the output of each codec.
"""

import base64
import binascii
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import brotli  # type: ignore[import-untyped]  # its author ships no types
import zstandard

from shipmark.infrastructure.errors import BadRequest, TooLarge

#: Clients use at most two; each codec is a pass over the whole body.
CODECS_MAX = 3
#: The window that RFC 9659 allows for zstd over HTTP; larger ones only need more memory.
ZSTD_WINDOW_MAX_BYTES = 8 * 1024 * 1024
#: The most bytes that one step of a decoder returns, if its library has such a limit.
_PIECE_BYTES = 64 * 1024
#: zstd's library has no limit; a block of 128 KiB takes at least four bytes, so this yields two megabytes at most.
_ZSTD_SLICE_BYTES = 64
_GZIP_WINDOW = 31
_ZLIB_WINDOW = 15
_RAW_WINDOW = -15
_GZIP_HEAD = b"\x1f\x8b"
#: Of gzip each takes 15 µs to begin, and may be 20 bytes. It is the limit of frames of zstd, too.
_MEMBERS_MAX = 1000
_NO_EVENT = "store body is neither a JSON object nor base64"


class Decoder(Protocol):
    """A decoder of one or several codecs."""

    def feed(self, content: bytes) -> Iterator[bytes]:
        """Yield the content that can be decoded now; raise `BadRequest` if the encoding is invalid."""

    def finish(self) -> Iterator[bytes]:
        """Yield the rest; raise `BadRequest` if the body is truncated."""


def decoder(content_encoding: str, max_bytes: int) -> Decoder:
    """Return the decoder for a ``Content-Encoding``: the last codec is decoded first, and each has the limit.

    Raise `BadRequest` for unknown codecs (ingest.md 1.3). The decoder raises `TooLarge` beyond the limit.
    """
    names = _codec_names(content_encoding)
    if len(names) > CODECS_MAX:
        raise BadRequest(f"more than {CODECS_MAX} content encodings")
    if not _CODECS.keys() >= set(names):
        raise BadRequest("unknown content encoding; use gzip, deflate, br or zstd")
    codecs = [_CODECS[name]() for name in reversed(names)]
    return _Chain([_Limited(codec, max_bytes) for codec in codecs or [_Identity()]])


def undeclared_decoder(max_bytes: int) -> Decoder:
    """Return the decoder for a text that no header describes: of gzip or zlib if it begins so, as no text does.

    Proxies and tunnels pass the body on, but not always its ``Content-Encoding``.
    """
    return _Limited(_Undeclared(), max_bytes)


def decompressed(body: bytes, content_encoding: str, max_bytes: int) -> bytes:
    """Return a whole body without its encodings.

    Unknown ones are ignored, as in the reference: programs write ``Content-Encoding: utf-8`` for the character set.
    """
    if not _CODECS.keys() >= set(_codec_names(content_encoding)):
        return body
    codecs = decoder(content_encoding, max_bytes)
    return b"".join([*codecs.feed(body), *codecs.finish()])


def _codec_names(content_encoding: str) -> list[str]:
    return [name.strip().lower() for name in content_encoding.split(",") if name.strip()]


def legacy_store_body(body: bytes, max_bytes: int) -> bytes:
    """Return the JSON in a body that no header describes (ingest.md 1.4).

    Old SDKs send base64(zlib(JSON)); a proxy that drops ``Content-Encoding`` leaves gzip or zlib.
    """
    if _is_json(body):
        return _within(body, max_bytes)
    if not _is_compressed(body):
        try:
            # In forms and queries a "+" that was not encoded is read as a blank.
            body = base64.b64decode(body.strip().replace(b" ", b"+"))
        except (binascii.Error, ValueError) as error:
            raise BadRequest(_NO_EVENT) from error
    if _is_json(body):
        return _within(body, max_bytes)
    if not (body.startswith(_GZIP_HEAD) or _has_zlib_head(body)):
        raise BadRequest(_NO_EVENT)
    codec = _Limited(_of_head(body), max_bytes)
    return b"".join([*codec.feed(body), *codec.finish()])


def _of_head(body: bytes) -> Decoder:
    """Return the decoder of gzip or zlib."""
    return _Gzip() if body.startswith(_GZIP_HEAD) else _Deflate()


def _is_compressed(body: bytes) -> bool:
    """Return True for gzip, and for zlib with the usual window, as which no base64 begins."""
    return body.startswith(_GZIP_HEAD) or (body.startswith(b"x") and _has_zlib_head(body))


def _has_zlib_head(body: bytes) -> bool:
    return len(body) >= 2 and body[0] & 0x0F == 8 and (body[0] * 256 + body[1]) % 31 == 0


def _is_json(body: bytes) -> bool:
    return body.lstrip()[:1] == b"{"


class _Chain:
    """A chain of decoders: each gets the output of the one before."""

    def __init__(self, decoders: Sequence[Decoder]) -> None:
        self._first, self._rest = decoders[0], _Chain(decoders[1:]) if decoders[1:] else None

    def feed(self, content: bytes) -> Iterator[bytes]:
        return self._piped(self._first.feed(content))

    def finish(self) -> Iterator[bytes]:
        yield from self._piped(self._first.finish())
        if self._rest is not None:
            yield from self._rest.finish()

    def _piped(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        if self._rest is None:
            yield from pieces
            return
        for piece in pieces:
            yield from self._rest.feed(piece)


class _Limited:
    """A decoder with a limit on its output."""

    def __init__(self, codec: Decoder, max_bytes: int) -> None:
        self._codec, self._max_bytes, self._count = codec, max_bytes, 0

    def feed(self, content: bytes) -> Iterator[bytes]:
        return self._counted(self._codec.feed(content))

    def finish(self) -> Iterator[bytes]:
        return self._counted(self._codec.finish())

    def _counted(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._count += len(piece)
            if self._count > self._max_bytes:
                raise _too_large(self._max_bytes)
            yield piece


class _Identity:
    def feed(self, content: bytes) -> Iterator[bytes]:
        if content:
            yield content

    def finish(self) -> Iterator[bytes]:
        return iter(())


class _Zlib:
    """A member of gzip, zlib or raw deflate, selected by the window. ``unused`` is what was fed behind its end."""

    def __init__(self, window: int) -> None:
        self._stream = zlib.decompressobj(window)
        self.unused = b""

    @property
    def has_ended(self) -> bool:
        return self._stream.eof

    def feed(self, content: bytes) -> Iterator[bytes]:
        while content:
            if self._stream.eof:
                self.unused = content
                return
            try:
                piece = self._stream.decompress(content, _PIECE_BYTES)
            except zlib.error as error:
                raise _broken() from error
            content = self._stream.unused_data or self._stream.unconsumed_tail
            if piece:
                yield piece

    def finish(self) -> Iterator[bytes]:
        # All input is consumed: the rest is the end of one match, a few hundred bytes.
        if rest := self._stream.flush():
            yield rest
        if not self._stream.eof:
            raise _broken()


class _Gzip:
    """gzip: one member or several (RFC 1952, 2.2). Bytes behind them are ignored, as the program of this name does."""

    def __init__(self) -> None:
        self._member, self._count = _Zlib(_GZIP_WINDOW), 1
        self._head, self._is_over = b"", False

    def feed(self, content: bytes) -> Iterator[bytes]:
        while content and not self._is_over:
            if not self._member.has_ended:
                yield from self._member.feed(content)
                content = self._member.unused
                continue
            content, self._head = self._head + content, b""
            if len(content) < len(_GZIP_HEAD):
                self._head = content
                return
            if content.startswith(_GZIP_HEAD):
                self._begin_member()
            else:
                self._is_over = True

    def finish(self) -> Iterator[bytes]:
        return self._member.finish()

    def _begin_member(self) -> None:
        self._count += 1
        if self._count > _MEMBERS_MAX:
            raise BadRequest(f"more than {_MEMBERS_MAX} members of gzip")
        self._member = _Zlib(_GZIP_WINDOW)


class _Deflate:
    """zlib, as the standard defines, else raw deflate, as some clients send.

    The two bytes of zlib's header decide: raw deflate would begin with a stored block whose padding is not zero.
    """

    def __init__(self) -> None:
        self._head = b""
        self._codec: _Zlib | None = None

    def feed(self, content: bytes) -> Iterator[bytes]:
        if self._codec is None:
            self._head += content
            if len(self._head) < 2:
                return
            self._codec = _Zlib(_ZLIB_WINDOW if _has_zlib_head(self._head) else _RAW_WINDOW)
            content, self._head = self._head, b""
        yield from self._codec.feed(content)
        if self._codec.unused:
            raise _broken()

    def finish(self) -> Iterator[bytes]:
        if self._codec is None:
            raise _broken()
        yield from self._codec.finish()


class _Undeclared:
    """gzip or zlib, by its first two bytes, or else the content as it is."""

    def __init__(self) -> None:
        self._head = b""
        self._codec: Decoder | None = None

    def feed(self, content: bytes) -> Iterator[bytes]:
        if self._codec is None:
            content = self._head = self._head + content
            if len(content) < 2:
                return
            self._codec = _of_head(content) if _is_compressed(content) else _Identity()
        yield from self._codec.feed(content)

    def finish(self) -> Iterator[bytes]:
        yield from self._codec.finish() if self._codec else _Identity().feed(self._head)


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    def feed(self, content: bytes) -> Iterator[bytes]:
        if not content:
            return
        try:
            piece = self._stream.process(content, output_buffer_limit=_PIECE_BYTES)
            # It may have consumed all content, and yet hold output beyond the limit.
            while piece or not self._stream.can_accept_more_data():
                yield bytes(piece)
                if self._stream.is_finished():
                    return
                piece = self._stream.process(b"", output_buffer_limit=_PIECE_BYTES)
        except brotli.error as error:
            raise _broken() from error

    def finish(self) -> Iterator[bytes]:
        if not self._stream.is_finished():
            raise _broken()
        return iter(())


class _Zstd:
    """zstd: one frame or several, of which some may be skippable (RFC 8878, 3.1)."""

    def __init__(self) -> None:
        self._context = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_MAX_BYTES)
        self._frame, self._count = self._context.decompressobj(), 1

    def feed(self, content: bytes) -> Iterator[bytes]:
        for at in range(0, len(content), _ZSTD_SLICE_BYTES):
            rest = content[at : at + _ZSTD_SLICE_BYTES]
            while rest:
                if self._frame.eof:
                    self._begin_frame()
                try:
                    piece = self._frame.decompress(rest)
                except zstandard.ZstdError as error:
                    raise _broken() from error
                rest = self._frame.unused_data
                if piece:
                    yield piece

    def finish(self) -> Iterator[bytes]:
        if not self._frame.eof:
            raise _broken()
        return iter(())

    def _begin_frame(self) -> None:
        self._count += 1
        if self._count > _MEMBERS_MAX:
            raise BadRequest(f"more than {_MEMBERS_MAX} frames of zstd")
        self._frame = self._context.decompressobj()


def _within(body: bytes, max_bytes: int) -> bytes:
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    return body


def _too_large(max_bytes: int) -> TooLarge:
    return TooLarge(f"body exceeded size limit of {max_bytes} bytes")


def _broken() -> BadRequest:
    return BadRequest("body does not match its content encoding")


_CODECS: dict[str, Callable[[], Decoder]] = {
    "identity": _Identity,
    "gzip": _Gzip,
    # The older name of the same (RFC 9110, 8.4.1.3).
    "x-gzip": _Gzip,
    "deflate": _Deflate,
    "br": _Brotli,
    "zstd": _Zstd,
}
