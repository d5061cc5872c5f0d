"""The loop of the digester: its turns, their pauses, and the lock of the folder."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Unavailable
from shipmark.ingest import digestion_loop
from shipmark.ingest.digester import Digester
from shipmark.ingest.event_readers import SHARED_MIN
from shipmark.ingest.log_folder import LogFolder, Pauses
from shipmark.ingest.sqlite_log import SqliteLogReader

pytestmark = pytest.mark.usefixtures("full_log")
LONG = 60.0


class Outage(Digester):
    """A digester whose database is away for some turns."""

    turns = 3

    def digest_pending(self) -> int:
        self.turns -= 1
        if self.turns >= 0:
            raise Unavailable
        return super().digest_pending()


def test_an_outage_is_logged_when_it_begins_and_when_it_ends(
    database: Database, blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digestion_loop, "_FAILURE_SECONDS", 0)
    digester = Outage(database, blobs, SqliteLogReader(LogFolder(tmp_path)))
    turns = digestion_loop._Turns(digester, threading.Event())
    with capture_logs() as lines:
        assert not any(turns.digest() for _ in range(6))
    assert [line["event"] for line in lines] == [
        "Events wait to be digested",
        "Events are digested again",
    ]


@dataclass
class NotedPauses(Pauses):
    """Pauses that take no time, as they were asked for."""

    waited: list[float] = field(default_factory=list)
    rested: list[float] = field(default_factory=list)

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)

    def rest(self, seconds: float) -> None:
        self.rested.append(seconds)


@pytest.mark.parametrize(
    ("frames", "seconds", "rests"),
    [
        (1, 0.01, [0.02]),
        (SHARED_MIN - 1, 0.3, [0.1]),
        (SHARED_MIN, 0.3, []),
    ],
)
def test_it_rests_after_a_turn_unless_it_is_behind(
    frames: int, seconds: float, rests: list[float]
) -> None:
    pauses = NotedPauses()
    digestion_loop.pause_after(pauses, frames, seconds)
    assert pauses.rested == rests
    assert pauses.waited == []


def test_it_waits_to_be_woken_where_there_is_nothing_to_digest() -> None:
    pauses = NotedPauses()
    digestion_loop.pause_after(pauses, 0, 0.01)
    assert (len(pauses.waited), pauses.rested) == (1, [])


def test_frames_do_not_end_a_rest_and_a_reader_does(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path)
    with folder.pauses() as pauses:
        folder.wake()
        assert _seconds_of(pauses.rest, 0.2) >= 0.2
        assert _seconds_of(pauses.wait, LONG) < LONG
        folder.hurry()
        assert _seconds_of(pauses.rest, LONG) < LONG
        folder.hurry()
        assert _seconds_of(pauses.wait, LONG) < LONG
        assert _seconds_of(pauses.rest, 0.2) >= 0.2


def _seconds_of(pause: Callable[[float], None], seconds: float) -> float:
    begun = time.monotonic()
    pause(seconds)
    return time.monotonic() - begun


def test_a_second_digester_waits_for_the_folder_and_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digestion_loop, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(digestion_loop, "_OTHER_SECONDS", 0)
    folder, taken = LogFolder(tmp_path), threading.Event()

    def wait() -> None:
        with ExitStack() as stack:
            assert digestion_loop._when_free(folder, stack, threading.Event()) is not None
            taken.set()

    with capture_logs() as lines:
        thread = threading.Thread(target=wait)
        with folder.digester_lock():
            thread.start()
            assert not taken.wait(0.2)
        thread.join(20)
    assert taken.is_set()
    assert len(lines) == 1


def test_a_folder_that_can_not_be_written_is_waited_for_and_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digestion_loop, "_LOOK_SECONDS", 0.01)
    path = tmp_path / "logs"
    path.touch()  # no folder: root may write to one that is read-only
    stopping, done = threading.Event(), threading.Event()

    def wait() -> None:
        with ExitStack() as stack:
            digestion_loop._when_free(LogFolder(path), stack, stopping)
            done.set()

    with capture_logs() as lines:
        thread = threading.Thread(target=wait)
        thread.start()
        assert not done.wait(0.2)
        path.unlink()
        thread.join(20)
    assert done.is_set()
    assert len(lines) == 1
