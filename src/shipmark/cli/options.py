"""The options of commands for the location of the data, and opening its database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection

from shipmark.cli.data_checks import require_usable
from shipmark.infrastructure import data_folder, migrations
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.settings import Settings, from_environment


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Pass the settings of the environment to a command, with its options ``--data`` and ``--database-url``."""

    @click.option(
        "--data", type=click.Path(path_type=Path), help="The data folder.  [default: ./data]"
    )
    @click.option("--database-url", help="The database, if not a file in the data folder.")
    @wraps(command)
    def run(*, data: Path | None, database_url: str | None, **options: object) -> None:
        settings = overridden(from_environment(), data=data, database_url=database_url)
        command(settings, **options)

    return run


def overridden(settings: Settings, **options: object) -> Settings:
    """Return the settings with those options of the command line that are not None."""
    values: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    return replace(settings, **values)


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """Return the migrated database; the data folder is created if missing, readable by its owner only.

    Raise `UnusableDataError` if the database can't be read, or is empty while there are blobs of an earlier one.
    """
    if narrowed := data_folder.prepare(settings):
        # Never on standard output, which scripts read.
        click.echo(f"{data_folder.NARROWED}: {' '.join(map(str, narrowed))}", err=True)
    require_usable(settings)
    database = Database(settings.database, lock_wait_seconds=settings.lock_wait_seconds)
    try:
        migrations.upgrade(database)
        yield database
    finally:
        database.close()


@contextmanager
def transaction(settings: Settings) -> Iterator[Connection]:
    """Open the database as `open_database` does, for one transaction."""
    with open_database(settings) as database, database.transaction() as connection:
        yield connection


@contextmanager
def snapshot(settings: Settings) -> Iterator[Connection]:
    """Open the database as `open_database` does, to read one state of it."""
    with open_database(settings) as database, database.snapshot() as connection:
        yield connection
