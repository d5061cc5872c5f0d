"""The command that gives freed space of the database back to the disk."""

import click

from shipmark.cli.options import open_database, with_settings
from shipmark.infrastructure import sqlite_file
from shipmark.infrastructure.errors import StorageFull
from shipmark.infrastructure.health import free_bytes
from shipmark.infrastructure.settings import MEBIBYTE, Settings

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
    after = sqlite_file.size_bytes(path)
    click.echo(f"The database had {before / MEBIBYTE:.1f} MiB, and has {after / MEBIBYTE:.1f} MiB.")
