"""Envelopes in the forms that real SDKs and command lines send them (ingest.md 1, 3)."""

import gzip
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import brotli
import pytest
from factories import World, ago, counts, dump, error_event, rows, written
from httpx import Client, Response

from shipmark.infrastructure.database import Database

ENVELOPE = "application/x-sentry-envelope"


class Sender:
    """Posts bodies to project web as different clients do."""

    def __init__(self, client: Client, world: World) -> None:
        self.client = client
        self.key = world.keys["web"]
        self.path = f"/api/{world.projects['web']}/envelope/"

    def python(self, *lines: object) -> Response:
        """Packed, with the key in a header and a line break at the end."""
        content = gzip.compress(joined(*lines) + b"\n")
        headers = {"Content-Type": ENVELOPE, "Content-Encoding": "gzip"}
        return self.client.post(
            self.path, content=content, headers=headers | self.auth("sentry.python/2.75.0")
        )

    def node(self, *lines: object) -> Response:
        """In chunks, with the key in the query, no media type and no line break at the end."""

        def chunks() -> Iterator[bytes]:
            body = joined(*lines)
            yield body[:20]
            yield body[20:]

        query = f"?sentry_version=7&sentry_key={self.key}"
        client = "&sentry_client=sentry.javascript.node%2F11.12.0"
        return self.client.post(self.path + query + client, content=chunks())

    def browser(self, *lines: object) -> Response:
        """As plain text, which needs no permission of another origin."""
        query = f"?sentry_version=7&sentry_key={self.key}"
        headers = {"Content-Type": "text/plain;charset=UTF-8", "Origin": "https://example.com"}
        return self.client.post(self.path + query, content=joined(*lines), headers=headers)

    def cli(self, *lines: object) -> Response:
        """As it is, with a moment beside the key."""
        content = joined(*lines) + b"\n"
        return self.client.post(
            self.path, content=content, headers=self.auth("sentry-cli/x86_64", "1795311290.746681")
        )

    def auth(self, client: str, timestamp: str | None = None) -> dict[str, str]:
        moment = f", sentry_timestamp={timestamp}" if timestamp else ""
        told = f"Sentry sentry_key={self.key}, sentry_version=7{moment}, sentry_client={client}"
        return {"X-Sentry-Auth": told}


@pytest.fixture
def sender(client: Client, world: World) -> Sender:
    return Sender(client, world)


def joined(*lines: object) -> bytes:
    return b"\n".join(compact(line) for line in lines)


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def item(kind: str, payload: object, **more: object) -> tuple[dict[str, object], object]:
    """An item's header, with its length, and its payload."""
    return {"type": kind, **more, "length": len(compact(payload))}, payload


def head(**more: object) -> dict[str, object]:
    return {
        "sent_at": written(ago(seconds=0)),
        "sdk": {"name": "sentry.javascript.node", "version": "11.12.0"},
        **more,
    }


def failure(**more: object) -> dict[str, Any]:
    given = {"release": "web@1.0.0", "environment": "production", "dist": "7", "level": "error"}
    return error_event(**(given | more))


SESSION = {
    "sid": "9ff86fb430fe4205854a33dd05c03f3d",
    "init": True,
    "started": "2026-01-05T01:39:03.096Z",
    "status": "exited",
    "errors": 0,
    "attrs": {"release": "web@1.0.0", "environment": "production"},
}
CLIENT_REPORT = {
    "timestamp": "2026-01-05T01:39:03.096Z",
    "discarded_events": [{"reason": "sample_rate", "category": "error", "quantity": 2}],
}
CHECK_IN = {"check_in_id": "c" * 32, "monitor_slug": "nightly", "status": "ok"}
AGGREGATES = {
    "aggregates": [{"started": "2026-01-05T01:39:00.000Z", "exited": 3, "crashed": 1}],
    "attrs": {"release": "web@1.0.0"},
}
SPANS = {"items": [{"span_id": "a" * 16, "trace_id": "b" * 32, "name": "job"}]}
NOT_KEPT = [
    ("session", SESSION),
    ("sessions", AGGREGATES),
    ("client_report", CLIENT_REPORT),
    ("check_in", CHECK_IN),
    ("span", SPANS),
]


def test_an_event_of_python_is_kept(sender: Sender, database: Database) -> None:
    event = failure()
    trace = {"trace_id": "5" * 32, "public_key": sender.key, "release": "web@1.0.0"}
    first = head(event_id=event["event_id"], trace=trace)
    answer = sender.python(first, *item("event", event, content_type="application/json"))
    assert (answer.status_code, answer.json()) == (200, {"id": event["event_id"]})
    assert [it["title"] for it in rows(database, "issues")] == ["ValueError: boom"]
    assert [it["version"] for it in rows(database, "releases")] == ["web@1.0.0"]


@pytest.mark.parametrize("sdk", ["node", "browser"])
def test_an_event_of_javascript_is_kept(sender: Sender, database: Database, sdk: str) -> None:
    event = failure(platform="javascript", timestamp=ago(hours=2).timestamp())
    first = head(event_id=event["event_id"])
    answer = getattr(sender, sdk)(first, {"type": "event"}, event)
    assert (answer.status_code, answer.json()) == (200, {"id": event["event_id"]})
    [kept] = rows(database, "events")
    assert ago(hours=2, minutes=1) < kept["happened_at"] < ago(hours=1, minutes=59)


@pytest.mark.parametrize("by", ["header", "query"])
def test_the_clock_of_a_client_from_before_envelopes_is_corrected(
    sender: Sender, database: Database, by: str
) -> None:
    """``raven`` of Python sends seconds beside the key, that of Node.js milliseconds."""
    clock = ago(hours=-9).timestamp()
    event = failure(timestamp=clock - 600)
    path = f"/api/{sender.path.split('/')[2]}/store/"
    if by == "header":
        auth = sender.auth("raven-node/2.6.4", f"{clock * 1000:.0f}")
        answer = sender.client.post(path, json=event, headers=auth)
    else:
        query = {"sentry_key": sender.key, "sentry_timestamp": f"{clock}"}
        answer = sender.client.post(path, json=event, params=query)
    assert answer.status_code == 200
    [kept] = rows(database, "events")
    assert ago(minutes=11) < kept["happened_at"] < ago(minutes=9)


def test_a_message_of_the_command_line_is_kept(sender: Sender, database: Database) -> None:
    event = failure(
        logentry={"message": "hello %s", "params": ["world"]},
        level="warning",
        user={"id": "42", "ip_address": "{{auto}}"},
        tags={"k": "v"},
    )
    del event["exception"]
    dashed = str(UUID(event["event_id"]))
    answer = sender.cli({"event_id": dashed}, *item("event", event))
    assert answer.status_code == 200
    assert UUID(answer.json()["id"]) == UUID(dashed)
    [issue] = rows(database, "issues")
    assert (issue["title"], issue["level"], issue["user_count"]) == ("hello world", "warning", 1)


def test_the_id_of_the_envelope_wins_over_the_event_s(sender: Sender, database: Database) -> None:
    sender.cli({"event_id": str(UUID(int=1))}, *item("event", failure(event_id="f" * 32)))
    assert [UUID(it["event_id"]) for it in rows(database, "events")] == [UUID(int=1)]


def test_an_event_with_an_id_in_the_envelope_only_is_kept(
    sender: Sender, database: Database
) -> None:
    event = {"message": "from envelope", "release": "web@1.0.0", "platform": "python"}
    answer = sender.cli({"event_id": "e" * 32}, *item("event", event))
    assert answer.json() == {"id": "e" * 32}
    assert [it["title"] for it in rows(database, "issues")] == ["from envelope"]


def test_an_event_of_the_command_line_may_end_in_two_line_breaks(
    sender: Sender, database: Database
) -> None:
    event = failure()
    content = joined({"event_id": event["event_id"]}, *item("event", event)) + b"\n\n"
    headers = sender.auth("sentry-cli/x86_64")
    assert sender.client.post(sender.path, content=content, headers=headers).status_code == 200
    assert counts(database)["events"] == 1


@pytest.mark.parametrize("sdk", ["python", "node", "browser", "cli"])
@pytest.mark.parametrize(("kind_of_item", "payload"), NOT_KEPT)
def test_what_is_not_kept_is_answered_all_the_same(
    sender: Sender, database: Database, sdk: str, kind_of_item: str, payload: object
) -> None:
    before = dump(database)
    answer = getattr(sender, sdk)({}, {"type": kind_of_item}, payload)
    assert (answer.status_code, answer.json()) == (200, {})
    after = dump(database)
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"digest_positions", "discards"}


def test_a_client_report_beside_an_event_does_no_harm(sender: Sender, database: Database) -> None:
    event = failure()
    report = item("client_report", CLIENT_REPORT)
    answer = sender.python(head(event_id=event["event_id"]), *item("event", event), *report)
    assert answer.json() == {"id": event["event_id"]}
    assert counts(database)["events"] == 1


def test_an_event_packed_by_brotli_is_kept(sender: Sender, database: Database) -> None:
    event = failure()
    content = brotli.compress(joined(head(event_id=event["event_id"]), {"type": "event"}, event))
    headers = {"Content-Encoding": "br", "Content-Type": ENVELOPE}
    answer = sender.client.post(
        sender.path, content=content, headers=headers | sender.auth("sentry.python/2.75.0")
    )
    assert answer.json() == {"id": event["event_id"]}
    assert counts(database)["events"] == 1


def test_one_error_from_all_clients_is_one_issue(sender: Sender, database: Database) -> None:
    for send in (sender.python, sender.node, sender.browser, sender.cli):
        event = failure()
        assert send(head(event_id=event["event_id"]), *item("event", event)).status_code == 200
    assert [it["times_seen"] for it in rows(database, "issues")] == [4]


def test_an_event_that_is_sent_again_is_answered_and_kept_once(
    sender: Sender, database: Database
) -> None:
    event = failure()
    answers = [
        sender.node(head(event_id=event["event_id"]), {"type": "event"}, event).json()
        for _ in range(2)
    ]
    assert answers == [{"id": event["event_id"]}] * 2
    assert counts(database)["events"] == 1


def test_browsers_may_read_the_answer(sender: Sender) -> None:
    answer = sender.browser(head(), {"type": "session"}, SESSION)
    assert answer.headers["access-control-allow-origin"] in {"*", "https://example.com"}
