"""Read-your-writes: who asks the API sees the events that it sent, and that were acknowledged, just before.

A pipeline or a test that sends an event, and reads it, would otherwise find none, for the digester takes some
milliseconds. A request looks at the times of the logs' files first, which takes 15 µs; only after a recent write does
it ask for positions. It does not wait for what other addresses sent: where events come in all the time, each request
would wait for a turn or two of the digester, 20 to 40 ms.
"""

import time
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from functools import lru_cache

from shipmark.events import digest_store
from shipmark.http.client_address import parsed_address
from shipmark.infrastructure.database import Database
from shipmark.ingest.event_log import UnreadableLogError
from shipmark.ingest.log_folder import LogFolder, WriteTimes
from shipmark.ingest.sqlite_log import SqliteLogReader

#: What was written before is digested, or waits for something that takes longer.
RECENT_SECONDS = 5.0
#: A longer backlog is not waited for: under load what is listed is a moment old.
FRAMES_MAX = 50
#: The first event after a start, with source maps to read, may take a second.
WAIT_SECONDS = 5.0
_LOOK_SECONDS = 0.005
#: Requests don't look again for this time after a longer backlog, and after waiting in vain.
_BUSY_SECONDS = 0.25
_IN_VAIN_SECONDS = 30.0


class ReadYourWrites:
    """Holds up requests until the digester has what was acknowledged before them. Thread-safe."""

    def __init__(
        self, database: Database, folder: LogFolder, *, wait_seconds: float = WAIT_SECONDS
    ) -> None:
        self._database, self._folder, self._wait_seconds = database, folder, wait_seconds
        self._digested: WriteTimes = ()
        self._busy_until = 0.0

    def wait(self, address: str | None) -> None:
        """Return when all that came from this address before is digested, after ``wait_seconds`` at the latest.

        All addresses of this machine count as one, and an unknown one as any. Return at once if nothing was written
        recently, or more waits than `FRAMES_MAX`.
        """
        written = self._folder.written_since(time.time() - RECENT_SECONDS)
        if not written or written == self._digested or time.monotonic() < self._busy_until:
            return
        deadline = time.monotonic() + self._wait_seconds
        ends, number = self._ends(address)
        if number > FRAMES_MAX:
            self._busy_until = time.monotonic() + _BUSY_SECONDS
            return
        if number == 0:
            self._digested = written
        if not ends:
            return
        self._folder.hurry()
        while not self._are_digested(ends):
            if time.monotonic() > deadline:
                self._busy_until = time.monotonic() + _IN_VAIN_SECONDS
                return
            time.sleep(_LOOK_SECONDS)

    def _ends(self, address: str | None) -> tuple[Mapping[str, int], int]:
        """Return the last positions of frames of an address in the logs, and the number of all that wait."""
        ends, number = dict[str, int](), 0
        with closing(SqliteLogReader(self._folder)) as reader:
            names = reader.logs()
            for name, position in self._positions(names).items():
                with suppress(UnreadableLogError):
                    waiting = reader.waiting(name, position)
                    number += waiting.number
                    if 0 < number <= FRAMES_MAX:
                        ends |= _last_of(reader.addresses(name, position), name, address)
        return ends, number

    def _are_digested(self, ends: Mapping[str, int]) -> bool:
        positions = self._positions(list(ends)) if ends else {}
        return all(positions[name] >= end for name, end in ends.items())

    def _positions(self, names: list[str]) -> Mapping[str, int]:
        with self._database.autocommit_read() as connection:
            return digest_store.positions_of(connection, names)


def _last_of(
    senders: Iterable[tuple[int, str | None]], name: str, address: str | None
) -> dict[str, int]:
    """Return the last position of a log with a frame of an address, if there is one."""
    own = [position for position, sender in senders if _is_same_client(sender, address)]
    return {name: own[-1]} if own else {}


def _is_same_client(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other or (_is_local(one) and _is_local(other))


@lru_cache
def _is_local(text: str) -> bool:
    """Return True for an address of this machine: a client may send to 127.0.0.1, and ask at ::1."""
    address = parsed_address(text)
    return address is not None and address.is_loopback
