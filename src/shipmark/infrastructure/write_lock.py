"""The write lock, which serializes the writers of a SQLite database."""

import fcntl
import threading
import time
from pathlib import Path
from typing import IO, Protocol


class WriteLock(Protocol):
    """A lock that one writer holds at a time."""

    def acquire(self, *, timeout: float) -> bool:
        """Acquire the lock. Return False if it is not free within ``timeout`` seconds."""

    def release(self) -> None:
        """Release the lock to the next writer."""

    def close(self) -> None:
        """Free the resources of the lock."""


class NullWriteLock:
    """No lock, for PostgreSQL, where writers run concurrently."""

    def acquire(self, *, timeout: float) -> bool:
        """Return True at once."""
        return timeout >= 0

    def release(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing: there are no resources."""


class FileWriteLock:
    """A write lock among the threads and processes of one machine, in a file beside a SQLite database.

    SQLite has its own lock, but polls it with pauses that grow to a tenth of a second, so that some writers starve.
    Here threads hand over at once, and processes poll every half millisecond, on a lock that the system releases when
    a process dies.
    """

    _PAUSE_SECONDS = 0.0005

    def __init__(self, path: str) -> None:
        self._threads = threading.Lock()
        self._path = Path(f"{path}-turn")
        self._file: IO[bytes] | None = None

    def acquire(self, *, timeout: float) -> bool:
        """Acquire the lock among the threads of this process first, then among the processes."""
        deadline = time.monotonic() + timeout
        if not self._threads.acquire(timeout=timeout):
            return False
        is_acquired = False
        try:
            is_acquired = self._acquire_file(deadline)
        finally:
            if not is_acquired:
                self._threads.release()
        return is_acquired

    def release(self) -> None:
        """Release the lock to another process, or to a thread of this one."""
        assert self._file is not None, "it was acquired"
        fcntl.flock(self._file, fcntl.LOCK_UN)
        self._threads.release()

    def close(self) -> None:
        """Close the file, which releases a lock that is still held."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _acquire_file(self, deadline: float) -> bool:
        if self._file is None:
            self._file = self._path.open("ab")
        while not try_lock(self._file):
            if time.monotonic() > deadline:
                return False
            time.sleep(self._PAUSE_SECONDS)
        return True


def try_lock(file: IO[bytes] | int) -> bool:
    """Lock a file, or one that a descriptor has open. Return False if another process holds the lock."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
