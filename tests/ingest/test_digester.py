"""The digester: every acknowledged event is stored once, whatever fails."""

import itertools
import json
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from digesting import digest_all
from factories import World, counts, error_event, rows
from sqlalchemy import delete, event
from structlog.testing import capture_logs

from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Conflict, Unavailable
from shipmark.ingest import digester as digester_module
from shipmark.ingest.backlog import read_backlog, unreadable_logs
from shipmark.ingest.digester import Digester
from shipmark.ingest.event_log import FrameType, LogFrame
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.sqlite_log import SqliteLogReader, SqliteLogWriter
from shipmark.issues.actions.update_issue import update_issues
from shipmark.issues.model import IssueStatus, StatusChange
from shipmark.issues.snooze import SnoozeConditions
from shipmark.issues.store import states
from shipmark.projects import store as projects

#: Appends an event: ``send("boom", project="web", release="web@1.0.0")``.
Send = Callable[..., str]


@pytest.fixture
def send(writer: SqliteLogWriter, world: World) -> Send:
    def sent(value: str = "boom", *, project: str = "web", **more: object) -> str:
        payload = error_event(value, **more)
        event_id = str(payload["event_id"])
        frame = LogFrame(
            type=FrameType.EVENT,
            project_id=world.projects[project],
            received_at=datetime.now(UTC),
            payload=json.dumps(payload).encode(),
            event_id=event_id,
        )
        done: Future[None] = writer.append(frame)
        done.result(10)
        return event_id

    return sent


@pytest.fixture
def logs(folder: LogFolder) -> Iterator[SqliteLogReader]:
    made = SqliteLogReader(folder)
    yield made
    made.close()


@pytest.fixture
def digester(database: Database, blobs: Blobs, logs: SqliteLogReader) -> Digester:
    return Digester(database, blobs, logs)


def stored(database: Database) -> list[str]:
    return [row["event_id"] for row in rows(database, "events")]


def test_events_are_stored_in_the_order_of_the_log(
    digester: Digester, database: Database, send: Send
) -> None:
    sent = [send(f"boom {number % 3}") for number in range(10)]
    assert digester.digest_pending() == 10
    assert digester.digest_pending() == 0
    assert stored(database) == sent
    assert [row["times_seen"] for row in rows(database, "issues")] == [4, 3, 3]


def test_more_than_a_batch_takes_several(
    digester: Digester, database: Database, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digester_module, "BATCH_MAX", 4)
    sent = [send() for _ in range(10)]
    assert [digester.digest_pending() for _ in range(4)] == [4, 4, 2, 0]
    assert stored(database) == sent


def test_a_digester_goes_on_where_the_last_one_ended(
    digester: Digester, database: Database, blobs: Blobs, logs: SqliteLogReader, send: Send
) -> None:
    send()
    digester.digest_pending()
    send()
    assert Digester(database, blobs, logs).digest_pending() == 1
    assert counts(database)["events"] == 2


def test_a_transaction_that_fails_leaves_nothing_and_is_repeated(
    digester: Digester, database: Database, send: Send
) -> None:
    send()
    before = counts(database)

    def refuse(_c: object, _k: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO events"):
            raise Conflict("busy")

    event.listen(database.engine, "before_cursor_execute", refuse)
    with pytest.raises(Conflict):
        digester.digest_pending()
    event.remove(database.engine, "before_cursor_execute", refuse)
    assert counts(database) == before
    assert digester.digest_pending() == 1
    assert counts(database)["events"] == 1


def test_one_bad_event_is_set_aside_and_the_others_are_stored(
    digester: Digester, database: Database, send: Send
) -> None:
    good = [send() for _ in range(3)]
    bad = send("bad", environment="refused")
    good += [send() for _ in range(4)]

    def refuse(_c: object, _k: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("INSERT INTO environments") and "refused" in str(parameters):
            raise ValueError("no such environment")

    event.listen(database.engine, "before_cursor_execute", refuse)
    while digester.digest_pending():
        pass
    event.remove(database.engine, "before_cursor_execute", refuse)
    assert stored(database) == good
    [frame] = rows(database, "quarantined_frames")
    assert (frame["event_id"], frame["error"]) == (bad, "ValueError: no such environment")
    assert [row["times_seen"] for row in rows(database, "issues")] == [7]


def test_an_event_that_can_not_be_read_is_set_aside(
    digester: Digester, database: Database, writer: SqliteLogWriter, world: World, send: Send
) -> None:
    frame = LogFrame(
        type=FrameType.EVENT,
        project_id=world.projects["web"],
        received_at=datetime.now(UTC),
        payload=b"[]",
        event_id="b" * 32,
    )
    writer.append(frame).result(10)
    send()
    digester.digest_pending()
    assert counts(database)["events"] == 1
    [aside] = rows(database, "quarantined_frames")
    assert "not a JSON object" in aside["error"]


def test_events_of_a_deleted_project_are_dropped(
    digester: Digester, database: Database, send: Send, world: World
) -> None:
    send(project="web")
    send(project="mobile")
    with database.transaction() as connection:
        table = projects.projects
        connection.execute(delete(table).where(table.c.id == world.projects["web"]))
    assert digester.digest_pending() == 2
    assert [row["project_id"] for row in rows(database, "events")] == [world.projects["mobile"]]
    assert rows(database, "quarantined_frames") == []


def test_two_digesters_store_an_event_once(
    database: Database, blobs: Blobs, folder: LogFolder, send: Send
) -> None:
    for _ in range(30):
        send()
    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(digest_all, folder, database, blobs) for _ in range(3)]:
            done.result(60)
    assert counts(database)["events"] == 30
    assert [row["times_seen"] for row in rows(database, "issues")] == [30]


def test_a_log_that_ended_is_forgotten(
    digester: Digester, database: Database, writer: SqliteLogWriter, folder: LogFolder, send: Send
) -> None:
    send()
    digester.digest_pending()
    writer.close()
    digester.digest_pending()
    assert folder.logs() == []
    assert rows(database, "digest_positions") == []


def test_a_digester_that_dies_while_it_forgets_a_log_leaves_nothing(
    digester: Digester, database: Database, writer: SqliteLogWriter, folder: LogFolder, send: Send
) -> None:
    send()
    digester.digest_pending()
    writer.close()

    def die(_c: object, _k: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM digest_positions"):
            raise Unavailable

    event.listen(database.engine, "before_cursor_execute", die)
    with pytest.raises(Unavailable):
        digester.digest_pending()
    event.remove(database.engine, "before_cursor_execute", die)
    digester.digest_pending()
    assert list(folder.path.iterdir()) == []
    assert rows(database, "digest_positions") == []


@pytest.mark.usefixtures("full_log")
def test_a_damaged_log_does_not_hold_up_the_others(
    digester: Digester, database: Database, folder: LogFolder, send: Send
) -> None:
    folder.path.mkdir()
    damaged = folder.new_log()
    damaged.write_bytes(b"no log" * 1000)
    sent = send()
    with capture_logs() as lines:
        assert [digester.digest_pending() for _ in range(3)] == [1, 0, 0]
    assert stored(database) == [sent]
    assert [line["log"] for line in lines if line["log_level"] == "error"] == [damaged.name]
    assert unreadable_logs(database, folder) == {damaged: "file is not a database"}
    assert read_backlog(database, folder).unreadable_logs == 1


@pytest.mark.usefixtures("full_log")
def test_a_log_that_is_repaired_is_digested(
    digester: Digester,
    database: Database,
    writer: SqliteLogWriter,
    folder: LogFolder,
    send: Send,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = send()
    writer.close()
    [log] = folder.logs()
    kept = Path(f"{log}-kept")
    log.rename(kept)
    log.write_bytes(b"no log" * 1000)
    monkeypatch.setattr(digester_module, "HELD_SECONDS", 0)
    with capture_logs() as lines:
        digester.digest_pending()
        digester.digest_pending()
        kept.rename(log)
        assert digester.digest_pending() == 1
    assert stored(database) == [sent]
    assert [line["log_level"] for line in lines if "log" in line] == ["error", "warning"]


def test_an_event_whose_bytes_are_damaged_is_set_aside(
    digester: Digester, database: Database, folder: LogFolder, send: Send
) -> None:
    sent = [send(f"boom {number}") for number in range(3)]
    [log] = folder.logs()
    with closing(sqlite3.connect(log)) as other, other:
        other.execute("UPDATE frames SET payload = x'28b52ffd00' WHERE position = 2")
    digester.digest_pending()
    assert stored(database) == [sent[0], sent[2]]
    assert [row["event_id"] for row in rows(database, "quarantined_frames")] == [sent[1]]


def test_the_clock_of_the_sender_is_corrected(
    digester: Digester, database: Database, writer: SqliteLogWriter, world: World
) -> None:
    received = datetime.now(UTC).replace(microsecond=0)
    behind = received - timedelta(hours=3)
    payload = error_event(timestamp=behind.isoformat())
    frame = LogFrame(
        type=FrameType.EVENT,
        project_id=world.projects["web"],
        received_at=received,
        payload=json.dumps(payload).encode(),
        event_id=str(payload["event_id"]),
        sent_at=behind,
    )
    writer.append(frame).result(10)
    digester.digest_pending()
    assert rows(database, "events")[0]["happened_at"] == received


def test_a_digester_that_dies_loses_and_doubles_nothing(
    database: Database, blobs: Blobs, folder: LogFolder, send: Send
) -> None:
    sent = [send(f"boom {number % 2}") for number in range(60)]
    database.close()
    # It dies before each of these statements, some of them in the second batch.
    for number in (1, 5, 9, 13, 17, 30):
        pid = os.fork()
        if pid == 0:
            digester_module.BATCH_MAX = 20
            _die_before(database, number)
            digest_all(folder, database, blobs)
        assert os.waitpid(pid, 0)[1] == signal.SIGKILL
    digest_all(folder, database, blobs)
    assert stored(database) == sent
    assert [row["times_seen"] for row in rows(database, "issues")] == [30, 30]


def test_a_digester_that_dies_reopens_an_ignored_issue_once(
    database: Database, world: World, blobs: Blobs, folder: LogFolder, send: Send
) -> None:
    send()
    digest_all(folder, database, blobs)
    with database.transaction() as connection:
        ids = [row["id"] for row in rows(database, "issues")]
        locked = states.locked(connection, world.organizations["acme"], ids)
        conditions = SnoozeConditions(event_count=25, event_window_minutes=600)
        change = StatusChange(status=IssueStatus.IGNORED, conditions=conditions)
        update_issues(connection, locked, change, None, datetime.now(UTC))
    sent = [send() for _ in range(60)]
    database.close()
    # It dies before each statement from this one on, so before those that store the window and reopen the issue.
    statuses = []
    while not statuses or statuses[-1] == signal.SIGKILL:
        pid = os.fork()
        if pid == 0:
            digester_module.BATCH_MAX = 20
            _die_before(database, 12 + len(statuses))
            digest_all(folder, database, blobs)
            os._exit(0)
        statuses.append(os.waitpid(pid, 0)[1])
    assert (statuses[-1], len(statuses) > 10) == (0, True)
    escalated = [
        json.loads(row["details"])["event_id"]
        for row in rows(database, "issue_activities")
        if row["type"] == "set_escalating"
    ]
    assert escalated == [sent[24]]
    assert [row["substatus"] for row in rows(database, "issues")] == ["escalating"]


def _die_before(database: Database, number: int) -> None:
    """Kill this process before its statement with this number."""
    statements = itertools.count(1)

    def die(*_: object) -> None:
        if next(statements) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.engine, "before_cursor_execute", die)
