"""``{{auto}}`` stands for the address that an event was sent from (ingest.md 8.5)."""

from typing import Any

import pytest
from client_fixtures import Serve
from factories import World, error_event, rows, send_event

from shipmark.events.sender import AUTO, Sender, with_sender
from shipmark.infrastructure.database import Database

ADDRESS = "198.51.100.7"


def test_it_is_the_address_of_the_sender() -> None:
    event = {
        "user": {"id": "1", "ip_address": AUTO},
        "request": {"url": "/", "env": {"REMOTE_ADDR": AUTO, "X": AUTO}},
    }
    assert with_sender(event, Sender(address=ADDRESS)) == {
        "user": {"id": "1", "ip_address": ADDRESS},
        "request": {"url": "/", "env": {"REMOTE_ADDR": ADDRESS, "X": AUTO}},
    }


@pytest.mark.parametrize("address", [None, "testclient"])
def test_without_an_address_it_is_left_out(address: str | None) -> None:
    event = {"user": {"id": "1", "ip_address": AUTO}}
    assert with_sender(event, Sender(address=address)) == {"user": {"id": "1"}}


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"user": None},
        {"user": "ada", "request": []},
        {"user": {"ip_address": "192.0.2.1"}},
        {"user": {"ip_address": None}, "request": {"env": AUTO}},
    ],
)
def test_what_the_client_says_stays(event: dict[str, object]) -> None:
    assert with_sender(event, Sender(address=ADDRESS)) == event


def test_users_behind_a_trusted_proxy_are_told_apart(
    serve: Serve, database: Database, world: World
) -> None:
    client = serve(trusted_proxies="192.0.2.0/24")
    behind = client.app

    async def proxied(scope: Any, receive: Any, send: Any) -> None:
        await behind({**scope, "client": ("192.0.2.9", 4711)}, receive, send)

    client.app = proxied
    for number, address in enumerate((ADDRESS, ADDRESS, "198.51.100.8")):
        client.headers["X-Forwarded-For"] = address
        event = error_event("boom", user={"ip_address": AUTO}, event_id=f"{number + 1:032x}")
        send_event(client, world.keys["web"], world.projects["web"], event)
    [issue] = rows(database, "issues")
    assert issue["user_count"] == 2
