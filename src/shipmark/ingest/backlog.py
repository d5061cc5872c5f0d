"""How much waits to be digested, since when, and which logs can't be read."""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from shipmark.events import digest_store
from shipmark.infrastructure.database import Database
from shipmark.ingest.event_log import UnreadableLogError
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.sqlite_log import SqliteLogReader, WaitingFrames


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The events that wait on this machine.

    ``seconds`` is how long the oldest has waited, ``bytes`` the size of all logs, also of what is digested.
    ``unreadable_logs`` is their number: how many events are in them is unknown.
    """

    events: int
    seconds: float
    bytes: int
    unreadable_logs: int


def read_backlog(database: Database, folder: LogFolder) -> Backlog:
    """Return what waits now."""
    waiting, unreadable = _read(database, folder)
    events = sum(each.number for each in waiting)
    oldest = min((each.oldest for each in waiting if each.number), default=0.0)
    return Backlog(
        events=events,
        seconds=max(0.0, time.time() - oldest) if events else 0.0,
        bytes=folder.bytes(),
        unreadable_logs=len(unreadable),
    )


def unreadable_logs(database: Database, folder: LogFolder) -> Mapping[Path, str]:
    """Return the logs with events that can't be read, and why."""
    return _read(database, folder)[1]


def _read(database: Database, folder: LogFolder) -> tuple[list[WaitingFrames], dict[Path, str]]:
    """Return what waits in each log, and the logs that can't be read."""
    waiting, unreadable = list[WaitingFrames](), dict[Path, str]()
    with closing(SqliteLogReader(folder)) as reader:
        logs = reader.logs()
        with database.snapshot() as connection:
            positions = digest_store.positions_of(connection, logs)
        for name, position in positions.items():
            try:
                waiting.append(reader.waiting(name, position))
            except UnreadableLogError as error:
                unreadable[folder.path / name] = str(error)
    return waiting, unreadable
