"""The command that checks settings, data and jobs, and reports problems with their remedies."""

import stat
import sys
from collections.abc import Iterator

import click
from sqlalchemy.exc import SQLAlchemyError

from shipmark.accounts import store as accounts
from shipmark.cli.data_checks import database_problems, missing_blobs, space_problems
from shipmark.cli.options import with_settings
from shipmark.events import digest_store
from shipmark.files.store import garbage
from shipmark.infrastructure import data_folder, ids, jobs, migrations, sqlite_file
from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import StorageFull, Unavailable
from shipmark.infrastructure.settings import MEBIBYTE, Settings, SettingsError
from shipmark.ingest.backlog import read_backlog, unreadable_logs
from shipmark.ingest.log_folder import LogFolder
from shipmark.releases.store import copies, fetches
from shipmark.usage import store

_JOBS_SHOWN = 10
#: Events that wait longer are reported.
LAG_SECONDS_MAX = 60.0
#: Less free space than this is reported as a problem: a few uploads fill it.
SPACE_LOW_BYTES = 512 * MEBIBYTE


@click.command()
@with_settings
def check(settings: Settings) -> None:
    """Look at settings, data folder, database and jobs; exit status 1 when something is wrong."""
    problems = list(_problems(settings))
    for problem in problems:
        click.echo(f"✗ {problem}")
    if problems:
        sys.exit(1)
    free_bytes = open_blobs(settings.blobs).free_bytes()
    free = "" if free_bytes is None else f" {_gibibytes(free_bytes)} are free for blobs."
    click.echo(f"✓ Everything is all right.{free}")
    database = Database(settings.database, lock_wait_seconds=settings.lock_wait_seconds)
    try:
        for line in event_lines(database, settings):
            click.echo(f"  {line}")
    finally:
        database.close()


def _problems(settings: Settings) -> Iterator[str]:
    if not settings.data.is_dir():
        yield f"There is no data folder {settings.data}. `shipmark serve` makes one."
        return
    for path in data_folder.too_permissive(settings):
        mode = stat.S_IMODE(path.stat().st_mode)
        yield (
            f"Other users of this machine can read or change {path} (mode {mode:o})."
            " `shipmark serve` closes what it owns when it starts; or use chmod go=."
        )
    unusable = list(database_problems(settings, is_thorough=True))
    if unusable:
        yield from unusable
        return
    yield from _problems_of_blobs(settings)
    yield from space_problems(settings)
    database = Database(settings.database, lock_wait_seconds=settings.lock_wait_seconds)
    try:
        encoding, pending = _encoding_and_pending(database)
        yield from filter(None, (encoding, pending))
        if pending is None:
            yield from _problems_of_database(database)
            yield from _problems_of_events(database, settings)
    except (SQLAlchemyError, Unavailable) as error:
        yield f"The database can't be used: {error.__cause__ or error}. Check SHIPMARK_DATABASE_URL."
    finally:
        database.close()


def _problems_of_blobs(settings: Settings) -> Iterator[str]:
    try:
        missing = missing_blobs(settings)
    except (SQLAlchemyError, Unavailable):
        # The database is checked below. Until it answers, it is unknown if the folder may be created.
        return
    if missing is not None:
        yield missing
        return
    content = ids.secret_bytes()
    key = f"check/{ids.hex32()}"
    try:
        blobs = open_blobs(settings.blobs)
        blobs.put(key, content)
        if b"".join(blobs.read(key)) != content:
            yield "Blobs are not read as they were written. Check the disk, or the bucket."
        blobs.remove(key)
        free_bytes = blobs.free_bytes()
    except StorageFull:
        yield "There is no space left for blobs. Make some, or move them (SHIPMARK_BLOBS_URL)."
    except (SettingsError, Unavailable, KeyError) as error:
        reason = str(error.__cause__ or error).partition("\n")[0]
        yield f"Blobs can't be written: {reason} Check SHIPMARK_BLOBS_URL, and who owns the folder or the bucket."
    else:
        if free_bytes is not None and free_bytes < SPACE_LOW_BYTES:
            yield f"Only {_gibibytes(free_bytes)} are left for blobs. Free space before it is full."


def _encoding_and_pending(database: Database) -> tuple[str | None, str | None]:
    """Return the problems of the encoding, and of pending migrations: the tables are not those of the code then."""
    with database.snapshot() as connection:
        have, need = migrations.current_revision(connection), migrations.latest_revision()
        encoding = migrations.foreign_encoding(connection)
    if have == need:
        return encoding, None
    if have is None:
        return encoding, "The database is empty. `shipmark serve` makes its tables."
    return (
        encoding,
        f"The database is at step {have}, the code needs {need}. `shipmark serve` brings it there.",
    )


def _problems_of_database(database: Database) -> Iterator[str]:
    _mend(database)
    with database.snapshot() as connection:
        if not accounts.exists(connection):
            yield "There is no user. `shipmark bootstrap` makes one."
        for sha1 in garbage.with_wrong_ref_count(connection):
            yield f"The uses of the blob {sha1} are miscounted. Please report it; nothing is lost."
        for kind, error in jobs.failed(connection, limit=_JOBS_SHOWN):
            yield f"A job ({kind}) failed for good: {error}"
        for version, error in fetches.failed(connection, limit=_JOBS_SHOWN):
            yield f"The commits of the release {version} could not be fetched: {error}"


def _problems_of_events(database: Database, settings: Settings) -> Iterator[str]:
    folder = LogFolder(settings.event_log)
    for path, reason in unreadable_logs(database, folder).items():
        yield (
            f"The log of events {path} can't be read: {reason}. The others are processed. Stop the server, and replace"
            f" it by what `sqlite3 {path} .recover` reads, or move it away with the events in it."
        )
    backlog = read_backlog(database, folder)
    if backlog.events and backlog.seconds > LAG_SECONDS_MAX:
        yield (
            f"{backlog.events} events have waited for up to {backlog.seconds:.0f} s to be processed. "
            "Only a running server processes them; its log says what holds them up."
        )
    with database.snapshot() as connection:
        count = digest_store.quarantined_count(connection)
        errors = digest_store.newest_errors(connection, _JOBS_SHOWN)
    if count:
        yield (
            f"{count} events could not be stored, and are in quarantine, where they can be processed again (settings,"
            f" Quarantine): {'; '.join(errors)}"
        )


def _mend(database: Database) -> None:
    """Repair denormalized rows that differ from their releases, and report their number."""
    count = 0
    while stale := _stale_releases(database):
        with database.transaction() as connection:
            count += copies.mend(connection, stale)
    if count:
        click.echo(
            f"✓ Mended {count} entries of release lists whose status or date was not that of their release."
        )


def _stale_releases(database: Database) -> list[int]:
    with database.snapshot() as connection:
        return copies.stale_releases(connection)


def _gibibytes(size: int) -> str:
    return f"{size / (1024 * MEBIBYTE):.1f} GiB"


def event_lines(database: Database, settings: Settings) -> Iterator[str]:
    """Return how long events are kept, and how many there were when storage was last measured."""
    days, most = settings.event_retention_days, settings.events_per_issue_max
    age = f"for {days} days" if days > 0 else "for ever"
    number = f", about {most} of each issue" if most > 0 else ""
    yield f"Events are kept {age}{number}."
    with database.snapshot() as connection:
        measured = store.all_last(connection)
    for slug, measurement in measured:
        events = measurement.usage.events
        yield (
            f"{slug} had {events.count} events ({_size(events.bytes)}) on"
            f" {measurement.measured_at:%Y-%m-%d %H:%M} UTC."
        )
    path = sqlite_file.path_of(settings.database)
    if path is not None:
        size, unused = sqlite_file.size_bytes(path), sqlite_file.unused_bytes(path)
        yield f"The database has {_size(size)}, of which {_size(unused)} are free for new rows."


def _size(size: int) -> str:
    return f"{size / MEBIBYTE:.1f} MiB"
