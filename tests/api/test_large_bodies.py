"""Large bodies of API requests: held within a budget that all requests share."""

import asyncio
from collections.abc import Iterator
from typing import Any, cast

import pytest
from client_fixtures import Serve
from factories import RELEASES, Caller, World, dump, on_one_database, release
from httpx import Client

from shipmark.http.body_budget import BodyBudget
from shipmark.http.connections import ConnectionLimits
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.settings import Settings

#: Valid JSON, so that only its fields are refused.
LARGE = b"{" + b" " * 2_000_000 + b"}"


def budget_of(client: Client) -> BodyBudget:
    """Return the budget of the server: tests hold some of it in the place of another request."""
    found: BodyBudget = client.limits.budget  # type: ignore[attr-defined]  # `serve` gives it
    return found


@pytest.fixture
def full(serve: Serve) -> Iterator[Client]:
    """A server on which another request holds nearly all of the budget."""
    client = serve(body_budget_bytes=3_000_000)
    other = budget_of(client).reservation()
    assert other.grow(2_500_000)
    yield client
    other.release()


@on_one_database
def test_a_large_body_beyond_the_budget_is_told_to_wait(
    full: Client, world: World, database: Database
) -> None:
    before = dump(database)
    caller = Caller(full, world.tokens["alice@example.com"])
    headers = {"Content-Type": "application/json"}
    answer = caller.post(RELEASES, content=LARGE, headers=headers)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert dump(database) == before


@on_one_database
def test_a_small_body_passes_a_full_budget(full: Client, world: World) -> None:
    caller = Caller(full, world.tokens["alice@example.com"])
    assert caller.post(RELEASES, release("web@1.0.0")).status_code == 201


@on_one_database
def test_what_a_request_held_is_given_back(serve: Serve, world: World) -> None:
    client = serve(body_budget_bytes=3_000_000)
    caller = Caller(client, world.tokens["alice@example.com"])
    for _ in range(3):
        headers = {"Content-Type": "application/json"}
        assert caller.post(RELEASES, content=LARGE, headers=headers).status_code == 400
    other = budget_of(client).reservation()
    assert other.grow(2_999_999)
    one_more = budget_of(client).reservation()
    assert one_more.grow(1)
    assert not one_more.grow(1)
    for each in (other, one_more):
        each.release()


@on_one_database
def test_a_request_alone_passes_whatever_the_budget(serve: Serve, world: World) -> None:
    client = serve(body_budget_bytes=10)
    caller = Caller(client, world.tokens["alice@example.com"])
    answer = caller.post(RELEASES, content=LARGE, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


def test_a_large_body_reaches_the_application_as_one_block() -> None:
    """Thousands of parts would be held beside the body that is joined of them."""
    parts = iter([b"a" * 700_000, b"b" * 700_000, b"c"])
    bodies: list[bytes] = []

    async def application(_scope: Any, receive: Any, _send: Any) -> None:
        message = await receive()
        bodies.append(message["body"])
        while message["more_body"]:
            message = await receive()
            bodies.append(message["body"])

    async def receive() -> Any:
        part = next(parts)
        return {"type": "http.request", "body": part, "more_body": part != b"c"}

    async def send(_message: Any) -> None:
        """The application sends nothing."""

    headers = [(b"content-length", b"1400001")]
    limits = ConnectionLimits(application, Settings())
    asyncio.run(limits(cast("Any", {"type": "http", "headers": headers}), receive, send))
    assert bodies == [b"a" * 700_000 + b"b" * 700_000 + b"c"]
