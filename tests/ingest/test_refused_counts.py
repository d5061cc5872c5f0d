"""The counts of refusals: few frames for many of them, and none is lost while the log takes nothing."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shipmark.ingest.event_log import FrameType, LogFrame
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.refused_counts import RefusedCounts, discards_of_refused
from shipmark.ingest.sqlite_log import SqliteLogReader, SqliteLogWriter

HOUR = 3600.0


@pytest.fixture
def folder(tmp_path: Path) -> LogFolder:
    return LogFolder(tmp_path / "event-log")


@pytest.fixture
def writer(folder: LogFolder) -> Iterator[SqliteLogWriter]:
    writer = SqliteLogWriter(folder, bytes_max=2**30)
    yield writer
    writer.close()


def frames(folder: LogFolder) -> list[LogFrame]:
    reader = SqliteLogReader(folder)
    stored = [each.frame for log in reader.logs() for each in reader.read(log, 0, 1000)]
    reader.close()
    assert {frame.type for frame in stored} <= {FrameType.REFUSED}
    return stored


def numbers(folder: LogFolder) -> dict[tuple[int, str, str], int]:
    return {
        (frame.project_id, each.reason, each.category): each.quantity
        for frame in frames(folder)
        for each in discards_of_refused(frame)
    }


def test_many_refusals_are_one_frame_of_each_project(
    folder: LogFolder, writer: SqliteLogWriter
) -> None:
    counts = RefusedCounts(writer, seconds=HOUR)
    for _ in range(500):
        counts.add(1, "overloaded", "error")
        counts.add(1, "key_rate_limit", "security", 2)
        counts.add(2, "overloaded", "unknown")
    assert frames(folder) == []
    counts.close()
    assert len(frames(folder)) == 2
    assert numbers(folder) == {
        (1, "overloaded", "error"): 500,
        (1, "key_rate_limit", "security"): 1000,
        (2, "overloaded", "unknown"): 500,
    }


def test_they_are_written_without_a_further_request(
    folder: LogFolder, writer: SqliteLogWriter
) -> None:
    counts = RefusedCounts(writer, seconds=0.01)
    for number in (1, 2):
        counts.add(number, "overloaded", "error")
        deadline = time.monotonic() + 60
        while len(numbers(folder)) < number and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(numbers(folder)) == number
    counts.close()


def test_they_wait_while_the_log_is_full(folder: LogFolder, writer: SqliteLogWriter) -> None:
    folder.new_log()
    writer._bytes_max = -1
    counts = RefusedCounts(writer, seconds=0.01)
    counts.add(1, "overloaded", "error")
    time.sleep(0.1)
    assert frames(folder) == []
    writer._bytes_max, writer._looked_at = 2**30, 0.0
    counts.add(1, "overloaded", "error")
    counts.close()
    assert numbers(folder) == {(1, "overloaded", "error"): 2}


def test_what_a_closed_log_does_not_take_is_no_reason_to_fail(
    folder: LogFolder, writer: SqliteLogWriter
) -> None:
    counts = RefusedCounts(writer, seconds=HOUR)
    counts.add(1, "overloaded", "error")
    writer.close()
    counts.close()
    assert frames(folder) == []
