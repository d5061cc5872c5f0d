"""The options of commands for the location of the data, and opening its database."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import click

from shipmark.cli.data_checks import require_usable
from shipmark.infrastructure import data_folder, migrations
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.settings import Settings, from_environment

F = TypeVar("F", bound=Callable[..., Any])


def with_data(command: F) -> F:
    """Add the options ``--data`` and ``--database-url`` to a command."""
    data = click.option(
        "--data", type=click.Path(path_type=Path), help="The data folder.  [default: ./data]"
    )
    url = click.option("--database-url", help="The database, if not a file in the data folder.")
    return data(url(command))


def settings_of(data: Path | None, database_url: str | None, **more: object) -> Settings:
    """Return the settings of the environment, overridden by the options of the command line."""
    content = {"data": data, "database_url": database_url} | more
    parameters: dict[str, Any] = {
        name: value for name, value in content.items() if value is not None
    }
    return replace(from_environment(os.environ), **parameters)


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
