"""Compressed bodies: ingest.md 1.4."""

import base64
import gzip
import random
import tracemalloc
import zlib
from collections.abc import Callable

import brotli  # type: ignore[import-untyped]  # its author ships no types
import pytest
import zstandard

from shipmark.http.encodings import (
    ZSTD_WINDOW_MAX_BYTES,
    decoder,
    legacy_store_body,
    undeclared_decoder,
)
from shipmark.infrastructure.errors import BadRequest, TooLarge

PLAIN = b'{}\n{"type":"session"}\n{"init":true}\n' * 50
MEGABYTE = 1024 * 1024
randbytes = random.Random(1).randbytes


def decoded(body: bytes, content_encoding: str, max_bytes: int) -> bytes:
    codec = decoder(content_encoding, max_bytes)
    return b"".join([*codec.feed(body), *codec.finish()])


def raw_deflate(body: bytes) -> bytes:
    """Compress without zlib's header, as some clients do."""
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(body) + stream.flush()


def zstd(body: bytes) -> bytes:
    """Compress with the size of the content in the frame."""
    return zstandard.ZstdCompressor().compress(body)


def zstd_stream(body: bytes) -> bytes:
    """Compress as a stream does, which does not know the size at its beginning."""
    stream = zstandard.ZstdCompressor().compressobj()
    return stream.compress(body) + stream.flush()


#: A frame without content, which a program may put between others (RFC 8878, 3.1.2).
ZSTD_SKIPPABLE = b"\x50\x2a\x4d\x18\x04\0\0\0skip"
CODECS = [
    pytest.param("gzip", gzip.compress, id="gzip"),
    pytest.param("x-gzip", gzip.compress, id="x-gzip"),
    pytest.param("deflate", zlib.compress, id="zlib"),
    pytest.param("deflate", raw_deflate, id="raw"),
    pytest.param("br", brotli.compress, id="br"),
    pytest.param("zstd", zstd, id="zstd"),
    pytest.param("zstd", zstd_stream, id="zstd-stream"),
]
Compress = Callable[[bytes], bytes]


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zlib.compress])
@pytest.mark.parametrize("content", [b"", b"{", PLAIN])
def test_gzip_and_zlib_are_known_without_a_header(
    pack: Callable[[bytes], bytes], content: bytes
) -> None:
    codec = undeclared_decoder(len(PLAIN))
    packed = pack(content)
    pieces = [piece for at in range(len(packed)) for piece in codec.feed(packed[at : at + 1])]
    assert b"".join([*pieces, *codec.finish()]) == content


def test_what_is_compressed_without_a_header_has_the_limit() -> None:
    with pytest.raises(TooLarge):
        list(undeclared_decoder(len(PLAIN) - 1).feed(gzip.compress(PLAIN)))


@pytest.mark.parametrize(("name", "compress"), CODECS)
def test_each_codec_is_undone(name: str, compress: Compress) -> None:
    assert decoded(compress(PLAIN), name, len(PLAIN)) == PLAIN


@pytest.mark.parametrize(("name", "compress"), CODECS)
@pytest.mark.parametrize(
    "content", [bytes(range(256)) * 4000, randbytes(300_000), b"a" * 3_000_000]
)
def test_a_body_of_many_pieces_is_undone(name: str, compress: Compress, content: bytes) -> None:
    body = compress(content)
    assert decoded(body, name, len(content)) == content
    codec = decoder(name, len(content))
    pieces = [piece for at in range(0, len(body), 997) for piece in codec.feed(body[at : at + 997])]
    assert b"".join([*pieces, *codec.finish()]) == content


@pytest.mark.parametrize(("name", "compress"), CODECS)
def test_an_empty_body_may_be_compressed(name: str, compress: Compress) -> None:
    assert decoded(compress(b""), name, 10) == b""


@pytest.mark.parametrize(("name", "compress"), CODECS)
def test_one_byte_over_the_limit_is_too_large(name: str, compress: Compress) -> None:
    with pytest.raises(TooLarge):
        decoded(compress(PLAIN), name, len(PLAIN) - 1)


@pytest.mark.parametrize(("name", "compress"), CODECS)
def test_a_bomb_is_not_unpacked(name: str, compress: Compress) -> None:
    bomb = compress(bytes(64 * MEGABYTE))
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            decoded(bomb, name, MEGABYTE)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * MEGABYTE


@pytest.mark.parametrize(("name", "compress"), CODECS)
def test_a_body_that_was_cut_off_is_refused(name: str, compress: Compress) -> None:
    with pytest.raises(BadRequest):
        decoded(compress(PLAIN)[:-3], name, MEGABYTE)


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("body", [b"", b"{}\n{}", b"\xff" * 40])
def test_a_body_in_another_encoding_is_refused(name: str, body: bytes) -> None:
    with pytest.raises(BadRequest):
        decoded(body, name, MEGABYTE)


@pytest.mark.parametrize(("name", "compress"), CODECS[2:])
def test_bytes_after_the_stream_are_refused(name: str, compress: Compress) -> None:
    with pytest.raises(BadRequest):
        decoded(compress(PLAIN) + b"junk", name, MEGABYTE)


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
@pytest.mark.parametrize("behind", [b"", b"\0", b"\r\n", b"junk" * 9, b"\x1f", b"\0" * 9000])
def test_gzip_may_have_several_members_and_bytes_behind_them(size: int, behind: bytes) -> None:
    parts = [PLAIN[:7], b"", PLAIN[7:], randbytes(100_000)]
    body = b"".join(map(gzip.compress, parts)) + behind
    codec = decoder("gzip", MEGABYTE)
    pieces = [
        piece for at in range(0, len(body), size) for piece in codec.feed(body[at : at + size])
    ]
    assert b"".join([*pieces, *codec.finish()]) == b"".join(parts)


def test_the_last_member_of_gzip_must_be_whole() -> None:
    with pytest.raises(BadRequest, match="does not match"):
        decoded(gzip.compress(PLAIN) + gzip.compress(PLAIN)[:-3], "gzip", MEGABYTE)


def test_members_of_gzip_have_limits() -> None:
    with pytest.raises(TooLarge):
        decoded(gzip.compress(PLAIN) * 2, "gzip", 2 * len(PLAIN) - 1)
    assert decoded(gzip.compress(b"a") * 1000, "gzip", MEGABYTE) == b"a" * 1000
    with pytest.raises(BadRequest, match="more than 1000 members"):
        decoded(gzip.compress(b"a") * 1001, "gzip", MEGABYTE)


@pytest.mark.parametrize("size", [1, 2, 7, 10_000])
def test_zstd_may_have_several_frames(size: int) -> None:
    parts = [PLAIN[:7], b"", PLAIN[7:], randbytes(100_000)]
    body = ZSTD_SKIPPABLE + b"".join(map(zstd_stream, parts)) + ZSTD_SKIPPABLE
    codec = decoder("zstd", MEGABYTE)
    pieces = [
        piece for at in range(0, len(body), size) for piece in codec.feed(body[at : at + size])
    ]
    assert b"".join([*pieces, *codec.finish()]) == b"".join(parts)


@pytest.mark.parametrize("last", [zstd(PLAIN)[:-3], ZSTD_SKIPPABLE[:-1], b"\0"])
def test_the_last_frame_of_zstd_must_be_whole(last: bytes) -> None:
    with pytest.raises(BadRequest, match="does not match"):
        decoded(zstd(PLAIN) + last, "zstd", MEGABYTE)


def test_frames_of_zstd_have_limits() -> None:
    with pytest.raises(TooLarge):
        decoded(zstd(PLAIN) * 2, "zstd", 2 * len(PLAIN) - 1)
    assert decoded(zstd(b"a") * 1000, "zstd", MEGABYTE) == b"a" * 1000
    with pytest.raises(BadRequest, match="more than 1000 frames"):
        decoded(zstd(b"a") * 1001, "zstd", MEGABYTE)


@pytest.mark.parametrize("name", ["", "identity", " Identity "])
def test_plain_bodies_pass(name: str) -> None:
    assert decoded(PLAIN, name, len(PLAIN)) == PLAIN


def test_plain_bodies_have_the_same_limit() -> None:
    with pytest.raises(TooLarge):
        decoded(PLAIN, "", len(PLAIN) - 1)


def test_stacked_codecs_are_undone_in_reverse() -> None:
    body = brotli.compress(gzip.compress(PLAIN))
    assert decoded(body, "GZIP, br", MEGABYTE) == PLAIN


@pytest.mark.parametrize("name", ["compress", "gzip, rot13", "gzip, gzip, gzip, gzip"])
def test_encodings_that_nobody_sends_are_refused(name: str) -> None:
    with pytest.raises(BadRequest):
        decoded(gzip.compress(PLAIN), name, MEGABYTE)


def test_a_zstd_window_beyond_the_one_for_http_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=24)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    body = stream.compress(bytes(2 * ZSTD_WINDOW_MAX_BYTES)) + stream.flush()
    with pytest.raises(BadRequest):
        decoded(body, "zstd", 4 * ZSTD_WINDOW_MAX_BYTES)


def test_a_legacy_store_body_is_unpacked() -> None:
    body = base64.b64encode(zlib.compress(b'{"message":"hello"}'))
    assert legacy_store_body(body, 100) == b'{"message":"hello"}'


def test_a_store_body_in_json_passes() -> None:
    assert legacy_store_body(b' {"message":"hello"}', 100) == b' {"message":"hello"}'


def test_a_store_body_may_be_base64_alone() -> None:
    assert legacy_store_body(base64.b64encode(b'{"a":1}'), 100) == b'{"a":1}'


@pytest.mark.parametrize("compress", [gzip.compress, zlib.compress])
def test_a_store_body_may_be_compressed_without_a_header(
    compress: Callable[[bytes], bytes],
) -> None:
    """A proxy that drops ``Content-Encoding`` leaves the body as it is."""
    body = compress(b'{"message":"hello"}')
    assert legacy_store_body(body, 100) == b'{"message":"hello"}'
    assert legacy_store_body(base64.b64encode(body), 100) == b'{"message":"hello"}'


@pytest.mark.parametrize(
    "body",
    [b"", b"nonsense", b"\xff\xfe", base64.b64encode(b"nonsense"), b"[]", b"null", b"h\x81"],
)
def test_a_store_body_of_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest, match="neither a JSON object nor base64"):
        legacy_store_body(body, 100)


@pytest.mark.parametrize(
    "body",
    [
        b"{" + b" " * 200 + b"}",
        base64.b64encode(b"{" + b" " * 200 + b"}"),
        base64.b64encode(zlib.compress(b"{" + b" " * 200 + b"}")),
    ],
)
def test_a_store_body_over_the_limit_is_too_large(body: bytes) -> None:
    with pytest.raises(TooLarge):
        legacy_store_body(body, 100)
