"""Who sends an event and then asks the API finds it, though the digester stores it only after the answer."""

import os
import threading
import time
from concurrent.futures import Future
from datetime import UTC, datetime

import pytest
from digesting import digest_all
from factories import World, rows

from shipmark.events.sender import Sender
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.ingest.event_log import FrameType, LogFrame
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.read_your_writes import FRAMES_MAX, ReadYourWrites
from shipmark.ingest.sqlite_log import SqliteLogWriter

LONG = 60.0


def send(
    writer: SqliteLogWriter, world: World, number: int = 1, address: str | None = None
) -> None:
    frames = [
        LogFrame(
            type=FrameType.EVENT,
            project_id=world.projects["web"],
            received_at=datetime.now(UTC),
            payload=b'{"message": "no lines"}',
            event_id=f"{index + 1:032x}",
            sender=Sender(address=address),
        )
        for index in range(number)
    ]
    futures: list[Future[None]] = [writer.append(frame) for frame in frames]
    for future in futures:
        future.result(LONG)


def seconds_of(writes: ReadYourWrites) -> float:
    begun = time.monotonic()
    writes.wait(None)
    return time.monotonic() - begun


def test_a_request_waits_until_all_before_it_is_digested(
    world: World, folder: LogFolder, writer: SqliteLogWriter, database: Database, blobs: Blobs
) -> None:
    send(writer, world, 3)
    writes = ReadYourWrites(database, folder, wait_seconds=LONG)
    timer = threading.Timer(0.3, digest_all, (folder, database, blobs))
    timer.start()
    seconds = seconds_of(writes)
    assert len(rows(database, "events")) == 3
    assert 0.2 < seconds < LONG
    timer.join()


def test_a_request_that_waits_ends_the_rest_of_the_digester(
    world: World, folder: LogFolder, writer: SqliteLogWriter, database: Database
) -> None:
    folder.path.mkdir()
    with folder.pauses() as pauses:
        send(writer, world)
        ReadYourWrites(database, folder, wait_seconds=0).wait(None)
        begun = time.monotonic()
        pauses.rest(LONG)
        assert time.monotonic() - begun < LONG


def test_it_does_not_wait_again_until_something_is_written(
    world: World, folder: LogFolder, writer: SqliteLogWriter, database: Database, blobs: Blobs
) -> None:
    send(writer, world)
    digest_all(folder, database, blobs)
    writes = ReadYourWrites(database, folder, wait_seconds=LONG)
    writes.wait(None)
    database.close()
    for log in folder.logs():
        log.unlink()
    assert seconds_of(writes) < LONG  # it reads no log, and asks for no position


def test_nothing_is_waited_for_where_nothing_was_written(
    folder: LogFolder, database: Database
) -> None:
    assert seconds_of(ReadYourWrites(database, folder, wait_seconds=LONG)) < LONG


@pytest.mark.parametrize(
    ("sender", "reader", "waits"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", None, True),
        (None, "192.0.2.1", True),
        ("127.0.0.1", "::1", True),
        ("::ffff:127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "192.0.2.1", False),
        ("unreadable", "192.0.2.1", False),
    ],
)
def test_a_request_waits_for_what_its_own_address_sent(
    sender: str | None,
    reader: str | None,
    waits: bool,
    world: World,
    folder: LogFolder,
    writer: SqliteLogWriter,
    database: Database,
) -> None:
    send(writer, world, address=sender)
    writes = ReadYourWrites(database, folder, wait_seconds=0.3)
    begun = time.monotonic()
    writes.wait(reader)
    assert (time.monotonic() - begun >= 0.3) == waits


def test_what_was_written_some_time_ago_is_not_waited_for(
    world: World, folder: LogFolder, writer: SqliteLogWriter, database: Database
) -> None:
    send(writer, world)
    for file in folder.path.iterdir():
        os.utime(file, (time.time() - 60, time.time() - 60))
    assert seconds_of(ReadYourWrites(database, folder, wait_seconds=LONG)) < LONG


def test_a_long_backlog_is_not_waited_for(
    world: World, folder: LogFolder, writer: SqliteLogWriter, database: Database
) -> None:
    send(writer, world, FRAMES_MAX + 1)
    assert seconds_of(ReadYourWrites(database, folder, wait_seconds=LONG)) < LONG


def test_a_digester_that_is_away_is_waited_for_once(
    world: World, folder: LogFolder, writer: SqliteLogWriter, database: Database
) -> None:
    send(writer, world)
    writes = ReadYourWrites(database, folder, wait_seconds=0.5)
    assert seconds_of(writes) >= 0.5
    send(writer, world)
    assert seconds_of(writes) < 0.5
