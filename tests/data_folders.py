"""Data folders with a database that has its tables: a server or a command that makes them takes three seconds more."""

import tempfile
from functools import cache
from pathlib import Path

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.migrations.run import run as migrate


def made(folder: Path) -> Path:
    """Make the folder, for its owner only, with nothing in its tables. Returns it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "shipmark.db"
    path.write_bytes(_migrated())
    path.chmod(0o600)
    return folder


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "shipmark.db")
        database = Database(f"sqlite:///{path}")
        migrate(database)
        with database.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        return path.read_bytes()
