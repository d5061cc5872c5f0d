"""Whose turn is it to write?"""

import fcntl
import threading
import time
from pathlib import Path
from typing import IO, Protocol


class WriteLock(Protocol):
    """Who may write, and for how long the others wait."""

    def acquire(self, *, timeout: float) -> bool:
        """Wait for the turn; says whether it came within so many seconds."""

    def release(self) -> None:
        """Let the next one have it."""

    def close(self) -> None:
        """Give back what waiting takes."""


class NullWriteLock:
    """PostgreSQL lets writers in together."""

    def acquire(self, *, timeout: float) -> bool:
        """It is always one's turn."""
        return timeout >= 0

    def release(self) -> None:
        """Nobody waits."""

    def close(self) -> None:
        """Nothing is held."""


class FileWriteLock:
    """Whose turn it is to write to a SQLite database, among the threads and processes of one machine.

    SQLite decides it too, but by looking again after pauses that grow to a tenth of a second, so that some writers
    wait for ever. Here threads hand over at once, and processes look again every half millisecond, at a lock that
    the system gives back when one dies.
    """

    _PAUSE_SECONDS = 0.0005

    def __init__(self, path: str) -> None:
        self._threads = threading.Lock()
        self._path = Path(f"{path}-turn")
        self._file: IO[bytes] | None = None

    def acquire(self, *, timeout: float) -> bool:
        """Wait among the threads of this process first, then among the processes."""
        deadline = time.monotonic() + timeout
        if not self._threads.acquire(timeout=timeout):
            return False
        try:
            has_turn = self._waits(deadline)
        except OSError:
            self._threads.release()
            raise
        if not has_turn:
            self._threads.release()
        return has_turn

    def release(self) -> None:
        """Let another process have it, or a thread of this one."""
        assert self._file is not None, "it was acquired"
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._threads.release()

    def close(self) -> None:
        """Close the file, which gives back a turn that is still held."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _waits(self, deadline: float) -> bool:
        if self._file is None:
            self._file = self._path.open("ab")
        while not _try_lock(self._file):
            if time.monotonic() > deadline:
                return False
            time.sleep(self._PAUSE_SECONDS)
        return True


def _try_lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
