"""The folder of the logs: names, locks, sizes, and how the digester is woken.

A log has two files: the SQLite file, and one that its writer keeps locked, so that the digester sees when the writer is
gone, whatever it died of.
"""

import contextlib
import fcntl
import os
import select
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

from shipmark.infrastructure import ids
from shipmark.infrastructure.write_lock import try_lock

LOG_SUFFIX = ".log"
_OWNER_SUFFIX = ".owner"
#: The files of a log that hold frames: that of SQLite, and what it keeps beside.
_BESIDE = ("", "-wal", "-shm", "-journal")
_SUFFIXES = {_OWNER_SUFFIX, *(LOG_SUFFIX + each for each in _BESIDE)}
#: Of the files of a log, the one that each commit writes to.
_WRITTEN = f"{LOG_SUFFIX}-wal"
#: The pipes by which the digester hears of new frames, and of readers who wait for those.
_WAKE, _HURRY = "wake", "hurry"
_DIGESTER_LOCK = "digester.lock"
#: This much of the disk stays free: the digester has to write what it takes from the logs.
FREE_BYTES_MIN = 64 * 2**20
#: Files of logs, and when they were written to last (nanoseconds).
WriteTimes = tuple[tuple[str, int], ...]


class LogFolder:
    """A folder of logs, made when it is first written to."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def new_log(self) -> Path:
        """Return the path of a new log. Names sort by when they were made."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self.path / f"{time.time_ns():020}-{ids.hex32()[:8]}{LOG_SUFFIX}"

    def logs(self) -> list[Path]:
        """Return the paths of all logs of which any file is left, oldest first.

        A process that is killed may leave the file with the lock, or one of those beside, without the log itself.
        """
        with suppress(FileNotFoundError):
            names = {file.stem for file in self.path.iterdir() if file.suffix in _SUFFIXES}
            return [self.path / f"{name}{LOG_SUFFIX}" for name in sorted(names)]
        return []

    def bytes(self) -> int:
        """Return the size of all logs."""
        total = 0
        with suppress(FileNotFoundError), os.scandir(self.path) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    total += entry.stat().st_size
        return total

    def written_since(self, moment: float) -> WriteTimes:
        """Return the logs that were written to since a moment (seconds since 1970), and when (nanoseconds)."""
        times = list[tuple[str, int]]()
        with suppress(FileNotFoundError), os.scandir(self.path) as entries:
            for entry in entries:
                if entry.name.endswith(_WRITTEN):
                    with suppress(FileNotFoundError):
                        times.append((entry.name, entry.stat().st_mtime_ns))
        return tuple(sorted(each for each in times if each[1] >= moment * 1e9))

    def is_full(self, bytes_max: int) -> bool:
        """Return True if the logs hold more than this, or the disk is nearly full."""
        if not self.path.exists():
            return False
        return self.bytes() > bytes_max or shutil.disk_usage(self.path).free < FREE_BYTES_MIN

    def delete_frames(self, log: Path) -> None:
        """Delete all files of a log but the one with the lock."""
        for suffix in _BESIDE:
            Path(f"{log}{suffix}").unlink(missing_ok=True)

    @contextlib.contextmanager
    def digester_lock(self) -> Iterator[bool]:
        """Hold the lock of the digester for a block; False if another process has it."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.path / _DIGESTER_LOCK).open("ab") as file:
            yield try_lock(file)

    def wake(self) -> None:
        """Wake the digester, if it is idle: without it a frame would wait for the digester's next look."""
        self._notify(_WAKE)

    def hurry(self) -> None:
        """End the rest of the digester, if it rests: a reader waits for what the logs hold."""
        self._notify(_HURRY)

    def _notify(self, name: str) -> None:
        # It is not there yet, does not listen, or has been notified before and is busy.
        with suppress(OSError):
            pipe = os.open(self.path / name, os.O_WRONLY | os.O_NONBLOCK)
            try:
                os.write(pipe, b"\0")
            finally:
                os.close(pipe)

    @contextlib.contextmanager
    def pauses(self) -> Iterator["Pauses"]:
        """Listen for those who wake or hurry the digester."""
        with ExitStack() as stack:
            wake, hurry = (stack.enter_context(self._pipe(name)) for name in (_WAKE, _HURRY))
            yield Pauses(wake=wake, hurry=hurry)

    @contextlib.contextmanager
    def _pipe(self, name: str) -> Iterator[int]:
        path = self.path / name
        with suppress(FileExistsError):
            os.mkfifo(path, mode=0o600)
        # Open for writing, too, or it would be at its end as soon as the first writer closes it.
        pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        try:
            yield pipe
        finally:
            os.close(pipe)


class Pauses:
    """The pauses of the digester, and the ends of the pipes that end them."""

    def __init__(self, *, wake: int, hurry: int) -> None:
        self._wake, self._hurry = wake, hurry

    def wait(self, seconds: float) -> None:
        """Return when a frame comes, or after this time."""
        self._until([self._wake, self._hurry], seconds)

    def rest(self, seconds: float) -> None:
        """Return when a reader waits, or after this time, however many frames come."""
        self._until([self._hurry], seconds)

    def _until(self, pipes: list[int], seconds: float) -> None:
        for pipe in select.select(pipes, [], [], seconds)[0]:
            with suppress(BlockingIOError):
                os.read(pipe, 65536)


def owner_file(log: Path) -> Path:
    """Return the path of the file that the writer of a log keeps locked."""
    return log.with_suffix(_OWNER_SUFFIX)


def own(log: Path) -> int:
    """Lock a new log for this process. Return the descriptor that holds the lock."""
    path = owner_file(log)
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Before it was locked it looked like one that is left of a killed process, and may have been deleted.
        with suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), os.fstat(descriptor)):
                return descriptor
        os.close(descriptor)


def is_owned(log: Path) -> bool:
    """Return True if the process that writes to a log is alive and has not ended the log."""
    with ended(log) as has_ended:
        return not has_ended


@contextlib.contextmanager
def ended(log: Path) -> Iterator[bool]:
    """Return True for the block if no process writes to a log; then none can begin to during the block."""
    try:
        descriptor = os.open(owner_file(log), os.O_RDWR)
    except FileNotFoundError:
        yield True
        return
    try:
        yield try_lock(descriptor)
    finally:
        os.close(descriptor)
