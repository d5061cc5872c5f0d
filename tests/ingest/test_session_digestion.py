"""Digestion of sessions: once, whatever is killed, and by a constant number of statements."""

import itertools
import json
import os
import signal
from collections import Counter
from datetime import UTC, datetime, timedelta

from digesting import accepted, digest_all
from factories import World, error_event, on_one_database, rows, statements
from sessions import aggregates, session
from sqlalchemy import event

from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.ingest import digester as digester_module
from shipmark.ingest.envelope import Item
from shipmark.ingest.event_log import FrameType, LogFrame
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.session_items import sessions_payload
from shipmark.ingest.sqlite_log import SqliteLogWriter


def frame(world: World, *items: dict[str, object], project: str = "web") -> LogFrame:
    content = [
        Item(
            type="sessions" if "aggregates" in item else "session",
            headers={},
            payload=json.dumps(item).encode(),
        )
        for item in items
    ]
    return LogFrame(
        type=FrameType.SESSIONS,
        project_id=world.projects[project],
        received_at=datetime.now(UTC),
        payload=sessions_payload(content),
        event_id="",
    )


def event_frame(world: World, number: int) -> LogFrame:
    payload = error_event(f"boom {number % 2}", release="web@1.0.0", user={"id": str(number)})
    return LogFrame(
        type=FrameType.EVENT,
        project_id=world.projects["web"],
        received_at=datetime.now(UTC),
        payload=json.dumps(payload).encode(),
        event_id=str(payload["event_id"]),
    )


def totals(database: Database) -> Counter[str]:
    """The sums of all buckets of all series."""
    found = Counter[str]()
    for row in rows(database, "health_counts"):
        names = set(row) - {"series_id", "width", "start"}
        found.update({name: row[name] for name in names if row[name]})
    return found


def test_a_digester_that_dies_loses_and_doubles_no_session(
    database: Database, blobs: Blobs, folder: LogFolder, writer: SqliteLogWriter, world: World
) -> None:
    at = datetime.now(UTC).replace(minute=5)
    started = (at - timedelta(hours=1)).isoformat()
    for number in range(30):
        run = session(f"web@{number % 3}.0.0", did=f"u{number}", started=started)
        crash = session(run["attrs"]["release"], sid=f"{number:032x}", did="u1", started=started)
        writer.append(frame(world, run, crash | {"init": False, "status": "crashed"})).result(10)
        writer.append(event_frame(world, number)).result(10)
    database.close()
    for number in (1, 4, 8, 12, 16, 20, 24, 28, 32, 45):
        pid = os.fork()
        if pid == 0:
            digester_module.BATCH_MAX = 20
            _die_before(database, number)
            digest_all(folder, database, blobs)
        assert os.waitpid(pid, 0)[1] == signal.SIGKILL
    digest_all(folder, database, blobs)
    found = totals(database)
    assert (found["sessions"], found["crashed"], found["errored_sids"]) == (60, 60, 60)
    assert accepted(database) == {"error": 30, "session": 60}
    # Of releases: each its own ten users and u1, which is one of those of web@1.0.0; of all: thirty.
    assert found["users"] == 11 + 10 + 11 + 30
    assert found["users_new_issue"] == 2 * 30


def _die_before(database: Database, number: int) -> None:
    """Kill this process before its statement with this number."""
    numbers = itertools.count(1)

    def die(*_: object) -> None:
        if next(numbers) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.engine, "before_cursor_execute", die)


@on_one_database
def test_any_number_of_sessions_takes_the_same_statements(
    database: Database, blobs: Blobs, folder: LogFolder, writer: SqliteLogWriter, world: World
) -> None:
    def digest(number: int) -> int:
        now = datetime.now(UTC)
        for index in range(number):
            started = (now - timedelta(hours=index % 40)).isoformat()
            attrs = [f"web@{index % 5}.0.0", f"environment {index % 3}"]
            one = session(*attrs, did=f"u{index}", started=started, status="crashed")
            more = aggregates({"exited": 7, "did": "u1"}, release=attrs[0], environment=attrs[1])
            writer.append(frame(world, one, more)).result(10)
        with statements(database) as sent:
            digest_all(folder, database, blobs)
        return sent.count

    digest(60)
    # With those of the standings, which are computed when the log is empty.
    assert digest(2) == digest(60) <= 29


@on_one_database
def test_a_frame_that_can_not_be_read_is_set_aside(
    database: Database, blobs: Blobs, folder: LogFolder, writer: SqliteLogWriter, world: World
) -> None:
    good = frame(world, session())
    bad = LogFrame(
        type=FrameType.SESSIONS,
        project_id=good.project_id,
        received_at=good.received_at,
        payload=b"\xc1",
        event_id="",
    )
    writer.append(good, bad, good).result(10)
    digest_all(folder, database, blobs)
    [quarantined] = rows(database, "quarantined_frames")
    assert quarantined["type"] == "sessions"
    assert totals(database)["sessions"] == 4
