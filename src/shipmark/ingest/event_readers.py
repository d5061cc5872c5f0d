"""Processes that read events beside the digester while many wait, as reading takes two thirds of its time.

A reader is a fork of the digester without its files, database and locks: it gets frames with the options of their
projects over a pipe, and answers with what is in them. What it does not answer, because it was killed or an event needs
an uploaded file, the digester reads itself; so a reader can end at any moment. It ends with the digester, as the pipe
does.
"""

import gc
import math
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Self

from shipmark.events.project_rules import rules_from
from shipmark.infrastructure.telemetry import log
from shipmark.ingest.event_log import FrameType, StoredFrame
from shipmark.ingest.event_reading import EventContent, read_without_uploads
from shipmark.projects.store.options import OptionRow

#: Options of projects, with those of their organizations, by the ids of projects.
Options = Mapping[int, tuple[OptionRow, ...]]
#: A batch with fewer events is read by the digester alone: it is not behind, and handing out takes time, too.
SHARED_MIN = 250
#: More would wait for the digester, which stores what they read.
READERS_MAX = 3
#: Readers that had nothing to read for this time end, as each keeps some 15 MiB.
_IDLE_SECONDS = 30.0
#: The pause before readers are started again after one has failed.
_FAILURE_SECONDS = 10.0
#: A reader that takes longer for its part of a batch hangs.
_ANSWER_SECONDS = 60.0
#: After standard input, output and error.
_FIRST_FILE = 3
_FORK = multiprocessing.get_context("fork")
#: What is in frames, by the places of these.
Contents = dict[tuple[str, int], EventContent]


class EventReaders:
    """Up to ``most`` readers, started for the first large batch. For one thread; ``with`` ends them.

    None is started while another thread holds ``fork_lock``: it may hold locks that a reader would wait for.
    """

    def __init__(self, most: int, fork_lock: threading.Lock) -> None:
        self._most = min(most, READERS_MAX)
        self._fork_lock = fork_lock
        self._readers: list[_Reader] = []
        self._used_at = self._failed_at = -math.inf

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def share_out(self, frames: Sequence[StoredFrame], options: Options) -> "SharedFrames":
        """Hand out events of a batch: in its order the last ones, so that the caller reads the first ones meanwhile."""
        events = [
            stored
            for stored in frames
            if stored.frame.type is FrameType.EVENT and stored.frame.project_id in options
        ]
        shared = SharedFrames(self)
        if len(events) < SHARED_MIN or time.monotonic() - self._failed_at < _FAILURE_SECONDS:
            return shared
        self._used_at = time.monotonic()
        self._start()
        # One that failed is not among the readers any more, and its part is the caller's.
        readers = list(self._readers)
        size = math.ceil(len(events) / (len(readers) + 1))
        for index, reader in enumerate(readers, start=1):
            part = events[index * size : (index + 1) * size]
            if part and self._has_sent(reader, part, options):
                shared.add(part, reader)
        return shared

    def contents_of(self, reader: "_Reader") -> Contents:
        """Return what a reader has read of its part, by the places of the frames; nothing if it failed."""
        try:
            return reader.receive()
        except (OSError, EOFError) as error:
            self._drop(reader, error)
            return {}

    def end_idle(self) -> None:
        """End the readers if they have had nothing to read for long."""
        if self._readers and time.monotonic() - self._used_at > _IDLE_SECONDS:
            self._end()

    def _start(self) -> None:
        for reader in list(self._readers):
            if reader.is_reading:
                # A batch that was given up; its answer is not for the next one.
                self.contents_of(reader)
        if len(self._readers) == self._most or not self._fork_lock.acquire(blocking=False):
            return
        try:
            while len(self._readers) < self._most:
                self._readers.append(_Reader())
        except OSError as error:
            # Neither memory nor a process is to be had.
            self._note_failure(error)
        finally:
            self._fork_lock.release()

    def _has_sent(self, reader: "_Reader", part: Sequence[StoredFrame], options: Options) -> bool:
        needed = {stored.frame.project_id for stored in part}
        try:
            reader.send(part, {project_id: options[project_id] for project_id in needed})
        except OSError as error:
            self._drop(reader, error)
            return False
        return True

    def _drop(self, reader: "_Reader", error: Exception) -> None:
        self._note_failure(error)
        self._readers.remove(reader)
        reader.end()

    def _note_failure(self, error: Exception) -> None:
        log.warning("A reader of events failed", reason=f"{type(error).__name__}: {error}")
        self._failed_at = time.monotonic()

    def _end(self) -> None:
        for reader in self._readers:
            reader.end()
        self._readers.clear()


class SharedFrames:
    """The frames of a batch that readers read, until the caller comes to them."""

    def __init__(self, readers: EventReaders) -> None:
        self._readers = readers
        self._readers_of: dict[tuple[str, int], _Reader] = {}
        self._contents: Contents = {}

    def add(self, part: Sequence[StoredFrame], reader: "_Reader") -> None:
        """Add the part of a reader."""
        self._readers_of |= {stored.place: reader for stored in part}

    def content_of(self, stored: StoredFrame) -> EventContent | None:
        """Return what is in a frame, or None if the caller must read it. Wait for the reader of its part."""
        reader = self._readers_of.get(stored.place)
        if reader is not None and reader.is_reading:
            self._contents |= self._readers.contents_of(reader)
        return self._contents.pop(stored.place, None)


class _Reader:
    """A process that reads one part of a batch at a time."""

    def __init__(self) -> None:
        self._pipe, theirs = _FORK.Pipe()
        self.is_reading = False
        self._process = _FORK.Process(
            target=_serve, args=(theirs,), name="event-reader", daemon=True
        )
        try:
            self._process.start()
        finally:
            theirs.close()

    def send(self, part: Sequence[StoredFrame], options: Options) -> None:
        """Have it read the frames. Raise OSError if the process is gone."""
        self._pipe.send((part, options))
        self.is_reading = True

    def receive(self) -> Contents:
        """Return what it has read. Raise OSError or EOFError if the process is gone or hangs."""
        self.is_reading = False
        if not self._pipe.poll(_ANSWER_SECONDS):
            raise TimeoutError(f"no answer within {_ANSWER_SECONDS:.0f} seconds")
        contents: Contents = self._pipe.recv()
        return contents

    def end(self) -> None:
        """End the process; what it reads is lost."""
        self._pipe.close()
        self._process.kill()
        self._process.join()


def _serve(pipe: Connection) -> None:
    """Read part after part until the digester ends."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    # Locks of the digester, such as that of the writers of SQLite, would be held as long as this process has the files.
    os.closerange(_FIRST_FILE, pipe.fileno())
    os.closerange(pipe.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
    # Nor may its objects be finalized here: a connection to SQLite would touch the files of the database.
    gc.freeze()
    with suppress(EOFError, OSError):
        while True:
            part, options = pipe.recv()
            pipe.send(_read(part, options))


def _read(part: Sequence[StoredFrame], options: Options) -> Contents:
    """Return what is in the frames, without those that the digester has to read itself."""
    rules = {project_id: rules_from(rows) for project_id, rows in options.items()}
    contents = Contents()
    for stored in part:
        # One that can't be read is read again by the digester, which sets it aside with the error.
        with suppress(Exception):
            content = read_without_uploads(stored.frame, rules[stored.frame.project_id])
            if content is not None:
                contents[stored.place] = content
    return contents
