"""The contract of the log of events: what is acknowledged is on disk, in order, and goes when it was read."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shipmark.events.sender import Sender
from shipmark.infrastructure.errors import TooManyRequests, Unavailable
from shipmark.ingest import log_folder, sqlite_log
from shipmark.ingest.event_log import FrameType, LogFrame, UnreadableLogError
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.sqlite_log import SqliteLogReader, SqliteLogWriter

AT = datetime(2026, 2, 1, 12, tzinfo=UTC)
MANY = 1_000_000_000
#: A process that appends for ever, and prints the number of each frame that is acknowledged.
APPENDING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from shipmark.ingest.event_log import LogFrame, FrameType, UnreadableLogError
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.sqlite_log import SqliteLogWriter

writer = SqliteLogWriter(LogFolder(Path(sys.argv[1])), bytes_max=1_000_000_000)
number = 0
while True:
    frames = [
        LogFrame(
            type=FrameType.EVENT, project_id=1, received_at=datetime.now(UTC),
            payload=str(number + index).encode(), event_id=f"{number + index:032x}",
        )
        for index in range(10)
    ]
    for future in [writer.append(frame) for frame in frames]:
        future.result()
    number += 10
    print(number, flush=True)
"""


def frame(number: int = 0) -> LogFrame:
    return LogFrame(
        type=FrameType.EVENT,
        project_id=1,
        received_at=AT,
        payload=b'{"message": "%d"}' % number,
        event_id=f"{number:032x}",
        sent_at=AT - timedelta(seconds=number),
        sender=Sender(address="192.0.2.7", user_agent="client/1"),
    )


@pytest.fixture
def folder(tmp_path: Path) -> LogFolder:
    return LogFolder(tmp_path / "logs")


@pytest.fixture
def writer(folder: LogFolder) -> Iterator[SqliteLogWriter]:
    made = SqliteLogWriter(folder, bytes_max=MANY)
    yield made
    made.close()


@pytest.fixture
def reader(folder: LogFolder) -> Iterator[SqliteLogReader]:
    made = SqliteLogReader(folder)
    yield made
    made.close()


def test_frames_are_read_as_they_were_appended(
    writer: SqliteLogWriter, reader: SqliteLogReader
) -> None:
    frames = [frame(number) for number in range(5)]
    for each in frames:
        writer.append(each).result(10)
    [log] = reader.logs()
    stored = reader.read(log, 0, 100)
    assert [each.frame for each in stored] == frames
    assert [each.frame for each in reader.read(log, stored[1].position, 2)] == frames[2:4]


def test_nothing_is_made_before_the_first_frame(
    writer: SqliteLogWriter, reader: SqliteLogReader, folder: LogFolder
) -> None:
    assert reader.logs() == []
    assert not folder.path.exists()
    assert not folder.is_full(0)


def test_frames_of_many_threads_are_all_kept(
    writer: SqliteLogWriter, reader: SqliteLogReader
) -> None:
    with ThreadPoolExecutor(8) as threads:
        for future in list(threads.map(lambda number: writer.append(frame(number)), range(400))):
            future.result(10)
    [log] = reader.logs()
    stored = reader.read(log, 0, 1000)
    assert sorted(each.frame.event_id for each in stored) == [f"{n:032x}" for n in range(400)]
    assert [each.position for each in stored] == sorted(each.position for each in stored)


def test_each_writer_has_its_own_log(folder: LogFolder, reader: SqliteLogReader) -> None:
    writers = [SqliteLogWriter(folder, bytes_max=MANY) for _ in range(3)]
    for number, each in enumerate(writers):
        each.append(frame(number)).result(10)
    read = [reader.read(log, 0, 9)[0].frame.event_id for log in reader.logs()]
    assert read == [f"{number:032x}" for number in range(3)]
    for each in writers:
        each.close()


def test_a_log_goes_when_it_has_ended_and_was_read(
    writer: SqliteLogWriter, reader: SqliteLogReader, folder: LogFolder
) -> None:
    writer.append(frame()).result(10)
    [log] = reader.logs()
    [stored] = reader.read(log, 0, 9)
    assert not reader.delete_if_ended(log, stored.position), "its writer may append more"
    writer.close()
    assert not reader.delete_if_ended(log, 0), "it was not read to its end"
    assert reader.delete_if_ended(log, stored.position)
    reader.forget(log)
    assert reader.logs() == []
    assert list(folder.path.iterdir()) == []


def test_what_was_acknowledged_survives_the_death_of_the_writer(
    folder: LogFolder, reader: SqliteLogReader
) -> None:
    command = [sys.executable, "-c", APPENDING, str(folder.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = 0
        for line in process.stdout:
            acknowledged = int(line)
            if acknowledged >= 200:
                process.send_signal(signal.SIGKILL)
    [log] = reader.logs()
    stored = reader.read(log, 0, 100_000)
    numbers = [int(each.frame.payload) for each in stored]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) >= acknowledged
    assert reader.delete_if_ended(log, stored[-1].position), "nothing writes to it any more"


def test_a_log_that_was_just_begun_is_empty(folder: LogFolder, reader: SqliteLogReader) -> None:
    path = folder.new_log()
    path.touch()
    assert reader.read(path.name, 0, 9) == []
    assert reader.delete_if_ended(path.name, 0)


def test_a_log_of_a_writer_that_lives_is_owned(folder: LogFolder) -> None:
    path = folder.new_log()
    assert not log_folder.is_owned(path)
    descriptor = log_folder.own(path)
    assert log_folder.is_owned(path)
    os.close(descriptor)
    assert not log_folder.is_owned(path)


def test_more_than_the_logs_may_hold_is_refused(folder: LogFolder, writer: SqliteLogWriter) -> None:
    writer.append(frame()).result(10)
    with pytest.raises(TooManyRequests) as refused:
        SqliteLogWriter(folder, bytes_max=100).append(frame())
    assert refused.value.retry_after_seconds > 0


def test_a_frame_that_can_not_be_written_is_not_acknowledged(
    writer: SqliteLogWriter, reader: SqliteLogReader, folder: LogFolder
) -> None:
    writer.append(frame(1)).result(10)
    [log] = reader.logs()
    # As on a disk that fails: the table is gone under the writer.
    with sqlite3.connect(folder.path / log) as other:
        other.execute("ALTER TABLE frames RENAME TO others")
    with pytest.raises(Unavailable):
        writer.append(frame(2)).result(10)
    writer.append(frame(3)).result(10)
    assert reader.read(reader.logs()[1], 0, 9)[0].frame == frame(3), "a new log goes on"


def test_one_digester_has_a_folder(folder: LogFolder) -> None:
    with folder.digester_lock() as first, folder.digester_lock() as second:
        assert (first, second) == (True, False)
    with folder.digester_lock() as again:
        assert again


def test_a_writer_wakes_who_waits(folder: LogFolder, writer: SqliteLogWriter) -> None:
    folder.path.mkdir()
    with folder.pauses() as waiting:
        waiting.wait(0)
        woken = threading.Event()
        thread = threading.Thread(target=lambda: (waiting.wait(30), woken.set()))
        thread.start()
        writer.append(frame()).result(10)
        assert woken.wait(20)
        thread.join()


def test_a_log_is_named_until_it_is_forgotten(
    writer: SqliteLogWriter, reader: SqliteLogReader, folder: LogFolder
) -> None:
    writer.append(frame()).result(10)
    writer.close()
    [log] = reader.logs()
    assert reader.delete_if_ended(log, 1)
    with closing(SqliteLogReader(folder)) as after_a_crash:
        assert after_a_crash.logs() == [log]
        assert after_a_crash.read(log, 0, 9) == []
        assert after_a_crash.delete_if_ended(log, 0)
        after_a_crash.forget(log)
    assert list(folder.path.iterdir()) == []


@pytest.mark.parametrize("left", [".owner", ".log-wal", ".log-shm", ".log-journal"])
def test_files_that_a_killed_process_left_are_deleted(
    folder: LogFolder, reader: SqliteLogReader, left: str
) -> None:
    path = folder.new_log()
    path.with_suffix(left).touch()
    assert reader.logs() == [path.name]
    assert reader.delete_if_ended(path.name, 0)
    reader.forget(path.name)
    assert list(folder.path.iterdir()) == []


def test_a_log_whose_lock_was_just_taken_is_not_forgotten(
    folder: LogFolder, reader: SqliteLogReader
) -> None:
    path = folder.new_log()
    descriptor = log_folder.own(path)
    assert not reader.delete_if_ended(path.name, 0)
    reader.forget(path.name)
    assert log_folder.is_owned(path)
    os.close(descriptor)


def test_a_lock_on_a_file_that_was_deleted_meanwhile_is_taken_again(folder: LogFolder) -> None:
    path = folder.new_log()
    log_folder.owner_file(path).touch()
    owned: list[int] = []
    thread = threading.Thread(target=lambda: owned.append(log_folder.own(path)))
    with log_folder.ended(path):
        thread.start()
        time.sleep(0.1)  # so that it waits for the lock; sooner is no failure
        log_folder.owner_file(path).unlink()
    thread.join()
    assert log_folder.is_owned(path)
    os.close(owned[0])


def test_frames_before_a_damaged_place_are_read(folder: LogFolder, reader: SqliteLogReader) -> None:
    log = damaged_log(folder, frames=200)
    read = list[int]()
    with suppress(UnreadableLogError):
        while frames := reader.read(log, len(read), 1000):
            read += [each.position for each in frames]
    assert read == list(range(1, len(read) + 1))
    assert 0 < len(read) < 200
    with pytest.raises(UnreadableLogError):
        reader.delete_if_ended(log, len(read))


def damaged_log(folder: LogFolder, *, frames: int) -> str:
    """Return a log that has ended, with a damaged page in its second half."""
    writer = SqliteLogWriter(folder, bytes_max=MANY)
    for future in [writer.append(frame(number)) for number in range(frames)]:
        future.result(10)
    writer.close()
    [path] = folder.logs()
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size * 3 // 4 // 4096 * 4096)
        file.write(b"\xff" * 4096)
    return path.name


def test_a_file_that_is_no_log_can_not_be_read(folder: LogFolder, reader: SqliteLogReader) -> None:
    path = folder.new_log()
    path.write_bytes(b"no log" * 1000)
    for _ in range(2):
        with pytest.raises(UnreadableLogError):
            reader.read(path.name, 0, 9)


def test_a_payload_that_is_damaged_is_read_as_it_is(
    writer: SqliteLogWriter, reader: SqliteLogReader, folder: LogFolder
) -> None:
    writer.append(frame()).result(10)
    [log] = reader.logs()
    with closing(sqlite3.connect(folder.path / log)) as other, other:
        other.execute("UPDATE frames SET payload = x'00'")
    assert reader.read(log, 0, 9)[0].frame.payload == b"\0"


def test_large_frames_are_read_a_few_at_once(
    writer: SqliteLogWriter, reader: SqliteLogReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        writer.append(frame(number)).result(10)
    monkeypatch.setattr(sqlite_log, "_READ_BYTES_MAX", 2 * len(frame().payload))
    [log] = reader.logs()
    assert [each.position for each in reader.read(log, 0, 9)] == [1, 2]
    assert [each.position for each in reader.read(log, 2, 9)] == [3, 4]


def test_a_sender_that_gives_up_does_not_stop_the_log(
    writer: SqliteLogWriter, reader: SqliteLogReader
) -> None:
    for number in range(300):
        writer.append(frame(number)).cancel()
    writer.append(frame(300)).result(10)
    [log] = reader.logs()
    assert len(reader.read(log, 0, 1000)) == 301


def test_a_frame_that_can_not_be_coded_does_not_stop_the_log(writer: SqliteLogWriter) -> None:
    unknown = Sender(address=None, user_agent="\udc80")
    with pytest.raises(Unavailable):
        writer.append(replace(frame(), sender=unknown)).result(10)
    writer.append(frame()).result(10)


def test_a_log_that_is_closed_refuses(writer: SqliteLogWriter) -> None:
    writer.append(frame()).result(10)
    writer.close()
    with pytest.raises(Unavailable):
        writer.append(frame())


def test_a_log_that_can_not_be_made_leaves_no_files(
    writer: SqliteLogWriter, folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_log, "_CREATE", "no statement")
    with pytest.raises(Unavailable):
        writer.append(frame()).result(10)
    assert list(folder.path.iterdir()) == []
