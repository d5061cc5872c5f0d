"""What was stored and what was not: reports, filters and unsupported items, by project and hour (ingest.md 4)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from digesting import accepted, discarded
from factories import Caller, World, counts, envelope, error_event, on_one_database, rows
from httpx import Client, Response
from sessions import aggregates, session, session_envelope

from shipmark.events import discard_store
from shipmark.infrastructure.database import Database
from shipmark.worker.scheduler import tidy

Send = Callable[[bytes], Response]


@pytest.fixture
def send(client: Client, world: World) -> Send:
    """Send an envelope to project web."""
    headers = {"X-Sentry-Auth": f"Sentry sentry_key={world.keys['web']}"}
    path = f"/api/{world.projects['web']}/envelope/"
    return lambda content: client.post(path, content=content, headers=headers)


def report(*entries: object, **more: object) -> bytes:
    body = json.dumps({"discarded_events": entries} | more).encode()
    return b'{"type":"client_report"}\n' + body


def entry(
    reason: object = "sample_rate", category: object = "error", quantity: object = 1
) -> dict[str, object]:
    return {"reason": reason, "category": category, "quantity": quantity}


def test_counts_of_an_sdk_add_up(send: Send, database: Database, world: World) -> None:
    first = report(entry(quantity=3), entry(quantity=4), entry("before_send", "transaction", 2))
    assert send(b"{}\n" + first).status_code == 200
    assert send(b"{}\n" + report(entry(quantity=5)) + b"\n" + report(entry())).json() == {}
    assert discarded(database) == [
        ("client_discard", "before_send", "transaction", 2),
        ("client_discard", "sample_rate", "error", 13),
    ]
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for row in rows(database, "discards"):
        assert row["project_id"] == world.projects["web"]
        assert hour - row["day"] <= timedelta(hours=1)


def test_counts_of_relays_have_their_own_outcomes(send: Send, database: Database) -> None:
    lists = ("rate_limited_events", "filtered_events", "filtered_sampling_events")
    send(b"{}\n" + report(**{name: [entry(name)] for name in lists}))
    assert discarded(database) == [
        ("filtered", "filtered_events", "error", 1),
        ("filtered", "filtered_sampling_events", "error", 1),
        ("rate_limited", "rate_limited_events", "error", 1),
    ]


def test_counts_are_of_the_hour_of_the_report(send: Send, database: Database) -> None:
    at = datetime.now(UTC) - timedelta(days=3)
    for moment in (at.isoformat(), at.timestamp(), (at + timedelta(days=99)).isoformat()):
        send(b"{}\n" + report(entry(), timestamp=moment))
    send(b"{}\n" + report(entry(), timestamp=(at - timedelta(days=28)).isoformat()))
    hours = {row["day"]: row["quantity"] for row in rows(database, "discards")}
    assert sum(hours.values()) == 3
    assert hours[at.replace(minute=0, second=0, microsecond=0)] == 2


def test_what_is_no_count_is_left_out(send: Send, database: Database) -> None:
    bad: list[Any] = [entry(quantity=number) for number in (0, -1, True, "7", None, 1.5)]
    odd = entry("\x00" + "r" * 80, "house\x00", 2**40)
    assert send(b"{}\n" + report(*bad, 7, None, odd, entry(None, None))).status_code == 200
    assert discarded(database) == [
        ("client_discard", "unknown", "unknown", 1),
        ("client_discard", "\ufffd" + "r" * 63, "unknown", 2**31 - 1),
    ]


@pytest.mark.parametrize("bad", [b"[]", b"no JSON"])
def test_a_report_that_can_not_be_read_is_counted_itself(
    send: Send, database: Database, bad: bytes
) -> None:
    assert send(envelope(error_event(), b'{"type":"client_report"}\n' + bad)).status_code == 200
    assert discarded(database) == [("invalid", "invalid", "internal", 1)]
    assert counts(database)["events"] == 1


@on_one_database
def test_a_large_client_report_is_refused(send: Send, database: Database) -> None:
    assert send(b"{}\n" + report(entry("r" * 5000))).status_code == 413
    assert discarded(database) == []


def test_what_is_stored_is_counted_by_category(send: Send, database: Database) -> None:
    files = [
        b'{"type":"attachment"%s}\n%s' % (name, name)
        for name in (b',"filename":"a"', b',"filename":"b"', b"")
    ]
    both = envelope(error_event(), *files)
    send(both)
    assert accepted(database) == {"error": 1, "attachment": 2}
    # Nothing of it is new, but its nameless attachment, which is not stored either.
    send(both)
    assert accepted(database) == {"error": 1, "attachment": 2}
    entries = aggregates({"exited": 70}, {"exited": 8, "did": "u1"}, {"exited": -1})
    send(session_envelope(session(), session("latest"), entries))
    assert accepted(database) == {"error": 1, "attachment": 2, "session": 3}
    assert discarded(database) == [
        ("invalid", "invalid", "attachment", 2),
        ("invalid", "invalid", "session", 1),
        ("invalid", "invalid_release", "session", 1),
    ]


def test_unsupported_items_are_counted_by_category(send: Send, database: Database) -> None:
    names = ("replay_event", "replay_recording", "statsd", "from_the_future")
    items = b"\n".join(b'{"type":"%s"}\n{}' % name.encode() for name in names)
    assert send(b"{}\n" + items).status_code == 200
    assert discarded(database) == [
        ("not_supported", "not_supported", "metric_bucket", 1),
        ("not_supported", "not_supported", "replay", 2),
        ("not_supported", "not_supported", "unknown", 1),
    ]


@pytest.mark.parametrize(
    ("number", "counted"), [(70, 70), (2**40, 2**31 - 1), (0, 1), (-3, 1), ("7", 1), (True, 1)]
)
def test_logs_of_a_batch_are_counted_one_by_one(
    send: Send, database: Database, number: object, counted: int
) -> None:
    head = json.dumps({"type": "log", "item_count": number}).encode()
    assert send(b"{}\n" + head + b'\n{"items": []}').status_code == 200
    assert discarded(database) == [("not_supported", "not_supported", "log_item", counted)]


def test_filtered_events_are_counted_by_filter(
    send: Send, database: Database, alice: Caller
) -> None:
    alice.put("/projects/acme/web/filters/localhost/", {"active": True})
    for _ in range(2):
        send(envelope(error_event(request={"url": "http://localhost/"})))
    send(envelope(error_event()))
    assert discarded(database) == [("filtered", "localhost", "error", 2)]


def test_a_bad_user_report_is_counted(send: Send, database: Database) -> None:
    send(b'{}\n{"type":"user_report"}\n{}')
    assert discarded(database) == [("invalid", "invalid", "feedback", 1)]


def test_totals_are_of_some_days_and_older_days_are_deleted(
    send: Send, database: Database, world: World
) -> None:
    now = datetime.now(UTC)
    for days in (0, 2, 29):
        moment = (now - timedelta(days=days)).isoformat()
        send(b"{}\n" + report(entry(quantity=days + 1), timestamp=moment))
    send(b"{}\n" + report(entry("before_send", quantity=100)))
    with database.transaction() as connection:
        totals = discard_store.totals_since(
            connection, world.projects["web"], now - timedelta(days=4), limit=9
        )
        tidy(connection, {}, now + timedelta(days=65))
    assert [(each.reason, each.quantity) for each in totals] == [
        ("before_send", 100),
        ("sample_rate", 4),
    ]
    assert sorted(row["quantity"] for row in rows(database, "discards")) == [1, 3, 100]
