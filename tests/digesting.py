"""A log of events for clients in process, digested after each request as the digester's process would soon."""

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import wait
from contextlib import closing, suppress
from pathlib import Path

from factories import rows
from httpx import Response
from litestar import Litestar

from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import Conflict, Unavailable
from shipmark.infrastructure.settings import Settings
from shipmark.ingest.admission import Admission
from shipmark.ingest.digester import Digester
from shipmark.ingest.log_folder import LogFolder
from shipmark.ingest.project_keys import ProjectKeys
from shipmark.ingest.quotas import QuotaCounters
from shipmark.ingest.refused_counts import RefusedCounts
from shipmark.ingest.sqlite_log import SqliteLogReader, SqliteLogWriter

_INGEST = re.compile(r"/api/(?:\d+/[a-z-]+/(?:[0-9a-f-]+/)?|embed/error-page/)")
_open: list[tuple[SqliteLogWriter, Admission]] = []


def keep_events(
    app: Litestar, folder: Path, database: Database, blobs: Blobs, *, key_seconds: float
) -> Callable[[Response], None]:
    """Give the application a log in this folder. Return a hook of clients that digests what they sent to it."""
    settings: Settings = app.state.settings
    logs = LogFolder(folder)
    writer = SqliteLogWriter(logs, bytes_max=settings.event_log_max_bytes)
    admission = Admission(
        QuotaCounters(folder.parent / f"{folder.name}-rate-limits"), RefusedCounts(writer)
    )
    _open.append((writer, admission))
    app.state.event_log, app.state.admission = writer, admission
    app.state.project_keys = ProjectKeys(database, seconds=key_seconds)

    def digest(response: Response) -> None:
        if not _INGEST.fullmatch(response.request.url.path):
            return
        if response.status_code == 429:
            wait(admission.write())
        if response.is_success or response.status_code == 429:
            # While the database is away they wait.
            with suppress(Unavailable):
                digest_all(logs, database, blobs)

    return digest


def digest_all(logs: LogFolder, database: Database, blobs: Blobs) -> None:
    """Digest what the logs hold. Tests that send from several threads run several at the same moment."""
    with closing(SqliteLogReader(logs)) as reader:
        digester = Digester(database, blobs, reader)
        is_done = False
        while not is_done:
            with suppress(Conflict):
                is_done = digester.digest_pending() == 0


def close_logs() -> None:
    """End the logs, and their threads."""
    while _open:
        writer, admission = _open.pop()
        admission.close()
        writer.close()


def accepted(database: Database) -> Counter[str]:
    """What was stored, by category."""
    numbers = Counter[str]()
    for row in rows(database, "accepted_events"):
        numbers[row["category"]] += row["quantity"]
    return numbers


def discarded(database: Database) -> list[tuple[str, str, str, int]]:
    """What was not stored: outcome, reason, category and number, in order. One hour may end, and another begin."""
    numbers = Counter[tuple[str, str, str]]()
    for row in rows(database, "discards"):
        numbers[row["outcome"], row["reason"], row["category"]] += row["quantity"]
    return sorted((*names, number) for names, number in numbers.items())
