"""Small envelopes are answered without the framework, and just as it answers them."""

import asyncio
import gzip
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from client_fixtures import Serve
from factories import World, error_event, rows, statements
from httpx import ASGITransport, AsyncClient, Client, Request, Response
from litestar.datastructures import State
from litestar.types import ASGIApp, Receive, Scope, Send

from shipmark.infrastructure.database import Database
from shipmark.ingest.single_items import SingleItems

EVENT_ID = "c" * 32
EVENT = json.dumps(error_event(event_id=EVENT_ID, release="web@1.0.0")).encode()
ITEM = b'{"type":"event"}\n'
SIZED = b'{"type":"event","length":%d}\n' % len(EVENT)
STARTED = datetime.now(UTC).isoformat()
ATTRIBUTES = {"release": "web@1.0.0", "environment": "production"}
SESSION = (
    b'{"type":"session"}\n'
    + json.dumps(
        {
            "sid": "e" * 32,
            "init": True,
            "status": "crashed",
            "started": STARTED,
            "attrs": ATTRIBUTES,
        }
    ).encode()
)
AGGREGATES = (
    b'{"type":"sessions"}\n'
    + json.dumps({"aggregates": [{"started": STARTED, "exited": 5}], "attrs": ATTRIBUTES}).encode()
)
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
    "identity": (b"{}\n" + SIZED + EVENT, {"Content-Encoding": "identity"}),
    "gzip of two members": (
        gzip.compress(b"{}\n") + gzip.compress(SIZED + EVENT),
        {"Content-Encoding": "gzip"},
    ),
    "cut gzip": (gzip.compress(b"{}\n" + SIZED + EVENT)[:-9], {"Content-Encoding": "gzip"}),
    "no gzip": (b"{}\n" + SIZED + EVENT, {"Content-Encoding": "gzip"}),
    "unknown encoding": (b"{}\n" + SIZED + EVENT, {"Content-Encoding": "lzma"}),
    "two events": (b"{}\n" + SIZED + EVENT + b"\n" + SIZED + EVENT, {}),
    "an origin and a cookie": (
        b"{}\n" + SIZED + EVENT,
        {"Origin": "https://shop.example.com", "Cookie": "a=b"},
    ),
    "a session": (b"{}\n" + SESSION, {}),
    "a session with an id": (b'{"event_id":"%s"}\n' % (b"d" * 32) + SESSION, {}),
    "a session with a wrong id": (b'{"event_id":"x"}\n' + SESSION, {}),
    "a session of a browser": (b"{}\n" + SESSION, {"Origin": "https://shop.example.com"}),
    "two sessions": (b"{}\n" + SESSION + b"\n" + SESSION, {}),
    "aggregates": (b"{}\n" + AGGREGATES, {}),
    "a bad session": (b'{}\n{"type":"session"}\n{"sid"', {}),
    "an empty session": (b'{}\n{"type":"session","length":0}\n\n', {}),
    "a session with an odd header": (b'{}\n{"type":"session","filename":5}\n{}', {}),
    "an odd header": (b'{"sdk":5}\n' + SESSION, {}),
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
    "no JSON with an id": (b'{"event_id":"%s"}\n' % (b"d" * 32) + ITEM + b"{event}", {}),
    "a list with an id": (b'{"event_id":"%s"}\n' % (b"d" * 32) + ITEM + b"[]", {}),
    "a text with an id": (b'{"event_id":"%s"}\n' % (b"d" * 32) + ITEM + b'"x"', {}),
    "a carriage return": (b"{}\r\n" + SIZED + EVENT, {}),
    "its DSN": (b'{"dsn":"https://KEY@example.com/PROJECT"}\n' + SIZED + EVENT, {}),
    "its DSN with a secret": (
        b'{"dsn":"https://KEY:secret@example.com/sentry/PROJECT"}\n' + SIZED + EVENT,
        {},
    ),
    "DSN of another key": (
        b'{"dsn":"https://%s@example.com/PROJECT"}\n' % (b"0" * 32) + SIZED + EVENT,
        {},
    ),
    "DSN of another project": (b'{"dsn":"https://KEY@example.com/99"}\n' + SIZED + EVENT, {}),
    "no DSN": (b'{"dsn":"example"}\n' + SIZED + EVENT, {}),
    "no key": (b"{}\n" + SIZED + EVENT, {"X-Sentry-Auth": None}),
    "wrong key": (b"{}\n" + SIZED + EVENT, {"X-Sentry-Auth": "Sentry sentry_key=" + "0" * 32}),
    "bad key": (b"{}\n" + SIZED + EVENT, {"X-Sentry-Auth": "Sentry x"}),
    "two keys": (
        b"{}\n" + SIZED + EVENT,
        {"Authorization": "Sentry sentry_key=" + "0" * 32},
    ),
}


#: Those whose sessions are counted.
WITH_SESSIONS = frozenset(
    {"a session", "a session with an id", "a session of a browser", "two sessions", "aggregates"}
)
#: Queries in place of headers, as SDKs of browsers send them; ``KEY`` stands for the key.
QUERIES = (
    "sentry_key=KEY&sentry_version=7&sentry_client=sentry.javascript.browser%2F8.1.0",
    "sentry_key=KEY", "sentry_key=KEY&sentry_key=KEY", "sentry_key=KEY&other", "sentry_key=%4BEY", "sentry_key=",
    "sentry_key=" + "0" * 32, "sentry_version=7", "sentry_key=KEY&a=1+2", "Sentry_Key=KEY", "sentry_key=KEY;b=1",
)  # fmt: skip


def request(
    client: Client | AsyncClient,
    world: World,
    body: bytes,
    headers: Mapping[str, str | None],
    query: str = "",
) -> Request:
    key, project = world.keys["web"].encode(), str(world.projects["web"]).encode()
    auth = f"Sentry sentry_version=7, sentry_key={world.keys['web']}"
    sent = {"X-Sentry-Auth": auth, "User-Agent": "client/1", **headers}
    return client.build_request(
        "POST",
        f"/api/{world.projects['web']}/envelope/{query.replace('KEY', world.keys['web'])}",
        content=body.replace(b"KEY", key).replace(b"PROJECT", project),
        headers={name: value for name, value in sent.items() if value is not None},
    )


def send(
    client: Client, world: World, body: bytes, headers: Mapping[str, str | None], query: str = ""
) -> Response:
    return client.send(request(client, world, body, headers, query))


def remembering(serve: Serve, world: World) -> Client:
    """A client of an application that remembers the key."""
    client = serve(key_seconds=60)
    send(client, world, b'{}\n{"type":"client_report"}\n{}', {})
    return client


def before(framework: ASGIApp, client: Client) -> SingleItems:
    """The short path with the state of a client's application, and something else behind it."""
    state: State = client.state  # type: ignore[attr-defined]
    return SingleItems(
        framework, state.settings, state.project_keys, state.event_log, state.admission, {"a": "b"}
    )


def assert_equal(answer: Response, expected: Response) -> None:
    assert answer.status_code == expected.status_code
    names = {name for name in expected.headers if name.startswith("access-control-")}
    for header in names | {"content-type", "x-sentry-error", "x-content-type-options", "vary"}:
        assert answer.headers.get(header) == expected.headers.get(header), header


def session_count(database: Database) -> int:
    return sum(row["sessions"] for row in rows(database, "health_counts"))


@pytest.mark.parametrize("name", ENVELOPES)
def test_an_envelope_is_answered_as_by_the_framework(
    serve: Serve, world: World, database: Database, name: str
) -> None:
    body, headers = ENVELOPES[name]
    slow = serve()
    expected = send(slow, world, body, headers)
    kept = [row["event_id"] for row in rows(database, "events")]
    sessions = session_count(database)
    answer = send(remembering(serve, world), world, body, headers)
    assert_equal(answer, expected)
    if answer.is_success and name not in {"no event id", "odd event id"}:
        assert answer.json() == expected.json()
        assert [row["event_id"] for row in rows(database, "events")] == kept
    assert session_count(database) == 2 * sessions
    assert bool(sessions) is (name in WITH_SESSIONS)


@pytest.mark.parametrize("query", QUERIES)
def test_a_key_in_the_query_is_read_as_by_the_framework(
    serve: Serve, world: World, query: str
) -> None:
    body, headers = b"{}\n" + SESSION, {"X-Sentry-Auth": None}
    expected = send(serve(), world, body, headers, f"?{query}")
    assert_equal(send(remembering(serve, world), world, body, headers, f"?{query}"), expected)


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("an event", ""), ("gzip", ""), ("identity", ""), ("with an origin", ""), ("a session", ""), ("aggregates", ""),
        ("a session of a browser", ""), ("an event", f"?{QUERIES[0]}"),
        ("its DSN", ""),
    ],
)  # fmt: skip
def test_it_is_answered_without_the_framework(
    serve: Serve, world: World, name: str, query: str
) -> None:
    async def framework(_scope: Scope, _receive: Receive, _send: Send) -> None:
        pytest.fail("The framework was asked.")

    single = before(framework, remembering(serve, world))
    body, headers = ENVELOPES[name]
    headers = {**headers, "X-Sentry-Auth": None} if query else headers

    async def sent() -> Response:
        transport = ASGITransport(app=single)  # type: ignore[arg-type]
        async with AsyncClient(transport=transport, base_url="http://testserver") as client:
            return await client.send(request(client, world, body, headers, query))

    answer = asyncio.run(sent())
    assert (answer.status_code, answer.headers.get("a")) == (200, headers.get("Origin") and "b")


@pytest.mark.usefixtures("full_log")
def test_what_can_not_be_written_is_refused_as_by_the_framework(
    serve: Serve, world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    """A disk that fails: it is told to each client, and once in the log."""
    client = serve(key_seconds=60)
    client.event_hooks = {}
    folder: Path = client.log_folder  # type: ignore[attr-defined]
    folder.symlink_to(folder.parent / "nowhere")
    answers = [
        send(client, world, *ENVELOPES[name]) for name in ("an event", "an event", "a session")
    ]
    assert [answer.status_code for answer in answers] == [503, 503, 503]
    assert len({answer.text for answer in answers}) == 1
    assert capfd.readouterr().out.count("could not be written to the log") == 1
    folder.unlink()
    assert send(client, world, *ENVELOPES["an event"]).json() == {"id": EVENT_ID}


@pytest.mark.parametrize("query", [b"sentry_key=\xff", b"\xc3\xa4=1", b"a=\x80&sentry_key=b", b"="])
def test_bytes_of_no_query_are_left_to_the_framework(
    serve: Serve, world: World, query: bytes
) -> None:
    asked = []

    async def framework(scope: Scope, _receive: Receive, _send: Send) -> None:
        asked.append(scope["query_string"])

    single = before(framework, remembering(serve, world))
    path = f"/api/{world.projects['web']}/envelope/"
    scope = {"type": "http", "method": "POST", "path": path, "query_string": query}
    headers = [(b"content-length", b"9"), (b"host", b"testserver")]
    asyncio.run(single({**scope, "headers": headers}, None, None))  # type: ignore[arg-type]
    assert asked == [query]


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
