"""What commands share: the options that say where the data is, and opening the database there."""

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
    """Give a command the options ``--data`` and ``--database-url``."""
    data = click.option(
        "--data", type=click.Path(path_type=Path), help="The data folder.  [default: ./data]"
    )
    url = click.option("--database-url", help="The database, if not a file in the data folder.")
    return data(url(command))


def settings_of(data: Path | None, database_url: str | None, **more: object) -> Settings:
    """The settings of the environment, with what was said on the command line."""
    content = {"data": data, "database_url": database_url} | more
    parameters: dict[str, Any] = {
        name: value for name, value in content.items() if value is not None
    }
    return replace(from_environment(os.environ), **parameters)


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """The database with its newest tables; the data folder is made if missing, readable by its owner only.

    Raise `UnusableDataError` if the database can't be read, or is empty beside blobs of an earlier one.
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
