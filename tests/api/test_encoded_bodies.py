"""Bodies of the API that are compressed, or in another character set."""

import gzip
import json
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard
from client_fixtures import Serve
from factories import RELEASES, Caller, World, on_one_database
from httpx import Response

BODY = json.dumps({"version": "läuft@1.0", "projects": ["web"]}, ensure_ascii=False)


def post(caller: Caller, content: bytes, encoding: str = "", charset: str = "") -> Response:
    media_type = "application/json" + (f"; charset={charset}" if charset else "")
    headers = {"Content-Type": media_type} | ({"Content-Encoding": encoding} if encoding else {})
    return caller.post(RELEASES, content=content, headers=headers)


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("X-GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("zstd", zstandard.compress),
        ("gzip, deflate", lambda body: zlib.compress(gzip.compress(body))),
        ("identity", bytes),
        # What programs write that mean the character set.
        ("utf-8", bytes),
    ],
)
@on_one_database
def test_a_compressed_body_is_read(
    alice: Caller, encoding: str, encode: Callable[[bytes], bytes]
) -> None:
    answer = post(alice, encode(BODY.encode()), encoding)
    assert (answer.status_code, answer.json()["version"]) == (201, "läuft@1.0")


@on_one_database
def test_a_body_with_a_schema_may_be_compressed(alice: Caller) -> None:
    body = {"checksum": "a" * 40, "chunks": [], "projects": ["web"]}
    answer = alice.post(
        "/organizations/acme/artifactbundle/assemble/",
        content=gzip.compress(json.dumps(body).encode()),
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
    )
    assert (answer.status_code, answer.json()["state"]) == (200, "not_found")


@on_one_database
def test_the_body_of_a_release_hook_may_be_compressed(alice: Caller, anonymous: Caller) -> None:
    url = alice.get("/projects/acme/web/releases/token/").json()["webhookUrl"]
    content, headers = gzip.compress(b'{"version":"a"}'), {"Content-Encoding": "gzip"}
    assert anonymous.client.post(url, content=content, headers=headers).status_code == 201


@on_one_database
def test_a_body_that_is_not_encoded_as_it_says_is_refused(alice: Caller) -> None:
    for content in (BODY.encode(), gzip.compress(BODY.encode())[:-4]):
        answer = post(alice, content, "gzip")
        assert answer.status_code == 400
        assert answer.json() == {"detail": "body does not match its content encoding"}


@on_one_database
def test_a_body_that_unpacks_without_end_is_refused(serve: Serve, world: World) -> None:
    caller = Caller(serve(body_max_bytes=10_000), world.tokens["alice@example.com"])
    assert post(caller, gzip.compress(b" " * 10_001), "gzip").status_code == 413


@pytest.mark.parametrize(
    ("charset", "content"),
    [
        ("", BODY.encode()),
        ("UTF-8", BODY.encode()),
        ("ISO-8859-1", BODY.encode("latin-1")),
        ("windows-1252", BODY.encode("cp1252")),
        ("utf-16", BODY.encode("utf-16")),
        ("unknown", BODY.encode()),
    ],
)
@on_one_database
def test_the_character_set_counts(alice: Caller, charset: str, content: bytes) -> None:
    answer = post(alice, content, charset=charset)
    assert (answer.status_code, answer.json()["version"]) == (201, "läuft@1.0")


@on_one_database
def test_bytes_of_another_character_set_are_refused(alice: Caller) -> None:
    for charset, content in (("", BODY.encode("latin-1")), ("utf-16", b"{}x")):
        answer = post(alice, content, charset=charset)
        assert answer.status_code == 400
        assert answer.json()["detail"].startswith("JSON parse error - ")
