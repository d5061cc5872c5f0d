"""Nothing is unpacked for an unknown key, and what is unpacked for known ones is bounded (ingest.md 1.1, 4.1)."""

import base64
import gzip
import json
import tracemalloc
import zlib
from random import Random

import brotli
import pytest
import zstandard
from client_fixtures import Serve
from factories import World, counts, envelope, error_event, on_one_database
from httpx import Client, Response

from shipmark.http.body_budget import BodyBudget
from shipmark.infrastructure.database import Database

UNKNOWN = "f" * 32
MEBIBYTE = 1024 * 1024
REJECTED = "event submission rejected with_reason: ProjectId"

#: Bodies that are refused with 400 or 413 as soon as they are unpacked or parsed.
UNREADABLE = {
    "unknown encoding": ({"Content-Encoding": "rot13"}, b"x"),
    "not gzip": ({"Content-Encoding": "gzip"}, b"x" * 1000),
    "a bomb": ({"Content-Encoding": "gzip"}, gzip.compress(bytes(2 * MEBIBYTE))),
    "over the limit": ({}, b"{}\n" + b"x" * 2 * MEBIBYTE),
    "no envelope": ({}, b"x"),
    "empty": ({}, b""),
}


def auth(key: str) -> dict[str, str]:
    return {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={key}"}


def sent(client: Client, path: str, content: bytes, headers: dict[str, str]) -> Response:
    return client.post(f"/api/{path}", content=content, headers=headers)


@pytest.fixture
def small(serve: Serve) -> Client:
    """A server whose envelopes have a mebibyte at most."""
    return serve(envelope_max_bytes=MEBIBYTE)


@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.parametrize("endpoint", ["envelope", "store"])
@on_one_database
def test_an_unknown_key_is_refused_whatever_the_body(
    small: Client, world: World, name: str, endpoint: str
) -> None:
    headers, body = UNREADABLE[name]
    path = f"{world.projects['web']}/{endpoint}/"
    in_header = sent(small, path, body, headers | auth(UNKNOWN))
    in_query = sent(small, f"{path}?sentry_key={UNKNOWN}", body, headers)
    for answer in (in_header, in_query):
        assert (answer.status_code, answer.json()["detail"]) == (403, REJECTED)
    good = sent(small, path, body, headers | auth(world.keys["web"]))
    assert good.status_code in {400, 413}


@pytest.mark.parametrize(
    ("name", "compress"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("zstd", zstandard.compress),
    ],
)
@on_one_database
def test_an_envelope_is_unpacked_no_further_than_its_first_line_names_an_unknown_key(
    small: Client, world: World, name: str, compress: object
) -> None:
    project = world.projects["web"]
    body = b'{"dsn":"https://%s@ship.example.com/%d"}\n' % (UNKNOWN.encode(), project)
    packed = compress(body + Random(1).randbytes(600_000) + bytes(2 * MEBIBYTE))  # type: ignore[operator]  # each is a function
    cut_off = packed[: len(packed) - 3]
    for content in (packed, cut_off):
        answer = sent(small, f"{project}/envelope/", content, {"Content-Encoding": name})
        assert (answer.status_code, answer.json()["detail"]) == (403, REJECTED)


@on_one_database
def test_a_first_line_without_end_is_refused(small: Client, world: World) -> None:
    body = gzip.compress(b'{"dsn":"' + b"x" * 500_000)
    path = f"{world.projects['web']}/envelope/"
    answer = sent(small, path, body, {"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        "malformed envelope: a header has over 65536 bytes",
    )


@on_one_database
def test_an_item_that_is_not_kept_is_passed_without_holding_it(
    client: Client, world: World, database: Database
) -> None:
    recording = b'{"type":"replay_recording","length":%d}\n' % (60 * MEBIBYTE)
    body = gzip.compress(envelope(error_event()) + b"\n" + recording + bytes(60 * MEBIBYTE))
    headers = {"Content-Encoding": "gzip"} | auth(world.keys["web"])
    tracemalloc.start()
    try:
        answer = sent(client, f"{world.projects['web']}/envelope/", body, headers)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status_code == 200
    assert counts(database)["events"] == 1
    assert peak < 10 * MEBIBYTE


@on_one_database
def test_a_second_event_is_refused_before_it_is_held(client: Client, world: World) -> None:
    item = b'{"type":"event"}\n{"message":"%s"}\n' % (b"x" * 1000)
    path = f"{world.projects['web']}/envelope/"
    answer = sent(client, path, b"{}\n" + item * 900, auth(world.keys["web"]))
    assert answer.json()["detail"] == "an envelope holds one event at the most"


def budget_of(client: Client) -> BodyBudget:
    """Return the budget of the server: tests hold some of it in the place of another request."""
    found: BodyBudget = client.limits.budget  # type: ignore[attr-defined]  # `serve` gives it
    return found


def test_beyond_the_budget_senders_are_told_to_wait(serve: Serve, world: World) -> None:
    client = serve(body_budget_bytes=1000)
    held = budget_of(client).reservation()
    assert held.grow(900)
    path = f"{world.projects['web']}/envelope/"
    content = envelope(error_event("x" * 1000))
    refused = sent(client, path, content, auth(world.keys["web"]))
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "5"
    assert refused.headers["x-sentry-rate-limits"] == "5::key:overloaded"
    held.release()
    assert sent(client, path, content, auth(world.keys["web"])).status_code == 200


@on_one_database
def test_the_store_counts_in_the_budget_too(serve: Serve, world: World) -> None:
    client = serve(body_budget_bytes=1000)
    held = budget_of(client).reservation()
    assert held.grow(900)
    content = base64.b64encode(zlib.compress(json.dumps(error_event("x" * 1000)).encode()))
    path = f"{world.projects['web']}/store/"
    assert sent(client, path, content, auth(world.keys["web"])).status_code == 429
