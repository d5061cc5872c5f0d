"""``chunk-upload/``: how chunks are to be sent, and which are taken."""

import gzip
from collections.abc import Callable

import pytest
import zstandard
from artifacts import CHUNK_UPLOAD, asked, form, send, sha1
from client_fixtures import Serve
from factories import (
    ADDRESS,
    ALICE,
    NO_CREDENTIALS,
    NOT_ALLOWED,
    Bearer,
    Caller,
    World,
    on_one_database,
)

from shipmark.api.uploads.chunks import CHUNKS_MAX, REQUEST_MAX
from shipmark.files.model import CHUNK_MAX
from shipmark.infrastructure.blobs import Blobs

#: For what no database has a say in.
LARGE = on_one_database


def missing(caller: Caller, *chunks: bytes) -> list[str]:
    """Which of them are not there?"""
    body = asked(b"whole", chunks=chunks, projects=["web"])
    told: list[str] = caller.post("/organizations/acme/artifactbundle/assemble/", body).json()[
        "missingChunks"
    ]
    return told


def refused(caller: Caller, error: str, **more: object) -> None:
    answer = caller.post(CHUNK_UPLOAD, **more)
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_the_rules_are_told(alice: Caller) -> None:
    told = alice.get(CHUNK_UPLOAD).json()
    assert told["url"] == "https://ship.example.com/api/0/organizations/acme/chunk-upload/"
    assert (told["chunkSize"], told["chunksPerRequest"]) == (8388608, 64)
    assert (told["maxFileSize"], told["maxRequestSize"]) == (2147483648, 33554432)
    assert (told["concurrency"], told["hashAlgorithm"]) == (8, "sha1")
    assert told["compression"] == ["gzip"]
    assert {"artifact_bundles", "artifact_bundles_v2", "release_files"} <= set(told["accept"])


@pytest.mark.parametrize(
    ("user_agent", "is_relative"),
    [
        ("sentry-cli/3.8.2", True),
        ("sentry-cli/1.71.0", True),
        ("sentry-cli/1.70.1", True),
        ("sentry-cli/1.70.0", False),
        ("curl/8.5.0", False),
    ],
)
@on_one_database
def test_the_command_line_sends_chunks_where_it_reached_a_server_without_a_base_url(
    serve: Serve, world: World, user_agent: str, is_relative: bool
) -> None:
    caller = Caller(serve(base_url=""), world.tokens[ALICE])
    answer = caller.get(CHUNK_UPLOAD, headers={"User-Agent": user_agent})
    path = "organizations/acme/chunk-upload/"
    assert answer.json()["url"] == (path if is_relative else f"{ADDRESS}/api/0/{path}")


def test_a_base_url_is_told_to_the_command_line(alice: Caller) -> None:
    answer = alice.get(CHUNK_UPLOAD, headers={"User-Agent": "sentry-cli/3.8.2"})
    assert answer.json()["url"].startswith("https://ship.example.com/")


def test_chunks_are_there_once_they_were_sent(alice: Caller) -> None:
    chunks = [b"one", b"two", b""]
    assert missing(alice, *chunks) == [sha1(it) for it in chunks]
    answer = send(alice, *chunks)
    assert (answer.status_code, answer.content) == (200, b"")
    assert missing(alice, *chunks, b"three") == [sha1(b"three")]


@pytest.mark.parametrize("name", ["file", "file_gzip"])
def test_chunks_come_plain_and_compressed(alice: Caller, name: str) -> None:
    assert alice.post(CHUNK_UPLOAD, files=form(b"chunk " * 99, name=name)).status_code == 200
    assert missing(alice, b"chunk " * 99) == []


@pytest.mark.parametrize(
    ("encoding", "compressed"),
    [("gzip", gzip.compress), ("zstd", zstandard.ZstdCompressor().compress)],
)
def test_parts_come_in_the_encoding_that_the_request_names(
    alice: Caller, encoding: str, compressed: Callable[[bytes], bytes]
) -> None:
    chunk = b"chunk " * 99
    answer = alice.post(
        CHUNK_UPLOAD,
        files=[("file", (sha1(chunk), compressed(chunk)))],
        headers={"Content-Encoding": encoding},
    )
    assert answer.status_code == 200
    assert missing(alice, chunk) == []


def test_an_encoding_that_nobody_knows_is_refused(alice: Caller) -> None:
    headers = {"Content-Encoding": "br"}
    refused(alice, "Unsupported Content-Encoding", files=form(b"x"), headers=headers)


def test_two_encodings_at_once_are_refused(alice: Caller) -> None:
    error = "Cannot combine Content-Encoding with file_gzip field"
    headers = {"Content-Encoding": "gzip"}
    refused(alice, error, files=form(b"x", name="file_gzip"), headers=headers)


@pytest.mark.parametrize(
    "broken", [b"no gzip", gzip.compress(b"cut off", mtime=0)[:-5], b"", b"\x1f\x8b"]
)
def test_a_broken_compression_is_refused(alice: Caller, broken: bytes) -> None:
    part = ("file_gzip", (sha1(b"cut off"), broken))
    answer = alice.post(CHUNK_UPLOAD, files=[part])
    assert answer.status_code == 400
    assert answer.json()["error"] in {"Invalid gzip payload", "Checksum mismatch"}


@pytest.mark.parametrize("name", ["f" * 40, "abc", sha1(b"x").upper(), "", "../../x"])
def test_a_chunk_that_is_not_what_its_name_says_is_refused_with_all_others(
    alice: Caller, blobs: Blobs, name: str
) -> None:
    files = [*form(b"good"), ("file", (name or " ", b"x"))]
    refused(alice, "Checksum mismatch", files=files)
    assert missing(alice, b"good") == [sha1(b"good")]


@LARGE
def test_a_chunk_over_its_limit_is_refused(alice: Caller) -> None:
    large = b"x" * (CHUNK_MAX + 1)
    assert send(alice, large[1:]).status_code == 200
    refused(alice, "Chunk size too large", files=form(large))


@LARGE
@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_is_refused_before_it_goes_off(alice: Caller, encoding: str) -> None:
    plain = b"\0" * (CHUNK_MAX * 20)
    bomb = gzip.compress(plain) if encoding == "gzip" else zstandard.compress(plain)
    files = [("file", (sha1(plain), bomb))]
    refused(alice, "Chunk size too large", files=files, headers={"Content-Encoding": encoding})


@LARGE
def test_many_bombs_in_one_request_are_too_large(alice: Caller) -> None:
    chunks = [bytes([n]) * CHUNK_MAX for n in range(REQUEST_MAX // CHUNK_MAX + 1)]
    refused(alice, "Request too large", files=form(*chunks, name="file_gzip"))
    assert missing(alice, chunks[0]) == [sha1(chunks[0])]


def test_too_many_chunks_are_refused(alice: Caller) -> None:
    chunks = [b"%d" % n for n in range(CHUNKS_MAX + 1)]
    assert send(alice, *chunks[1:]).status_code == 200
    refused(alice, "Too many chunks", files=form(*chunks))


def test_no_chunks_are_fine(alice: Caller) -> None:
    assert alice.post(CHUNK_UPLOAD).status_code == 200
    assert alice.post(CHUNK_UPLOAD, files=[("other", ("abc", b"passed over"))]).status_code == 200


def test_a_form_without_a_body_has_no_chunks(alice: Caller) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = alice.post(CHUNK_UPLOAD, content=b"", headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")


def test_what_is_no_form_is_refused(alice: Caller) -> None:
    assert alice.post(CHUNK_UPLOAD, {"a": 1}).status_code == 415
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = alice.post(CHUNK_UPLOAD, content=b"nothing of the kind", headers=headers)
    assert answer.status_code == 400
    assert "Multipart form parse error" in answer.json()["detail"]


def test_a_form_that_ends_too_early_is_refused(alice: Caller) -> None:
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\nhalf'
        % sha1(b"half and half").encode()
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    assert alice.post(CHUNK_UPLOAD, content=body, headers=headers).status_code == 400
    assert missing(alice, b"half") == [sha1(b"half")]


def test_chunks_of_one_organization_are_not_another_s(alice: Caller, charlie: Caller) -> None:
    send(alice, b"secret")
    body = asked(b"secret", projects=["web"])
    told = charlie.post("/organizations/globex/artifactbundle/assemble/", body).json()
    assert told == {"state": "not_found", "missingChunks": [sha1(b"secret")]}


def test_only_those_who_may_publish_send_chunks(
    anonymous: Caller, charlie: Caller, bearer: Bearer, organization_token: Caller
) -> None:
    reader = bearer(scopes=["project:read"])
    assert send(organization_token, b"x").status_code == 200
    assert send(anonymous, b"x").json() == NO_CREDENTIALS
    assert send(charlie, b"x").json() == NOT_ALLOWED
    assert send(reader, b"x").json() == NOT_ALLOWED
    assert reader.get(CHUNK_UPLOAD).status_code == 200
    assert charlie.get(CHUNK_UPLOAD).json() == NOT_ALLOWED
