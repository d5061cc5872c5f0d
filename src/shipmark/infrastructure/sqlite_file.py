"""Checks of the file of a SQLite database: whether it is at its path, readable, and undamaged.

Only SQLite itself opens the file here: closing any other descriptor of it would drop the locks that this process holds
on it, which can corrupt the database.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

MOVED = (
    "The database file was moved, removed or replaced while the server ran. "
    "Put it back, or stop the server and start it again where the data is."
)

Identity = tuple[int, int]


def path_of(url: str) -> Path | None:
    """Return the path of the SQLite database of a URL, or None for other databases and those in memory."""
    address = make_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        return None
    return Path(address.database).absolute()


def identity(path: Path) -> Identity | None:
    """Return the identity of the file at this path, or None if there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def opened_file(connection: Any) -> tuple[Path, Identity | None] | None:
    """Return the path and identity of the file that a connection has just opened, or None for one in memory."""
    name: str = connection.execute("PRAGMA database_list").fetchone()[2]
    path = Path(name)
    return (path, identity(path)) if name else None


def is_empty(path: Path) -> bool:
    """Return True if there is no database yet, neither in the file nor in its write-ahead log."""
    return not any(size_bytes(file) for file in (path, Path(f"{path}-wal")))


def read_problem(path: Path) -> str | None:
    """Return why SQLite can't read the database, or None if it can. Reads one page: takes about 0.1 ms."""
    try:
        tables = _value(path, "SELECT count(*) FROM sqlite_schema")
    except sqlite3.Error as error:
        return str(error)
    return None if tables else "it is empty"


def damage(path: Path) -> str | None:
    """Return the first damage that SQLite finds in the database, or None. Reads all of it."""
    try:
        result = str(_value(path, "PRAGMA quick_check(1)"))
    except sqlite3.Error as error:
        return str(error)
    return None if result == "ok" else " ".join(result.split())


def size_bytes(path: Path) -> int:
    """Return the size of the database's file, without its write-ahead log; 0 if there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def unused_bytes(path: Path) -> int:
    """Return how much of the file is of deleted rows, and is used for new ones. Reads one page."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        pages: int = connection.execute("PRAGMA freelist_count").fetchone()[0]
        page_bytes: int = connection.execute("PRAGMA page_size").fetchone()[0]
    return pages * page_bytes


def compact(path: Path) -> None:
    """Write the database anew, without the space of deleted rows. Writers wait, and are refused if it takes long."""
    with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _value(path: Path, statement: str) -> object:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        value: object = connection.execute(statement).fetchone()[0]
    return value
