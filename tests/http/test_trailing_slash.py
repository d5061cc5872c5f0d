"""Addresses that nothing answers for, before a router guesses what they mean (auth-and-errors.md 5)."""

import asyncio
from typing import Any

import pytest

from shipmark.http.trailing_slash import TrailingSlashMiddleware

JSON = [(b"content-type", b"application/json")]
PASSED_ON = (299, b"text/plain", b"here")


def ask(
    path: str,
    query: bytes = b"",
    headers: list[tuple[bytes, bytes]] | None = None,
    kind: str = "http",
) -> tuple[int, bytes, bytes]:
    """What is answered: the status, the media type and the body."""
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        start = {"status": PASSED_ON[0], "headers": [(b"content-type", PASSED_ON[1])]}
        await send({"type": "http.response.start"} | start)
        await send({"type": "http.response.body", "body": PASSED_ON[2]})

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {"type": kind, "path": path, "query_string": query, "headers": headers or []}
    asyncio.run(TrailingSlashMiddleware(app)(scope, receive, send))
    start, body = sent
    named = dict(start["headers"])
    if start["status"] != PASSED_ON[0]:
        assert named[b"content-length"] == str(len(body["body"])).encode()
    return start["status"], named[b"content-type"], body["body"]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/organizations/acme/releases",
        "/a//b",
        "/api/1/envelope",
        "/api/0/",
        "/api/0/organizations/acme/releases/",
        "/api/0/projects/acme/web/files/proguard-artifact-releases",
        "/api/0/projects/acme/web/files/proguard-artifact-releases/",
    ],
)
def test_addresses_that_may_exist_are_passed_on(path: str) -> None:
    assert ask(path) == PASSED_ON


def test_what_is_no_request_is_passed_on() -> None:
    assert ask("/api/0/a//\x00", b"%00", kind="lifespan") == PASSED_ON


def test_an_address_without_its_slash_is_told_so() -> None:
    path = "/api/0/organizations"
    status, media_type, body = ask(path)
    assert (status, media_type) == (404, b"text/plain; charset=utf-8")
    question, blank, there, pointer, end = body.decode().split("\n")
    assert question == "Route not found, did you forget a trailing slash?"
    assert (blank, there, end) == ("", f"try: {path}/", "")
    assert pointer.index("^") == there.rindex("/")


def test_it_is_told_in_json_to_those_who_send_json() -> None:
    status, media_type, body = ask("/api/0/organizations", headers=JSON)
    assert (status, media_type) == (404, b"application/json")
    question = b"Route not found, did you forget a trailing slash? try: /api/0/organizations/"
    assert body == b'{"info": "%s"}' % question


@pytest.mark.parametrize("headers", [[(b"accept", b"application/json")], [(b"content-type", b"a")]])
def test_only_the_type_of_the_body_asks_for_json(headers: list[tuple[bytes, bytes]]) -> None:
    assert ask("/api/0/organizations", headers=headers)[1] == b"text/plain; charset=utf-8"


@pytest.mark.parametrize("path", ["/api/0//", "/api/0/organizations//releases/", "/api/0/a/b//"])
def test_an_empty_part_names_nothing(path: str) -> None:
    body = b'{"detail": "The requested resource does not exist"}'
    assert ask(path) == (404, b"application/json", body)


@pytest.mark.parametrize("path", ["/\x00", "/api/0/organizations/\x00/", "/api/0/\x00"])
def test_nul_in_a_path_names_nothing(path: str) -> None:
    assert ask(path)[0] == 404


@pytest.mark.parametrize("path", ["/", "/api/0/organizations/", "/api/0/organizations"])
def test_nul_in_a_query_is_refused(path: str) -> None:
    body = b'{"detail": "Null characters are not allowed."}'
    assert ask(path, b"query=a%00b") == (400, b"application/json", body)


def test_an_address_beyond_ascii_is_told_as_it_is() -> None:
    assert "try: /api/0/ä/\n" in ask("/api/0/ä")[2].decode()
