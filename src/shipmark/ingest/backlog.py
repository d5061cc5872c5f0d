"""How much waits to be digested, and since when."""

import time
from contextlib import closing
from dataclasses import dataclass

from shipmark.events import digest_store
from shipmark.infrastructure.database import Database
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.sqlite_log import SqliteLogReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The events that wait on this machine.

    ``seconds`` is how long the oldest has waited, ``bytes`` the size of all logs, also of what is digested.
    """

    events: int
    seconds: float
    bytes: int


def read_backlog(database: Database, folder: LogFolder) -> Backlog:
    """Return what waits now."""
    with closing(SqliteLogReader(folder)) as reader:
        logs = reader.logs()
        with database.snapshot() as connection:
            positions = {name: digest_store.position_of(connection, name) for name in logs}
        waiting = [reader.waiting(name, positions[name]) for name in logs]
    events = sum(number for number, _ in waiting)
    oldest = min((at for number, at in waiting if number), default=0.0)
    return Backlog(
        events=events,
        seconds=max(0.0, time.time() - oldest) if events else 0.0,
        bytes=folder.bytes(),
    )
