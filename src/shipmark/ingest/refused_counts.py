"""Counts of what was refused: rate limits, and a server that is at its limit.

A refusal takes no frame of the log: counts are in memory, and appended once a second at most; while the log takes
nothing they wait, and what a process has not appended when it is killed is lost.
"""

import json
import threading
from collections import Counter
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from functools import partial

from shipmark.events.discards import Discard, Outcome, discard, hour_of
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import Refusal
from shipmark.infrastructure.telemetry import log
from shipmark.ingest.event_log import FrameType, LogFrame, LogWriter

#: The reason of what is refused because the server is at its limit.
OVERLOADED = "overloaded"
_SECONDS = 1.0
#: The project, and the hour in which it was refused.
_Holder = tuple[int, datetime]
#: The reason and the category.
_Numbers = Counter[tuple[str, str]]


class RefusedCounts:
    """The counts of one process. Thread-safe."""

    def __init__(self, writer: LogWriter, *, seconds: float = _SECONDS) -> None:
        self._writer, self._seconds = writer, seconds
        self._lock = threading.Lock()
        self._counts: dict[_Holder, _Numbers] = {}
        self._timer: threading.Timer | None = None
        self._is_closing = False

    def add(self, project_id: int, reason: str, category: str, number: int = 1) -> None:
        """Count what was refused now."""
        self._merge((project_id, hour_of(now())), Counter({(reason, category): number}))

    def write(self) -> list[Future[None]]:
        """Append the counts, a frame for each project; what the log does not take waits for the next time."""
        with self._lock:
            counts, self._counts, self._timer = self._counts, {}, None
        written = []
        for holder, numbers in counts.items():
            try:
                future = self._writer.append(_frame_of(holder, numbers))
            except Refusal:
                self._merge(holder, numbers)
            else:
                future.add_done_callback(partial(self._settle, holder, numbers))
                written.append(future)
        return written

    def close(self) -> None:
        """Append what is left; what the log does not take is lost, and logged."""
        with self._lock:
            self._is_closing = True
            if self._timer is not None:
                self._timer.cancel()
        for future in self.write():
            with suppress(Refusal):
                future.result()
        lost = sum(numbers.total() for numbers in self._counts.values())
        if lost:
            log.warning("Counts of refused events are lost", events=lost)

    def _settle(self, holder: _Holder, numbers: _Numbers, written: Future[None]) -> None:
        """Take counts back that could not be written."""
        if written.exception() is not None:
            self._merge(holder, numbers)

    def _merge(self, holder: _Holder, numbers: _Numbers) -> None:
        with self._lock:
            self._counts.setdefault(holder, Counter()).update(numbers)
            if self._timer is None and not self._is_closing:
                self._timer = threading.Timer(self._seconds, self.write)
                self._timer.daemon = True
                self._timer.start()


def _frame_of(holder: _Holder, numbers: _Numbers) -> LogFrame:
    project_id, hour = holder
    moment = now()
    if hour_of(moment) != hour:
        # The log has taken nothing since then.
        moment = hour
    entries = [(*names, number) for names, number in numbers.items()]
    return LogFrame(
        type=FrameType.REFUSED,
        project_id=project_id,
        received_at=moment,
        payload=json.dumps(entries).encode(),
        event_id="",
    )


def discards_of_refused(frame: LogFrame) -> tuple[Discard, ...]:
    """Return the counts of a frame."""
    return tuple(
        discard(frame.received_at, Outcome.RATE_LIMITED, reason, category, number)
        for reason, category, number in json.loads(frame.payload)
    )
