"""Reading events in processes beside the digester: the same as it reads itself, whatever becomes of the readers."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from factories import World, error_event, rows

from shipmark.events.project_rules import rules_from
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.ingest import event_readers
from shipmark.ingest.digester import Digester
from shipmark.ingest.event_log import FrameType, LogFrame, StoredFrame
from shipmark.ingest.event_readers import SHARED_MIN, EventReaders, SharedFrames
from shipmark.ingest.event_reading import read_without_uploads
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.sqlite_log import SqliteLogReader, SqliteLogWriter
from shipmark.projects.store.options import OptionRow

#: The options of the project: crawlers are filtered out.
OPTIONS = {1: (OptionRow(is_project=True, key="filters:web-crawlers", value='"1"'),)}
NEEDS_A_FILE = error_event(
    "minified",
    platform="javascript",
    release="web@1.0.0",
    exception={
        "values": [
            {
                "stacktrace": {
                    "frames": [
                        {"abs_path": "https://x.example.com/a.min.js", "lineno": 1, "colno": 9}
                    ]
                }
            }
        ]
    },
)


@pytest.fixture
def readers() -> Iterator[EventReaders]:
    with EventReaders(2, threading.Lock()) as made:
        yield made


def frame_of(payload: object, project_id: int = 1) -> LogFrame:
    return LogFrame(
        type=FrameType.EVENT,
        project_id=project_id,
        received_at=datetime.now(UTC),
        payload=payload if isinstance(payload, bytes) else msgspec.json.encode(payload),
        event_id=f"{time.monotonic_ns():032x}",
    )


def stored(frames: Sequence[LogFrame]) -> list[StoredFrame]:
    return [StoredFrame(position=n, frame=frame) for n, frame in enumerate(frames, start=1)]


def events(number: int = SHARED_MIN) -> list[StoredFrame]:
    return stored([frame_of(error_event(f"boom {n}")) for n in range(number)])


def pids(readers: EventReaders) -> list[int]:
    return [reader._process.pid or 0 for reader in readers._readers]


def read(shared: SharedFrames, batch: Sequence[StoredFrame]) -> list[int]:
    """Return the positions of the frames that readers have read."""
    return [each.position for each in batch if shared.content_of(each) is not None]


def test_readers_return_what_the_digester_would_read(readers: EventReaders) -> None:
    crawler = {"User-Agent": "Googlebot/2.1"}
    batch = stored(
        [
            *(frame_of(error_event(f"boom {n}", tags={"n": n})) for n in range(SHARED_MIN)),
            frame_of(error_event("crawled", request={"headers": crawler})),
            frame_of(error_event("secret", extra={"password": "hunter2"})),
        ]
    )
    rules = rules_from(OPTIONS[1])
    shared = readers.share_out(batch, OPTIONS)
    contents = {each.position: shared.content_of(each) for each in batch}
    # The digester reads the first third meanwhile.
    assert [position for position, content in contents.items() if content is None] == [
        *range(1, len(batch) // 3 + 1)
    ]
    assert all(
        content == read_without_uploads(each.frame, rules)
        for each in batch
        if (content := contents[each.position]) is not None
    )


def test_what_readers_can_not_read_is_left_to_the_digester(readers: EventReaders) -> None:
    batch = [*events(), *stored([frame_of(b"[1]"), frame_of(NEEDS_A_FILE)])]
    batch = [replace(each, position=n) for n, each in enumerate(batch, start=1)]
    assert read(readers.share_out(batch, OPTIONS), batch)[-1] == SHARED_MIN


def test_other_frames_and_deleted_projects_are_not_handed_out(readers: EventReaders) -> None:
    others = [
        *(frame_of({}, project_id=2) for _ in range(SHARED_MIN)),
        *(replace(frame_of({}), type=FrameType.SESSIONS) for _ in range(SHARED_MIN)),
    ]
    assert read(readers.share_out(stored(others), OPTIONS), stored(others)) == []
    assert pids(readers) == []


def test_a_few_events_start_no_reader(readers: EventReaders) -> None:
    batch = events(SHARED_MIN - 1)
    assert read(readers.share_out(batch, OPTIONS), batch) == []
    assert pids(readers) == []


def test_the_answer_to_a_batch_that_was_given_up_is_not_taken_for_the_next(
    readers: EventReaders,
) -> None:
    batch = events()
    readers.share_out(batch, OPTIONS)
    again = events()
    shared = readers.share_out(again, OPTIONS)
    contents = [content for each in again if (content := shared.content_of(each)) is not None]
    assert len(contents) > SHARED_MIN // 2
    assert {content.event.event_id for content in contents} <= {
        each.frame.event_id for each in again
    }


@pytest.mark.parametrize("moment", ["before", "meanwhile"])
def test_the_part_of_a_reader_that_is_killed_is_left_to_the_digester(
    readers: EventReaders, moment: str
) -> None:
    batch = events()
    read(readers.share_out(batch, OPTIONS), batch)
    killed, other = pids(readers)
    if moment == "before":
        os.kill(killed, signal.SIGKILL)
        os.waitid(os.P_PID, killed, os.WEXITED | os.WNOWAIT)
    else:
        os.kill(killed, signal.SIGSTOP)
    shared = readers.share_out(batch, OPTIONS)
    if moment == "meanwhile":
        os.kill(killed, signal.SIGKILL)
    third = -(-SHARED_MIN // 3)
    assert read(shared, batch) == list(range(2 * third + 1, SHARED_MIN + 1))
    assert pids(readers) == [other]
    assert read(readers.share_out(batch, OPTIONS), batch) == [], "it waits a while"


def test_a_reader_that_hangs_is_killed(
    readers: EventReaders, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = events()
    read(readers.share_out(batch, OPTIONS), batch)
    hanging = pids(readers)
    for pid in hanging:
        os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr(event_readers, "_ANSWER_SECONDS", 0.01)
    assert read(readers.share_out(batch, OPTIONS), batch) == []
    assert pids(readers) == []
    assert not any(map(is_alive, hanging))


def test_readers_start_again_after_a_failure(
    readers: EventReaders, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = events()
    monkeypatch.setattr(event_readers, "_FAILURE_SECONDS", -1)
    read(readers.share_out(batch, OPTIONS), batch)
    for pid in pids(readers):
        os.kill(pid, signal.SIGKILL)
    read(readers.share_out(batch, OPTIONS), batch)
    assert read(readers.share_out(batch, OPTIONS), batch)
    assert len(pids(readers)) == 2


def test_without_a_process_to_be_had_the_digester_reads_all(
    readers: EventReaders, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise BlockingIOError("Resource temporarily unavailable")

    monkeypatch.setattr(event_readers._FORK.Process, "start", refuse)
    batch = events()
    assert read(readers.share_out(batch, OPTIONS), batch) == []


def test_readers_end_when_they_have_nothing_to_read_for_long(
    readers: EventReaders, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = events()
    read(readers.share_out(batch, OPTIONS), batch)
    started = pids(readers)
    readers.end_idle()
    assert pids(readers) == started
    monkeypatch.setattr(event_readers, "_IDLE_SECONDS", 0)
    readers.end_idle()
    assert pids(readers) == []
    assert not any(map(is_alive, started))


def test_no_reader_is_forked_while_another_thread_is_in_the_middle_of_a_job() -> None:
    """It would copy the locks that the thread holds, and wait for them for ever."""
    batch, fork_lock = events(), threading.Lock()
    with EventReaders(1, fork_lock) as readers:
        with fork_lock:
            assert not read(readers.share_out(batch, OPTIONS), batch)
            assert pids(readers) == []
        assert read(readers.share_out(batch, OPTIONS), batch)
        assert len(pids(readers)) == 1


def test_readers_end_with_the_digester_and_hold_none_of_its_files() -> None:
    batch = events()
    pipe, theirs = os.pipe()
    digester = os.fork()
    if not digester:
        readers = EventReaders(1, threading.Lock())
        read(readers.share_out(batch, OPTIONS), batch)
        os.write(theirs, str(pids(readers)[0]).encode())
        signal.pause()
    reader = int(os.read(pipe, 20))
    folder = Path(f"/proc/{reader}/fd")
    try:
        files = {int(each.name): each.readlink().name for each in folder.iterdir()}
        assert [name[:6] for number, name in files.items() if number > 2] == ["socket"]
    finally:
        os.kill(digester, signal.SIGKILL)
        os.waitpid(digester, 0)
        os.close(pipe)
        os.close(theirs)
    assert has_ended(reader)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def has_ended(pid: int) -> bool:
    """Wait for the end of a process of another one."""
    for _ in range(500):
        if not is_alive(pid):
            return True
        time.sleep(0.01)
    return False


def test_a_digester_with_readers_stores_the_same_as_without(
    database: Database, blobs: Blobs, folder: LogFolder, writer: SqliteLogWriter, world: World
) -> None:
    project_id = world.projects["web"]
    sent = [error_event(f"boom {n % 7}") for n in range(SHARED_MIN + 20)]
    sent[5:5] = [NEEDS_A_FILE]
    frames = [
        replace(frame_of(event, project_id), event_id=str(event["event_id"])) for event in sent
    ]
    frames += [frame_of(b"[1]", project_id)]
    writer.append(*frames).result(10)
    logs = SqliteLogReader(folder)
    with EventReaders(2, threading.Lock()) as readers:
        digester = Digester(database, blobs, logs, event_readers=readers)
        assert digester.digest_pending() == len(frames)
        assert len(pids(readers)) == 2
    logs.close()
    assert [row["event_id"] for row in rows(database, "events")] == [
        each["event_id"] for each in sent
    ]
    seen = Counter(n % 7 for n in range(SHARED_MIN + 20))
    assert sorted(row["times_seen"] for row in rows(database, "issues"))[1:] == sorted(
        seen.values()
    )
    assert [row["payload"] for row in rows(database, "quarantined_frames")]
