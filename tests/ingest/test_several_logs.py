"""The logs of several workers are digested together, and what is bad in one holds up no other."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from factories import World, error_event, rows
from sqlalchemy import event
from structlog.testing import capture_logs

from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Conflict
from shipmark.ingest import digester as digester_module
from shipmark.ingest.digester import Digester, joined
from shipmark.ingest.event_log import FrameType, LogFrame, StoredFrame
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.sqlite_log import SqliteLogReader, SqliteLogWriter

#: Appends an event to one of three logs, and returns its id: ``send(0, environment="staging")``.
Send = Callable[..., str]


@pytest.fixture
def send(folder: LogFolder, world: World) -> Iterator[Send]:
    writers = [SqliteLogWriter(folder, bytes_max=1_000_000_000) for _ in range(3)]

    def sent(number: int, **more: object) -> str:
        payload = error_event("boom", **more)
        frame = LogFrame(
            type=FrameType.EVENT,
            project_id=world.projects["web"],
            received_at=datetime.now(UTC),
            payload=json.dumps(payload).encode(),
            event_id=str(payload["event_id"]),
        )
        writers[number].append(frame).result(10)
        return frame.event_id

    yield sent
    for writer in writers:
        writer.close()


@pytest.fixture
def digester(database: Database, blobs: Blobs, folder: LogFolder) -> Iterator[Digester]:
    logs = SqliteLogReader(folder)
    yield Digester(database, blobs, logs)
    logs.close()


@pytest.fixture
def refused(database: Database) -> Iterator[set[str]]:
    """Tables into which the database takes no row that names the environment ``unwelcome``."""
    tables = set[str]()

    def refuse(_c: object, _k: object, statement: str, parameters: Any, *_: object) -> None:
        into = tuple(f"INSERT INTO {table} " for table in tables)
        if statement.startswith(into) and "unwelcome" in str(parameters):
            raise ValueError("unwelcome")

    event.listen(database.engine, "before_cursor_execute", refuse)
    yield tables
    event.remove(database.engine, "before_cursor_execute", refuse)


def ids(database: Database) -> set[str]:
    return {row["event_id"] for row in rows(database, "events")}


def test_logs_are_digested_in_one_transaction_that_asks_nothing_twice(
    digester: Digester, database: Database, send: Send
) -> None:
    first = {send(number % 3, release="web@1.0.0", user={"id": "u"}) for number in range(3)}
    digester.digest_pending()
    sent = {send(number % 3, release="web@1.0.0", user={"id": "u"}) for number in range(9)}
    statements = Counter[str]()

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        statements[statement] += 1

    event.listen(database.engine, "before_cursor_execute", note)
    assert digester.digest_pending() == 9
    event.remove(database.engine, "before_cursor_execute", note)
    repeated = [each for each, number in statements.items() if number > 1]
    assert [each[:23] for each in repeated] == ["UPDATE digest_positions"]
    assert statements.total() <= 26
    assert ids(database) == first | sent
    assert sorted(row["position"] for row in rows(database, "digest_positions")) == [4, 4, 4]
    assert digester.digest_pending() == 0


def test_logs_with_more_than_a_batch_are_digested_one_by_one(
    digester: Digester, database: Database, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digester_module, "BATCH_MAX", 4)
    sent = {send(number % 3) for number in range(21)}
    assert [digester.digest_pending() for _ in range(3)] == [12, 9, 0]
    assert ids(database) == sent


def test_an_event_that_two_workers_got_is_stored_once(
    digester: Digester, database: Database, send: Send
) -> None:
    send(0, event_id="a" * 32)
    send(1, event_id="a" * 32)
    assert digester.digest_pending() == 2
    assert [row["times_seen"] for row in rows(database, "issues")] == [1]


def test_a_bad_event_of_one_log_is_set_aside_and_all_others_are_stored(
    digester: Digester, database: Database, send: Send, refused: set[str]
) -> None:
    good = {send(number % 3) for number in range(8)}
    bad = send(1, environment="unwelcome")
    good |= {send(number % 3) for number in range(8)}
    refused.add("environments")
    assert digester.digest_pending() == 17
    assert digester.digest_pending() == 0
    assert ids(database) == good
    assert [row["event_id"] for row in rows(database, "quarantined_frames")] == [bad]
    assert [row["times_seen"] for row in rows(database, "issues")] == [16]


@pytest.mark.usefixtures("full_log")
def test_an_event_that_can_not_even_be_set_aside_holds_its_own_log_only(
    digester: Digester,
    database: Database,
    send: Send,
    refused: set[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bad = send(1, environment="unwelcome")
    refused |= {"environments", "quarantined_frames"}
    behind = send(1)
    others = {send(number) for number in (0, 2, 0, 2)}
    with capture_logs() as lines:
        for _ in range(4):
            digester.digest_pending()
    assert ids(database) == others
    assert [line["event"] for line in lines if line["log_level"] == "error"] == [
        "An event could not be stored",
        "A log of events can't be digested",
    ]
    refused.clear()
    monkeypatch.setattr(digester_module.time, "monotonic", lambda: 1e12)
    digester.digest_pending()
    assert ids(database) == others | {bad, behind}


def test_logs_whose_positions_another_digester_moved_are_read_again(
    digester: Digester, database: Database, blobs: Blobs, folder: LogFolder, send: Send
) -> None:
    sent = {send(number % 3) for number in range(6)}
    digester.digest_pending()
    sent |= {send(number % 3) for number in range(6)}
    logs = SqliteLogReader(folder)
    assert Digester(database, blobs, logs).digest_pending() == 6
    logs.close()
    with pytest.raises(Conflict):
        digester.digest_pending()
    assert digester.digest_pending() == 0
    assert ids(database) == sent


@pytest.mark.parametrize(
    ("numbers", "size", "batches"),
    [
        ([1, 1, 0, 1], 10, [3]),
        ([400, 100, 1], 10, [500, 1]),
        ([100, 400, 500, 499], 10, [500, 500, 499]),
        ([2, 2, 2], 5 * 2**20, [2, 2, 2]),
        ([1, 2, 2], 5 * 2**20, [3, 2]),
        ([0, 0], 10, []),
    ],
)
def test_logs_are_joined_as_far_as_they_fit(
    numbers: list[int], size: int, batches: list[int]
) -> None:
    frame = LogFrame(
        type=FrameType.EVENT,
        project_id=1,
        received_at=datetime.now(UTC),
        payload=b"x" * size,
        event_id="a" * 32,
    )
    reads = [[StoredFrame(position=1, frame=frame)] * number for number in numbers]
    assert [len(batch) for batch in joined(reads)] == batches
