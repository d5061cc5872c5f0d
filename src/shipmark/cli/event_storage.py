"""What the check says of the storage of events, and the command that gives freed space back."""

from collections.abc import Iterator

import click

from shipmark.cli.options import open_database, with_settings
from shipmark.infrastructure import sqlite_file
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import StorageFull
from shipmark.infrastructure.health import free_bytes
from shipmark.infrastructure.settings import MEBIBYTE, Settings
from shipmark.usage import store

_NOT_SQLITE = (
    "PostgreSQL gives space back by itself (autovacuum); VACUUM FULL returns it to the disk."
)
_NO_SPACE = "There is too little space: the database is copied beside itself, which takes {} MiB."


@click.command()
@with_settings
def compact(settings: Settings) -> None:
    """Give the space of deleted rows back to the disk. Without it, it is used again."""
    with open_database(settings):
        path = sqlite_file.path_of(settings.database)
    if path is None:
        click.echo(_NOT_SQLITE)
        return
    before, free = sqlite_file.size_bytes(path), free_bytes(path.parent)
    if free is not None and free < before:
        raise StorageFull(_NO_SPACE.format(before // MEBIBYTE))
    sqlite_file.compact(path)
    click.echo(f"The database had {_size(before)}, and has {_size(sqlite_file.size_bytes(path))}.")


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
