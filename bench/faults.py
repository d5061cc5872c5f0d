"""Disks and files that fail under load: a folder that is read-only, a full disk, a damaged log.

The first two mount a small disk in memory, which takes the rights of root.
"""

import contextlib
import os
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from killing import Server, drain
from recount import Recount
from running import folder
from small_events import PROJECTS, Sent, sending

from shipmark.ingest.event_log import FrameType, LogFrame
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.sqlite_log import SqliteLogWriter

RATE = 200.0
#: While a fault lasts, and before and after it.
_SECONDS = 4.0
_DISK_BYTES = 160 * 2**20
#: A digester that meets a damaged log again and again takes less of a processor than this.
_IDLE_SHARE_MAX = 0.1
_PAGE = 4096


def report() -> bool:
    """Run all faults, and print what became of each. Return True if something is wrong."""
    is_wrong = False
    for fault in (read_only_folder, full_disk, damaged_log):
        problems = list(fault())
        print(f"{'✗' if problems else '✓'} {(fault.__doc__ or '').partition('.')[0]}", flush=True)
        for problem in problems:
            print(f"    {problem}")
        is_wrong |= bool(problems)
    return is_wrong


def read_only_folder() -> Iterator[str]:
    """While the folder of the logs is read-only, nothing is acknowledged; then it goes on by itself."""
    with folder() as place:
        server = Server(place / "data", None, PROJECTS)
        logs = server.data / "event-log"
        logs.mkdir(exist_ok=True)
        with mounted(logs), running(server):
            subprocess.run(["mount", "-o", "remount,ro", logs], check=True)
            server.start()
            server.wait_until_ready()
            with sending(server.port, server.projects, RATE) as refused:
                time.sleep(_SECONDS)
            if refused[0].acknowledged or set(refused[0].answers) != {"503"}:
                yield f"answers were {_shown(refused[0].answers)}"
            subprocess.run(["mount", "-o", "remount,rw", logs], check=True)
            with sending(server.port, server.projects, RATE) as sent:
                time.sleep(_SECONDS)
            yield from outcome(server, sent[0], {"200"})
            yield from noise(server)


def full_disk() -> Iterator[str]:
    """While the disk of the data folder is full, events are refused, and none that was acknowledged is lost."""
    with folder() as place:
        data = place / "disk" / "data"
        data.parent.mkdir()
        with mounted(data.parent):
            server = Server(data, None, PROJECTS)
            with running(server):
                server.start()
                server.recover()
                with sending(server.port, server.projects, RATE) as sent:
                    time.sleep(_SECONDS)
                    fill(data.parent / "filling")
                    time.sleep(2 * _SECONDS)
                    (data.parent / "filling").unlink()
                    time.sleep(2 * _SECONDS)
                if not set(sent[0].answers) & {"429", "503"}:
                    yield "no event was refused"
                yield from outcome(server, sent[0], {"200", "429", "503"})
                yield from noise(server)


def damaged_log() -> Iterator[str]:
    """A damaged log holds up nothing, is named once by the server, and by `shipmark check`."""
    with folder() as place:
        server = Server(place / "data", None, PROJECTS)
        damaged = make_damaged_log(server)
        with running(server):
            server.start()
            server.recover()
            with sending(server.port, server.projects, RATE) as sent:
                time.sleep(_SECONDS)
            drain(server, server.url)
            digester = server.digester()
            assert digester is not None
            before = _seconds_of(digester)
            time.sleep(_SECONDS)
            share = (_seconds_of(digester) - before) / _SECONDS
            if share > _IDLE_SHARE_MAX:
                yield f"the digester takes {share:.0%} of a processor"
            yield from lost(server, sent[0])
            if (lines := server.log.read_text().count(damaged.name)) != 1:
                yield f"{lines} lines of the log name the file"
            if not any(damaged.name in line for line in server.check()):
                yield "shipmark check does not name it"
            if not damaged.exists():
                yield "it was deleted"


def make_damaged_log(server: Server) -> Path:
    """Write a log of 1,000 frames, and damage a page in the middle. Return its path."""
    logs = LogFolder(server.data / "event-log")
    writer = SqliteLogWriter(logs, bytes_max=2**30)
    for number in range(1000):
        frame = LogFrame(
            type=FrameType.EVENT,
            project_id=next(iter(server.projects.values()))[0],
            received_at=datetime.now(UTC),
            payload=b'{"message": "%d"}' % number,
            event_id=f"f{number:031x}",
        )
        future = writer.append(frame)
    future.result(20)
    writer.close()
    [path] = logs.logs()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2 // _PAGE * _PAGE)
        file.write(b"\xff" * _PAGE)
    return path


def outcome(server: Server, sent: Sent, allowed: set[str]) -> Iterator[str]:
    """Return what is wrong after a fault has ended: the last events are acknowledged, and all is as counted."""
    if not sent.acknowledged or set(sent.answers) - allowed:
        yield f"answers were {_shown(sent.answers)}"
    if sent.count - max(sent.acknowledged, default=0) > 100:
        yield "the last events were refused, too"
    drain(server, server.url)
    engine = sa.create_engine(server.url)
    with engine.connect() as connection:
        yield from Recount(connection, sent).problems()
    engine.dispose()


def lost(server: Server, sent: Sent) -> Iterator[str]:
    """Return how many acknowledged events are not stored."""
    engine = sa.create_engine(server.url)
    with engine.connect() as connection:
        ids = set(connection.execute(sa.text("SELECT event_id FROM events")).scalars())
    engine.dispose()
    if missing := [number for number in sent.acknowledged if f"{number + 1:032x}" not in ids]:
        yield f"{len(missing)} acknowledged events are lost"


def noise(server: Server) -> Iterator[str]:
    """Return the sentences that the log of the server repeats."""
    lines = Counter(line[:100].partition("Z ")[2] for line in server.log.read_text().splitlines())
    for line, number in lines.items():
        if number > 10 and "[" in line:
            yield f"{number} times in the log: {line}"


def fill(path: Path) -> None:
    """Write a file until the disk is full."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(b"." * 65536):
            pass


@contextlib.contextmanager
def mounted(path: Path) -> Iterator[None]:
    """Mount a small disk there until the end of the block."""
    size = f"size={_DISK_BYTES},mode=700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "shipmark-bench", path], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


@contextlib.contextmanager
def running(server: Server) -> Iterator[None]:
    """Stop the server at the end of the block."""
    try:
        yield
    finally:
        server.stop()


def _seconds_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _shown(answers: Counter[str]) -> str:
    return ", ".join(f"{number} times {status}" for status, number in answers.items())
