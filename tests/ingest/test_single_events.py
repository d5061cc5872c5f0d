"""Small envelopes are answered without the framework, and just as it answers them."""

import gzip
import json
from collections.abc import Mapping

import pytest
from conftest import Serve
from factories import World, error_event, rows, statements
from httpx import Client, Response

from shipmark.infrastructure.database import Database

EVENT_ID = "c" * 32
EVENT = json.dumps(error_event(event_id=EVENT_ID, release="web@1.0.0")).encode()
ITEM = b'{"type":"event"}\n'
SIZED = b'{"type":"event","length":%d}\n' % len(EVENT)
#: Envelopes, and the headers that differ from those of an SDK.
ENVELOPES: dict[str, tuple[bytes, Mapping[str, str | None]]] = {
    "an event": (b"{}\n" + SIZED + EVENT, {}),
    "without a length": (b"{}\n" + ITEM + EVENT, {}),
    "with a line feed": (b"{}\n" + SIZED + EVENT + b"\n", {}),
    "with an id": (b'{"event_id":"%s"}\n' % (b"d" * 32) + SIZED + EVENT, {}),
    "with dashes": (b'{"event_id":"dddddddd-dddd-dddd-dddd-dddddddddddd"}\n' + SIZED + EVENT, {}),
    "with a time": (b'{"sent_at":"2026-02-01T12:00:00Z"}\n' + SIZED + EVENT, {}),
    "with an unknown header": (b'{"trace":{}}\n' + SIZED + EVENT, {}),
    "with an origin": (b"{}\n" + SIZED + EVENT, {"Origin": "https://shop.example.com"}),
    "gzip": (gzip.compress(b"{}\n" + SIZED + EVENT), {"Content-Encoding": "gzip"}),
    "gzip of two members": (
        gzip.compress(b"{}\n") + gzip.compress(SIZED + EVENT),
        {"Content-Encoding": "gzip"},
    ),
    "cut gzip": (gzip.compress(b"{}\n" + SIZED + EVENT)[:-9], {"Content-Encoding": "gzip"}),
    "no gzip": (b"{}\n" + SIZED + EVENT, {"Content-Encoding": "gzip"}),
    "unknown encoding": (b"{}\n" + SIZED + EVENT, {"Content-Encoding": "lzma"}),
    "two events": (b"{}\n" + SIZED + EVENT + b"\n" + SIZED + EVENT, {}),
    "an event and a session": (b"{}\n" + SIZED + EVENT + b'\n{"type":"session"}\n{}', {}),
    "a transaction": (b'{}\n{"type":"transaction"}\n{}', {}),
    "no item": (b"{}", {}),
    "nothing": (b"", {}),
    "too short": (b'{}\n{"type":"event","length":9999}\n' + EVENT, {}),
    "too long": (b'{}\n{"type":"event","length":5}\n' + EVENT, {}),
    "negative length": (b'{}\n{"type":"event","length":-1}\n' + EVENT, {}),
    "no event id": (b"{}\n" + ITEM + b'{"message":"hello"}', {}),
    "odd event id": (b"{}\n" + ITEM + b'{"event_id":7,"message":"hello"}', {}),
    "empty event id": (b'{"event_id":""}\n' + SIZED + EVENT, {}),
    "wrong event id": (b'{"event_id":"x"}\n' + SIZED + EVENT, {}),
    "no JSON": (b"{}\n" + ITEM + b"{event}", {}),
    "a list": (b"{}\n" + ITEM + b"[]", {}),
    "a carriage return": (b"{}\r\n" + SIZED + EVENT, {}),
    "own DSN": (b'{"dsn":"https://%s@example.com/1"}\n' % (b"0" * 32) + SIZED + EVENT, {}),
    "no key": (b"{}\n" + SIZED + EVENT, {"X-Sentry-Auth": None}),
    "wrong key": (b"{}\n" + SIZED + EVENT, {"X-Sentry-Auth": "Sentry sentry_key=" + "0" * 32}),
    "bad key": (b"{}\n" + SIZED + EVENT, {"X-Sentry-Auth": "Sentry x"}),
    "two keys": (
        b"{}\n" + SIZED + EVENT,
        {"Authorization": "Sentry sentry_key=" + "0" * 32},
    ),
}


def send(client: Client, world: World, body: bytes, headers: Mapping[str, str | None]) -> Response:
    auth = f"Sentry sentry_version=7, sentry_key={world.keys['web']}"
    sent = {"X-Sentry-Auth": auth, "User-Agent": "client/1", **headers}
    return client.post(
        f"/api/{world.projects['web']}/envelope/",
        content=body,
        headers={name: value for name, value in sent.items() if value is not None},
    )


@pytest.mark.parametrize("name", ENVELOPES)
def test_an_envelope_is_answered_as_by_the_framework(
    serve: Serve, world: World, database: Database, name: str
) -> None:
    body, headers = ENVELOPES[name]
    slow = serve()
    expected = send(slow, world, body, headers)
    kept = [row["event_id"] for row in rows(database, "events")]
    quick = serve(key_seconds=60)
    send(quick, world, b'{}\n{"type":"client_report"}\n{}', {})
    answer = send(quick, world, body, headers)
    assert answer.status_code == expected.status_code
    if answer.is_success and name not in {"no event id", "odd event id"}:
        assert answer.json() == expected.json()
        assert [row["event_id"] for row in rows(database, "events")] == kept
    names = {"x-sentry-error", "access-control-allow-origin", "x-content-type-options"}
    for header in names:
        assert answer.headers.get(header) == expected.headers.get(header)


def test_an_event_of_a_remembered_key_takes_no_statement_before_it_is_digested(
    serve: Serve, world: World, database: Database
) -> None:
    client = serve(key_seconds=60)
    client.event_hooks = {}
    body, headers = ENVELOPES["gzip"]
    assert send(client, world, body, headers).status_code == 200
    with statements(database) as sent:
        assert send(client, world, body, headers).json() == {"id": EVENT_ID}
    assert sent.count == 0


def test_the_connection_is_known_of_it(serve: Serve, world: World, database: Database) -> None:
    client = serve(key_seconds=60)
    for number in range(2):
        event = error_event(platform="javascript", user={"ip_address": "{{auto}}"})
        body = b"{}\n" + ITEM + json.dumps(event).encode()
        assert send(client, world, body, {}).status_code == 200, number
    assert len({row["user_hash"] for row in rows(database, "issue_users")}) <= 1
