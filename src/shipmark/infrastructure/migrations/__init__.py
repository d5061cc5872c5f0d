"""Migrations of the database by Alembic, one file per revision; a merged revision is never edited.

A revision works with the code before it and after it, on SQLite and on PostgreSQL: new columns are nullable or have a
server default, and nothing is dropped that the previous release uses (docs/decisions, number 17). Alembic is slow to
load and needed once per release, so migrations run in a process of their own (``run.py``), and only if any are pending.
"""

import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, TypedColumns, inspect, select

from shipmark.infrastructure.database import Database

#: The variable with the URL of the database, for the process that migrates it.
TARGET = "SHIPMARK_MIGRATED_URL"

#: The number of the advisory lock; nothing else uses it.
_LOCK = 7_446_726

_STEPS = Path(__file__).parent / "versions"


class MigrationError(Exception):
    """The database could not be migrated."""


class VersionColumns(TypedColumns):
    """Alembic's own table, with the revision of the database."""

    version_num = Column(String(32), primary_key=True)


# Alembic creates this table, so it is not part of the metadata.
_versions = Table("alembic_version", MetaData(), VersionColumns)


def latest_revision() -> str:
    """Return the revision that the code needs: the highest number of a file."""
    return max(path.name.partition("_")[0] for path in _STEPS.glob("[0-9]*.py"))


def current_revision(connection: Connection) -> str | None:
    """Return the revision of the database, or None for an empty one."""
    if not inspect(connection).has_table(_versions.name):
        return None
    return connection.execute(select(_versions.c.version_num)).scalar_one_or_none()


def foreign_encoding(connection: Connection) -> str | None:
    """Return the problem that a PostgreSQL database can't hold the characters of all alphabets, or None."""
    if connection.dialect.name != "postgresql":
        return None
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding == "UTF8":
        return None
    return (
        f"The database has the encoding {encoding}, in which not all texts can be stored. Make another one:"
        " CREATE DATABASE shipmark ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0"
    )


def missing_privilege(connection: Connection) -> str | None:
    """Return the problem that the user may not create tables in a PostgreSQL database, or None.

    Since PostgreSQL 15 only the owner of the database may, unless others are granted it.
    """
    if connection.dialect.name != "postgresql":
        return None
    user, schema, may_create = connection.exec_driver_sql(
        "SELECT current_user, current_schema(), has_schema_privilege(current_schema(), 'CREATE')"
    ).one()
    if may_create:
        return None
    return (
        f"The user {user} may not create tables in the database. Make it the owner of the database, or execute there:"
        f' GRANT CREATE ON SCHEMA {schema or "public"} TO "{user}"'
    )


def acquire_lock(connection: Connection) -> None:
    """Lock migrations until the transaction ends, for nodes that start at once.

    The caller locks before it reads the revision. On SQLite the transaction has the only write lock already.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def upgrade(database: Database) -> None:
    """Migrate the database to the latest revision.

    Raise `MigrationError` with the error output, or if it is empty and can't be used: for its encoding, or privileges.
    """
    with database.snapshot() as connection:
        revision = current_revision(connection)
        if revision == latest_revision():
            return
        if revision is None:
            problem = foreign_encoding(connection) or missing_privilege(connection)
            if problem is not None:
                raise MigrationError(problem)
    process = subprocess.run(
        [sys.executable, "-m", "shipmark.infrastructure.migrations.run"],
        env=os.environ | {TARGET: database.url},
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        raise MigrationError(f"The database could not be migrated:\n{process.stderr[-2000:]}")
