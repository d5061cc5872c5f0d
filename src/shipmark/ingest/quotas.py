"""The rate limits of keys and projects, and the counts of their windows that all processes of a server share.

Windows are aligned to the clock (one of 60 s begins with each minute), so that they never drift and a restart changes
nothing. The counts are in a file that each process maps; a lock on it makes reading and adding one step. Only keys with
a limit need any of that. Decision 33 says why.
"""

import fcntl
import math
import mmap
import os
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path

from shipmark.infrastructure.telemetry import log
from shipmark.projects.model import RateLimit, SendingKey

#: The name of the file in the data folder.
FILE_NAME = "rate-limits"
#: The windows that are counted at the same moment. Beyond them, or nearly so, some are not limited.
SLOTS = 16_384
#: How many places a count may be in.
_PROBES = 16
#: The hash of what is limited, the end of its window in seconds since 1970, and the count.
_SLOT = struct.Struct("<QQQ")


class Scope(StrEnum):
    """What has a limit, by its name in the protocol (ingest.md 4.1)."""

    KEY = "key"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Quota:
    """The limit of a key or a project; ``subject`` is the key, or the project's id.

    ``id`` is the hash of what is counted. Another length of the window is another count, which begins at 0.
    """

    scope: Scope
    subject: str
    limit: RateLimit
    id: int = field(init=False)

    def __post_init__(self) -> None:
        """Make the id once, not for each event."""
        name = f"{self.scope}:{self.subject}:{self.limit.window_seconds}"
        digest = blake2b(name.encode(), digest_size=8).digest()
        object.__setattr__(self, "id", int.from_bytes(digest) or 1)

    @property
    def reason(self) -> str:
        """Return the reason for SDKs, and in the counts of what was not stored."""
        return f"{self.scope.value}_rate_limit"


@dataclass(frozen=True, slots=True)
class Exhausted:
    """A quota that has nothing left, and the seconds until its next window."""

    quota: Quota
    seconds: int


@dataclass(frozen=True, slots=True)
class Granted:
    """How many events are within all quotas, and the quotas that others exceed."""

    number: int
    exhausted: Sequence[Exhausted] = ()


def quotas_of(key: SendingKey) -> tuple[Quota, ...]:
    """Return the quotas of a key: its own, and that of its project."""
    quotas = (
        (Scope.KEY, key.public_key, key.limit),
        (Scope.PROJECT, str(key.project.id), key.project_limit),
    )
    return tuple(Quota(scope, subject, limit) for scope, subject, limit in quotas if limit)


class QuotaCounters:
    """The counts of quotas in a file, which is made when the first is needed. Thread-safe, and safe among processes.

    While the file can't be used nothing is limited, and the log says so once.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._path, self._clock = path, clock
        self._threads = threading.Lock()
        self._file: int | None = None
        self._counts: mmap.mmap | None = None
        self._is_broken = False
        #: The ends of the windows that this process has seen exhausted.
        self._spent: dict[tuple[int, int], int] = {}

    def take(self, quotas: Sequence[Quota], number: int = 1) -> Granted:
        """Count as many of these events as are within all quotas; what is refused counts in none of them."""
        if self._spent:
            spent = [each for quota in quotas if (each := self._spent_until_next(quota))]
            if spent:
                return Granted(0, spent)
        try:
            return self._take_locked(quotas, number)
        except OSError as error:
            if not self._is_broken:
                self._is_broken = True
                log.error("Rate limits can't be counted, so nothing is limited", reason=str(error))
            return Granted(number)

    def close(self) -> None:
        """Close the file."""
        with self._threads:
            if self._counts is not None:
                self._counts.close()
            if self._file is not None:
                os.close(self._file)
            self._counts = self._file = None

    def _take(self, counts: mmap.mmap, quotas: Sequence[Quota], number: int) -> Granted:
        # Asked with the lock held: two processes never see the time go backwards.
        now = self._clock()
        windows = [_Window(counts, quota, now) for quota in quotas]
        granted = min([number, *(window.left for window in windows)])
        if granted:
            for window in windows:
                window.add(granted)
        if granted == number:
            return Granted(number)
        ended = [window for window in windows if window.left == granted]
        if len(self._spent) > SLOTS:
            self._spent.clear()
        self._spent.update((_key_of(window.quota), window.end) for window in ended)
        return Granted(granted, [_exhausted(window.quota, window.end, now) for window in ended])

    def _spent_until_next(self, quota: Quota) -> Exhausted | None:
        """Return a quota that has nothing left, as this process knows without the lock: a flood takes no turns."""
        end = self._spent.get(_key_of(quota))
        if end is None:
            return None
        now = self._clock()
        # A clock that was set back begins another window.
        if not now < end <= now + quota.limit.window_seconds:
            return None
        return _exhausted(quota, end, now)

    def _take_locked(self, quotas: Sequence[Quota], number: int) -> Granted:
        """Hold the lock for it: among the threads of this process first, then among the processes."""
        with self._threads:
            counts = self._counts or self._opened()
            assert self._file is not None
            fcntl.flock(self._file, fcntl.LOCK_EX)
            try:
                return self._take(counts, quotas, number)
            finally:
                fcntl.flock(self._file, fcntl.LOCK_UN)

    def _opened(self) -> mmap.mmap:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            size = SLOTS * _SLOT.size
            if os.fstat(file).st_size < size:
                os.ftruncate(file, size)
            self._counts = mmap.mmap(file, size)
        except BaseException:
            os.close(file)
            raise
        self._file = file
        return self._counts


class _Window:
    """The present window of a quota."""

    def __init__(self, counts: mmap.mmap, quota: Quota, now: float) -> None:
        seconds = quota.limit.window_seconds
        self.quota, self._counts = quota, counts
        self.end = (int(now) // seconds + 1) * seconds
        self._id = quota.id
        self._place, self._count = self._found(int(now))
        if self._place is not None:
            # Taken at once, or another quota of the same event could take it.
            self.add(0)
        self.left = max(0, quota.limit.count - self._count)

    def add(self, number: int) -> None:
        """Count events."""
        if self._place is not None:
            _SLOT.pack_into(self._counts, self._place, self._id, self.end, self._count + number)

    def _found(self, now: int) -> tuple[int | None, int]:
        """Return the place of the count, and the count; None if all places are taken by others."""
        free: int | None = None
        for probe in range(_PROBES):
            place = (self._id + probe) % SLOTS * _SLOT.size
            id_, end, count = _SLOT.unpack_from(self._counts, place)
            if id_ == self._id:
                return place, count if end == self.end else 0
            if free is None and end <= now:
                free = place
            if id_ == 0:
                # No place is ever emptied, so that none behind this one has the count.
                break
        return free, 0


def _key_of(quota: Quota) -> tuple[int, int]:
    """Return what a spent quota is remembered by: the id, and the limit that it has reached."""
    return quota.id, quota.limit.count


def _exhausted(quota: Quota, end: int, now: float) -> Exhausted:
    return Exhausted(quota, max(1, math.ceil(end - now)))
