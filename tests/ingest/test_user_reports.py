"""Reports of users in envelopes: kept once, and tied to their events in whatever order they come (ingest.md 3.2)."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from factories import World, counts, envelope, error_event, on_one_database, rows
from httpx import Client, Response
from sqlalchemy import update

from shipmark.infrastructure.database import Database
from shipmark.issues.actions.user_reports import link_recent
from shipmark.issues.store.user_reports import user_reports

EVENT_ID = "a" * 32


class Sdk:
    """Sends to project web with its key."""

    def __init__(self, client: Client, world: World) -> None:
        self.client = client
        self.headers = {"X-Sentry-Auth": f"Sentry sentry_key={world.keys['web']}"}
        self.path = f"/api/{world.projects['web']}/envelope/"

    def send(self, content: bytes) -> Response:
        return self.client.post(self.path, content=content, headers=self.headers)

    def report(self, *items: bytes, event_id: str | None = None) -> Response:
        head = json.dumps({"event_id": event_id} if event_id else {}).encode()
        return self.send(b"\n".join([head, *items]))


@pytest.fixture
def sdk(client: Client, world: World) -> Sdk:
    return Sdk(client, world)


def item(comments: object = "It broke.", **more: object) -> bytes:
    content = {"event_id": EVENT_ID, "name": "Jane", "email": "jane@example.com"}
    body = json.dumps(content | {"comments": comments} | more).encode()
    return json.dumps({"type": "user_report", "length": len(body)}).encode() + b"\n" + body


def stored(database: Database) -> list[dict[str, Any]]:
    return [dict(row) for row in rows(database, "user_reports")]


def make_older(database: Database, age: timedelta) -> None:
    with database.transaction() as connection:
        connection.execute(update(user_reports).values(created_at=datetime.now(UTC) - age))


@on_one_database
def test_a_number_that_is_none_is_no_text(sdk: Sdk, database: Database) -> None:
    assert sdk.report(item(name=float("nan"), email=7)).status_code == 200
    [report] = stored(database)
    assert (report["name"], report["email"]) == ("", "7")


def test_a_report_is_kept_with_its_event_and_issue(sdk: Sdk, database: Database) -> None:
    answer = sdk.send(envelope(error_event(event_id=EVENT_ID), item()))
    assert (answer.status_code, answer.json()) == (200, {"id": EVENT_ID})
    [issue] = rows(database, "issues")
    [report] = stored(database)
    kept = {name: report[name] for name in ("event_id", "issue_id", "name", "email", "comments")}
    assert kept == {
        "event_id": EVENT_ID,
        "issue_id": issue["id"],
        "name": "Jane",
        "email": "jane@example.com",
        "comments": "It broke.",
    }


def test_a_report_waits_for_its_event(sdk: Sdk, database: Database) -> None:
    assert sdk.report(item()).status_code == 200
    assert stored(database)[0]["issue_id"] is None
    sdk.send(envelope(error_event(event_id="b" * 32)))
    assert stored(database)[0]["issue_id"] is None
    sdk.send(envelope(error_event("other", event_id=EVENT_ID)))
    assert stored(database)[0]["issue_id"] == rows(database, "issues")[1]["id"]


def test_a_report_may_come_after_its_event(sdk: Sdk, database: Database) -> None:
    sdk.send(envelope(error_event(event_id=EVENT_ID)))
    sdk.report(item())
    assert stored(database)[0]["issue_id"] == rows(database, "issues")[0]["id"]


@on_one_database
def test_the_envelope_names_the_event_of_a_report_that_does_not(
    sdk: Sdk, database: Database
) -> None:
    dashed = "BBBBBBBB-bbbb-bbbb-bbbb-bbbbbbbbbbbb"
    sdk.report(item(event_id=None), event_id="c" * 32)
    sdk.report(item(event_id=dashed), event_id="d" * 32)
    assert [report["event_id"] for report in stored(database)] == ["c" * 32, "b" * 32]


def test_a_report_is_replaced_for_five_minutes(sdk: Sdk, database: Database) -> None:
    sdk.report(item("first"))
    make_older(database, timedelta(minutes=4))
    [before] = stored(database)
    sdk.report(item("second"), item("third", name="Joe"))
    [after] = stored(database)
    assert after == before | {"comments": "third", "name": "Joe"}


def test_a_report_stays_after_five_minutes(sdk: Sdk, database: Database) -> None:
    sdk.report(item("first"))
    make_older(database, timedelta(minutes=6))
    before = stored(database)
    assert sdk.report(item("second")).status_code == 200
    assert stored(database) == before


@pytest.mark.parametrize(
    "bad",
    [
        item("  "),
        item(["a list"]),
        item(event_id="none"),
        b'{"type":"user_report"}\n[]',
        b'{"type":"user_report"}\nno JSON',
    ],
)
def test_a_bad_report_is_discarded_and_the_event_beside_it_kept(
    sdk: Sdk, database: Database, bad: bytes
) -> None:
    assert sdk.send(envelope(error_event(), bad)).status_code == 200
    assert stored(database) == []
    assert counts(database)["events"] == 1
    assert rows(database, "quarantined_frames") == []


def test_texts_are_cut_to_their_limits(sdk: Sdk, database: Database) -> None:
    sdk.report(item("\x00" + "c" * 5000, name="n" * 200, email="e" * 200))
    [report] = stored(database)
    assert report["comments"] == "\ufffd" + "c" * 4095
    assert (report["name"], report["email"]) == ("n" * 128, "e" * 75)


@on_one_database
def test_a_report_that_names_no_event_is_about_that_of_its_envelope(
    sdk: Sdk, database: Database
) -> None:
    body = json.dumps({"message": "without an id"}).encode()
    sdk.report(item(event_id=None), b'{"type":"event"}', body)
    [event] = rows(database, "events")
    assert stored(database)[0]["event_id"] == event["event_id"]
    sdk.report(item(event_id=None))
    assert len(stored(database)) == 1


@on_one_database
def test_a_large_report_is_refused(sdk: Sdk, database: Database) -> None:
    answer = sdk.report(item("c" * 70_000))
    assert answer.status_code == 413
    assert answer.json()["detail"] == (
        "envelope exceeded size limits: a user_report has at most 65536 bytes"
    )
    assert stored(database) == []


def test_a_report_that_missed_its_event_is_tied_later(sdk: Sdk, database: Database) -> None:
    """On PostgreSQL both may be stored in the same moment, neither seeing the other."""
    sdk.send(envelope(error_event(event_id=EVENT_ID), item()))
    with database.transaction() as connection:
        connection.execute(update(user_reports).values(issue_id=None))
        assert link_recent(connection, datetime.now(UTC)) == 1
        assert link_recent(connection, datetime.now(UTC)) == 0
    assert stored(database)[0]["issue_id"] == rows(database, "issues")[0]["id"]


# Feedback: an event of its own kind, whose context has what the user writes


def feedback(event_id: str = "f" * 32, user: object = None, **context: object) -> bytes:
    written = {"name": "Ada", "contact_email": "ada@example.com", "message": "hi"} | context
    event = {"event_id": event_id, "type": "feedback", "contexts": {"feedback": written}}
    return b'{"type":"feedback"}\n' + json.dumps(event | {"user": user}).encode()


def test_feedback_is_kept_without_an_issue_of_its_own(sdk: Sdk, database: Database) -> None:
    answer = sdk.report(feedback())
    assert (answer.status_code, answer.json()) == (200, {"id": "f" * 32})
    [report] = stored(database)
    texts = [report[name] for name in ("name", "email", "comments", "event_id", "report_key")]
    assert texts == ["Ada", "ada@example.com", "hi", "f" * 32, "f" * 32]
    assert rows(database, "issues") == rows(database, "events") == rows(database, "discards") == []


def test_feedback_belongs_to_the_issue_of_the_event_that_it_names(
    sdk: Sdk, database: Database
) -> None:
    sdk.report(feedback("1" * 32, associated_event_id=EVENT_ID))
    sdk.send(envelope(error_event(event_id=EVENT_ID)))
    sdk.report(feedback("2" * 32, associated_event_id=EVENT_ID), event_id="3" * 32)
    sdk.report(feedback("4" * 32, associated_event_id="none"))
    [issue] = rows(database, "issues")
    about = [
        (row["report_key"][0], row["event_id"][0], row["issue_id"]) for row in stored(database)
    ]
    assert about == [("1", "a", issue["id"]), ("3", "a", issue["id"]), ("4", "4", None)]


def test_feedback_that_is_sent_again_is_kept_once(sdk: Sdk, database: Database) -> None:
    for _ in range(2):
        sdk.report(feedback())
    assert len(stored(database)) == 1


@on_one_database
def test_the_user_of_the_event_fills_in(sdk: Sdk, database: Database) -> None:
    user = {"name": "Grace", "email": "grace@example.com"}
    sdk.report(feedback(user=user, name=None, contact_email=""))
    [report] = stored(database)
    assert (report["name"], report["email"]) == ("Grace", "grace@example.com")


def test_feedback_without_a_message_is_discarded(sdk: Sdk, database: Database) -> None:
    assert sdk.report(feedback(message=" ")).status_code == 200
    assert stored(database) == []
    [discard] = rows(database, "discards")
    assert (discard["outcome"], discard["category"]) == ("invalid", "feedback")
