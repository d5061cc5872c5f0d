"""Frames in quarantine are digested again on request: once, and they stay if they fail again."""

import itertools
import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from factories import World, counts, error_event, rows
from sqlalchemy import event

from shipmark.events import digest_store
from shipmark.events.digest_store import QuarantinedFrame
from shipmark.events.quarantine import actions as quarantine
from shipmark.events.quarantine import store as quarantine_store
from shipmark.events.sender import Sender
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Conflict
from shipmark.ingest import quarantine_retries
from shipmark.ingest.digester import Digester
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.sqlite_log import SqliteLogReader
from shipmark.issues.actions import expire_events

#: Puts an event into quarantine: ``hold("boom", payload=b"[]")``; says its id.
Hold = Callable[..., str]


@pytest.fixture
def digester(database: Database, blobs: Blobs, tmp_path: Path) -> Iterator[Digester]:
    with closing(SqliteLogReader(LogFolder(tmp_path / "logs"))) as logs:
        yield Digester(database, blobs, logs)


@pytest.fixture
def hold(database: Database, world: World) -> Hold:
    def held(value: str = "boom", *, payload: bytes | None = None, **more: Any) -> str:
        sent = error_event(value)
        frame: dict[str, Any] = {
            "organization_id": world.organizations["acme"],
            "project_id": world.projects["web"],
            "type": "event",
            "event_id": str(sent["event_id"]),
            "received_at": datetime.now(UTC),
            "sent_at": None,
            "sender": Sender(address="192.0.2.7", user_agent="sentry.python"),
            "payload": json.dumps(sent).encode() if payload is None else payload,
            "error": "ValueError: before",
        }
        with database.transaction() as connection:
            digest_store.quarantine(connection, [QuarantinedFrame(**frame | more)])
        return str(sent["event_id"])

    return held


def request_all(database: Database, world: World) -> int:
    with database.transaction() as connection:
        return quarantine_store.request_all(connection, world.organizations["acme"], now())


def test_a_requested_frame_is_stored_and_leaves_the_quarantine(
    digester: Digester, database: Database, world: World, hold: Hold
) -> None:
    sent = [hold("boom"), hold("boom"), hold("other")]
    assert request_all(database, world) == 3
    assert request_all(database, world) == 0
    assert digester.digest_pending() == 3
    assert [row["event_id"] for row in rows(database, "events")] == sent
    assert [row["times_seen"] for row in rows(database, "issues")] == [2, 1]
    assert rows(database, "quarantined_frames") == rows(database, "quarantine_retries") == []


def test_without_a_request_nothing_is_tried(
    digester: Digester, database: Database, hold: Hold
) -> None:
    hold()
    assert digester.digest_pending() == 0
    assert counts(database)["events"] == 0


def test_one_that_fails_again_stays_with_the_new_error(
    digester: Digester, database: Database, world: World, hold: Hold
) -> None:
    hold(payload=b"[]")
    good = hold()
    request_all(database, world)
    digester.digest_pending()
    [frame] = rows(database, "quarantined_frames")
    assert "not a JSON object" in frame["error"]
    assert frame["attempts"] == 2
    assert rows(database, "quarantine_retries") == []
    assert [row["event_id"] for row in rows(database, "events")] == [good]


def test_one_that_can_not_be_stored_stays(
    digester: Digester, database: Database, world: World, hold: Hold
) -> None:
    hold("bad")
    request_all(database, world)

    def refuse(_c: object, _k: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO events"):
            raise ValueError("no place")

    event.listen(database.engine, "before_cursor_execute", refuse)
    digester.digest_pending()
    event.remove(database.engine, "before_cursor_execute", refuse)
    [frame] = rows(database, "quarantined_frames")
    assert (frame["error"], frame["attempts"]) == ("ValueError: no place", 2)
    assert counts(database)["issues"] == 0


def test_while_the_database_is_busy_the_request_stays(
    digester: Digester, database: Database, world: World, hold: Hold
) -> None:
    hold()
    request_all(database, world)

    def refuse(_c: object, _k: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO events"):
            raise Conflict("busy")

    event.listen(database.engine, "before_cursor_execute", refuse)
    with pytest.raises(Conflict):
        digester.digest_pending()
    event.remove(database.engine, "before_cursor_execute", refuse)
    assert len(rows(database, "quarantine_retries")) == 1
    assert rows(database, "quarantined_frames")[0]["attempts"] == 1


def test_an_event_that_came_again_meanwhile_is_stored_once(
    digester: Digester, database: Database, world: World, hold: Hold
) -> None:
    payload = json.dumps(error_event(event_id="e" * 32)).encode()
    for _ in range(2):
        hold(payload=payload, event_id="e" * 32)
    request_all(database, world)
    digester.digest_pending()
    assert counts(database)["events"] == 1
    assert rows(database, "quarantined_frames") == []


def test_a_frame_of_a_later_version_stays(
    digester: Digester, database: Database, world: World, hold: Hold
) -> None:
    hold(type="hologram")
    request_all(database, world)
    digester.digest_pending()
    assert "does not know" in rows(database, "quarantined_frames")[0]["error"]


def test_many_are_tried_in_several_turns(
    digester: Digester, database: Database, world: World, hold: Hold, monkeypatch: Any
) -> None:
    monkeypatch.setattr(quarantine_retries, "FRAMES_MAX", 2)
    for _ in range(5):
        hold()
    request_all(database, world)
    assert [digester.digest_pending() for _ in range(4)] == [2, 2, 1, 0]


def test_a_digester_that_dies_loses_and_doubles_nothing(
    database: Database, blobs: Blobs, tmp_path: Path, world: World, hold: Hold
) -> None:
    sent = [hold(f"boom {number % 2}") for number in range(6)]
    request_all(database, world)
    database.close()

    def digest() -> None:
        with closing(SqliteLogReader(LogFolder(tmp_path / "logs"))) as logs:
            Digester(database, blobs, logs).digest_pending()

    for number in (2, 5, 9, 14, 20):
        pid = os.fork()
        if pid == 0:
            statements = itertools.count(1)

            def die(*_: object, last: int = number, counted: Any = statements) -> None:
                if next(counted) == last:
                    os.kill(os.getpid(), signal.SIGKILL)

            event.listen(database.engine, "before_cursor_execute", die)
            digest()
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == signal.SIGKILL
    digest()
    assert sorted(row["event_id"] for row in rows(database, "events")) == sorted(sent)
    assert [row["times_seen"] for row in rows(database, "issues")] == [3, 3]
    assert rows(database, "quarantined_frames") == []


def test_frames_are_deleted_after_thirty_days(database: Database, hold: Hold) -> None:
    hold(received_at=now() - quarantine.RETENTION - timedelta(minutes=1))
    kept = hold(received_at=now() - quarantine.RETENTION + timedelta(minutes=1))
    with database.transaction() as connection:
        expire_events.schedule(connection, now())
        assert expire_events.remove_quarantined(connection, now()) == 1
        assert expire_events.remove_quarantined(connection, now()) == 0
    assert [row["event_id"] for row in rows(database, "quarantined_frames")] == [kept]
    assert len(rows(database, "jobs")) == 1


def test_frames_of_an_earlier_version_get_their_organization(
    database: Database, world: World, hold: Hold
) -> None:
    hold(organization_id=None)
    with database.transaction() as connection:
        quarantine_store.set_organizations(connection)
    assert [row["organization_id"] for row in rows(database, "quarantined_frames")] == [
        world.organizations["acme"]
    ]
