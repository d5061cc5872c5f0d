"""The log as SQLite files, one for each process and start, so that writers never wait for each other.

One thread writes: whatever is appended while a commit runs is the next group, so that a group takes one ``fsync``.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zstandard

from shipmark.events.sender import Sender
from shipmark.infrastructure.errors import TooManyRequests, Unavailable
from shipmark.infrastructure.telemetry import log as telemetry_log
from shipmark.infrastructure.telemetry import report_exception
from shipmark.ingest import log_folder
from shipmark.ingest.event_log import FrameType, LogFrame, StoredFrame, UnreadableLogError
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.spool import SpoolFile, SpoolFolder

#: A log that is larger ends, and is deleted once it is digested.
_LOG_BYTES_MAX = 64 * 2**20
#: The frames of a group: more would make the first wait.
_GROUP_MAX = 1000
#: Payloads that are read at once take this much memory, and that of one frame more.
_READ_BYTES_MAX = 16 * 2**20
#: How often the sizes of the logs are looked at.
_LOOK_SECONDS = 1.0
RETRY_AFTER_SECONDS = 30
FULL = "too many events wait to be processed"
BROKEN = "The event could not be written. Try again later."
_CREATE = """
CREATE TABLE frames (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL,
    project_id INTEGER NOT NULL,
    received_at REAL NOT NULL,
    payload BLOB NOT NULL,
    event_id TEXT NOT NULL,
    sent_at REAL,
    address TEXT,
    user_agent TEXT
)
"""
_INSERT = "INSERT INTO frames VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)"
#: Two look-ups: counting would read a page for each frame that waits, and there may be hundreds of thousands.
_WAITING = (
    "SELECT coalesce(max(position), 0), (SELECT received_at FROM frames WHERE position > ? ORDER BY position LIMIT 1)"
    " FROM frames"
)
_PAYLOADS = "SELECT payload FROM frames WHERE position > ? AND type = ? ORDER BY position"
_ADDRESSES = "SELECT position, address FROM frames WHERE position > ? ORDER BY position"
_READ = "SELECT * FROM frames WHERE position > ? ORDER BY position LIMIT ?"

#: The index of the payload in the values of `_INSERT`.
_PAYLOAD = 3

_Waiting = tuple[Sequence[LogFrame], Future[None]]


class SqliteLogWriter:
    """Appends to a log of its own in a folder. The file and the thread are made for the first frame."""

    def __init__(self, folder: LogFolder, *, bytes_max: int) -> None:
        self._folder, self._bytes_max = folder, bytes_max
        self._condition = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._thread: threading.Thread | None = None
        self._is_closing = False
        self._is_full, self._looked_at = False, 0.0
        self._failure = ""

    def append(self, *frames: LogFrame) -> Future[None]:
        """See `LogWriter`."""
        self._refuse_if_full()
        future: Future[None] = Future()
        with self._condition:
            if self._is_closing:
                raise Unavailable(BROKEN)
            self._waiting.append((frames, future))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="event-log", daemon=True)
                self._thread.start()
            self._condition.notify()
        return future

    def new_spool_file(self) -> SpoolFile:
        """See `LogWriter`."""
        self._refuse_if_full()
        return SpoolFile(self._folder)

    def close(self) -> None:
        """See `LogWriter`."""
        with self._condition:
            self._is_closing = True
            self._condition.notify()
        if self._thread is not None:
            self._thread.join()

    def _refuse_if_full(self) -> None:
        now = time.monotonic()
        if now - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = now
            self._is_full = self._folder.is_full(self._bytes_max)
        if self._is_full:
            raise TooManyRequests(FULL, retry_after_seconds=RETRY_AFTER_SECONDS)

    def _run(self) -> None:
        file: _LogFile | None = None
        compressor = zstandard.ZstdCompressor(level=1)
        while group := self._next_group():
            # A sender that is gone can't cancel its frame from here on: the future is done in any case.
            heard = [future for _, future in group if future.set_running_or_notify_cancel()]
            try:
                if file is None:
                    file = _LogFile(self._folder)
                file.write([_row_of(frame, compressor) for frames, _ in group for frame in frames])
            except Exception as error:  # noqa: BLE001  # without this thread no request would be answered
                # Nothing of the group is acknowledged; what comes next gets a new file, which may have a better disk.
                self._note_failure(error)
                for future in heard:
                    future.set_exception(Unavailable(BROKEN))
            else:
                self._failure = ""
                for future in heard:
                    future.set_result(None)
                self._folder.wake()
                if file.bytes_written <= _LOG_BYTES_MAX:
                    continue
            if file is not None:
                file.end()
                file = None
        if file is not None:
            file.end()

    def _note_failure(self, error: Exception) -> None:
        """Log a failure once, not for each group that it hits."""
        # Each group tries a file of a new name, which is in the text of the system's errors.
        said = error.strerror if isinstance(error, OSError) else error
        failure, self._failure = self._failure, f"{type(error).__name__}: {said}"
        if self._failure == failure:
            return
        what = "Events could not be written to the log"
        if isinstance(error, (sqlite3.Error, OSError)):
            telemetry_log.error(what, reason=str(error))
        else:
            report_exception(what, error)

    def _next_group(self) -> list[_Waiting]:
        """Wait for frames. Return none when the log is closed and all are written."""
        with self._condition:
            while not self._waiting and not self._is_closing:
                self._condition.wait()
            group, self._waiting = self._waiting[:_GROUP_MAX], self._waiting[_GROUP_MAX:]
        return group


class _LogFile:
    """A log that this process writes to."""

    def __init__(self, folder: LogFolder) -> None:
        path = folder.new_log()
        self._owner = log_folder.own(path)
        try:
            self._connection = _created(path)
        except BaseException:
            # On a disk that fails each group would leave files.
            folder.delete_frames(path)
            log_folder.owner_file(path).unlink(missing_ok=True)
            os.close(self._owner)
            raise
        self.bytes_written = 0

    def write(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write a group; it is durable when this returns."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            self._connection.executemany(_INSERT, rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        self.bytes_written += sum(len(row[_PAYLOAD]) for row in rows)

    def end(self) -> None:
        """Close the log for good. The lock goes last: then the digester may delete it."""
        with suppress(sqlite3.Error):
            self._connection.close()
        os.close(self._owner)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingFrames:
    """The frames behind a position: their number, and when the oldest was received (seconds since 1970)."""

    number: int
    oldest: float


class SqliteLogReader:
    """Reads the logs of a folder, for one thread."""

    def __init__(self, folder: LogFolder) -> None:
        self._folder = folder
        self.spool = SpoolFolder(folder)
        self._open: dict[str, sqlite3.Connection] = {}
        # Making a context for each payload takes longer than unpacking it.
        self._unpack = zstandard.ZstdDecompressor().decompress

    def logs(self) -> list[str]:
        """See `LogReader`."""
        return [path.name for path in self._folder.logs()]

    def read(self, log: str, after: int, limit: int) -> list[StoredFrame]:
        """See `LogReader`. Fewer are returned if they are large."""
        frames, size = list[StoredFrame](), 0
        try:
            with closing(self._rows(log, _READ, after, limit)) as rows:
                for row in rows:
                    frames.append(_frame_of(log, row, self._unpack))
                    size += len(frames[-1].frame.payload)
                    if size >= _READ_BYTES_MAX:
                        break
        except UnreadableLogError:
            if not frames and limit == 1:
                raise
            # The module fetches a row ahead, so that the last one before a damaged place is read only by itself.
            return frames or self.read(log, after, 1)
        return frames

    def payloads(self, log: str, after: int, frame_type: FrameType) -> list[bytes]:
        """See `LogReader`."""
        rows = self._rows(log, _PAYLOADS, after, frame_type.value)
        return [_unpacked(payload, self._unpack) for (payload,) in rows]

    def waiting(self, log: str, after: int) -> WaitingFrames:
        """Return what of a log is behind a position. Its positions have no gaps."""
        rows = list(self._rows(log, _WAITING, after))
        last, oldest = rows[0] if rows else (0, None)
        return WaitingFrames(number=max(0, last - after), oldest=oldest or 0.0)

    def addresses(self, log: str, after: int) -> list[tuple[int, str | None]]:
        """Return the positions behind one, with the addresses from which their frames came."""
        return list(self._rows(log, _ADDRESSES, after))

    def delete_if_ended(self, log: str, position: int) -> bool:
        """See `LogReader`."""
        path = self._folder.path / log
        # In this order: what is there when the writer is gone, is all that will ever be.
        with log_folder.ended(path) as has_ended:
            if not has_ended or self.read(log, position, 1):
                return False
            self._close(log)
            self._folder.delete_frames(path)
        return True

    def forget(self, log: str) -> None:
        """See `LogReader`."""
        path = self._folder.path / log
        with log_folder.ended(path) as has_ended:
            if has_ended:
                log_folder.owner_file(path).unlink(missing_ok=True)

    def close(self) -> None:
        """Close all files."""
        for connection in self._open.values():
            connection.close()
        self._open.clear()

    def _rows(self, log: str, query: str, *parameters: int | str) -> Generator[Any]:
        if not (self._folder.path / log).exists():
            self._close(log)
            return
        try:
            with closing(self._connection(log).execute(query, parameters)) as cursor:
                yield from cursor
        except sqlite3.Error as error:
            # A file without its table was left by a writer that was killed while it made the log.
            if "no such table" in str(error):
                return
            # Opened anew next time, it may be another file: one that was repaired.
            self._close(log)
            raise UnreadableLogError(str(error)) from error

    def _close(self, log: str) -> None:
        if log in self._open:
            self._open.pop(log).close()

    def _connection(self, log: str) -> sqlite3.Connection:
        if log not in self._open:
            # Not read-only: readers of a SQLite file that is written to share an index in memory.
            self._open[log] = _connect(self._folder.path / log, "rw")
        return self._open[log]


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10)


def _created(path: Path) -> sqlite3.Connection:
    connection = _connect(path, "rwc")
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(_CREATE)
    except BaseException:
        connection.close()
        raise
    return connection


def _row_of(frame: LogFrame, compressor: zstandard.ZstdCompressor) -> tuple[Any, ...]:
    return (
        frame.type.value,
        frame.project_id,
        frame.received_at.timestamp(),
        compressor.compress(frame.payload),
        frame.event_id,
        frame.sent_at.timestamp() if frame.sent_at else None,
        frame.sender.address,
        frame.sender.user_agent,
    )


def _frame_of(log: str, row: tuple[Any, ...], unpack: Callable[[bytes], bytes]) -> StoredFrame:
    try:
        position, type_, project_id, received_at, payload, event_id, sent_at, *sender = row
        frame = LogFrame(
            type=FrameType(type_),
            project_id=project_id,
            received_at=datetime.fromtimestamp(received_at, UTC),
            payload=_unpacked(payload, unpack),
            event_id=event_id,
            sent_at=None if sent_at is None else datetime.fromtimestamp(sent_at, UTC),
            sender=Sender(address=sender[0], user_agent=sender[1]),
        )
    except (ValueError, TypeError, OverflowError, OSError) as error:
        raise UnreadableLogError(f"frame {row[0]}: {error}") from error
    return StoredFrame(log=log, position=position, frame=frame)


def _unpacked(payload: bytes, unpack: Callable[[bytes], bytes]) -> bytes:
    """Return what was appended; of a damaged payload the damaged bytes, which the digester sets aside."""
    try:
        return unpack(payload)
    except (zstandard.ZstdError, MemoryError):
        return payload
