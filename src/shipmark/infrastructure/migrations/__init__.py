"""How does the database get its tables? By Alembic, one step a file; a step that has landed is never edited.

A step works with the code before it and after it, on SQLite and on PostgreSQL: it adds what may be null or has a
default of the server's, and takes nothing away that the release before uses (docs/decisions, number 17). Alembic takes
long to load and is needed once a release, so the steps run in a process of their own (``run.py``), and only when there
are any to take.
"""

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, TypedColumns, inspect, select

from shipmark.infrastructure.database import Database

#: The variable that tells the process which database to bring up to date.
TARGET = "SHIPMARK_MIGRATED_URL"

#: Any number that nothing else locks.
_LOCK = 7_446_726

_STEPS = Path(__file__).parent / "versions"


class MigrationError(Exception):
    """The database could not be brought to the newest step."""


class VersionColumns(TypedColumns):
    """Alembic's own table, with the step that the database is at."""

    version_num = Column(String(32), primary_key=True)


# Alembic makes and keeps it, so it is none of our tables.
_versions = Table("alembic_version", MetaData(), VersionColumns)


def latest_revision() -> str:
    """The step that the code needs: steps are numbered files."""
    return max(path.name.partition("_")[0] for path in _STEPS.glob("[0-9]*.py"))


def current_revision(connection: Connection) -> str | None:
    """The step that the database is at; null for an empty one."""
    if not inspect(connection).has_table(_versions.name):
        return None
    return connection.execute(select(_versions.c.version_num)).scalar_one_or_none()


def acquire_lock(connection: Connection) -> None:
    """Let nodes that start together go on one after the other, each until its unit of work ends.

    Taken before looking at what is there. On SQLite the unit of work has the only writer's lock already.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def upgrade(database: Database) -> None:
    """Bring the database to the newest step. Raises `MigrationError` with what went wrong."""
    with database.snapshot() as connection:
        if current_revision(connection) == latest_revision():
            return
    done = subprocess.run(
        [sys.executable, "-m", "shipmark.infrastructure.migrations.run"],
        env=os.environ | {TARGET: database.url},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise MigrationError(f"The database could not be migrated:\n{done.stderr[-2000:]}")
