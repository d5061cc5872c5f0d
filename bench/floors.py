"""The floor of a measurement: the least there is to do, which is to read what came and insert it in batches."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

_BATCH = 200
#: A text that is read out of a body, and the body.
Row = tuple[str, bytes]


def batch_inserter(path: Path, *, is_unique: bool) -> Callable[[Sequence[Row]], None]:
    """Return what inserts a batch into a new table, each text once if it ``is_unique``."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    unique = "UNIQUE" if is_unique else ""
    connection.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT {unique}, payload BLOB)")

    def insert(rows: Sequence[Row]) -> None:
        with connection:
            connection.executemany("INSERT OR IGNORE INTO t (name, payload) VALUES (?, ?)", rows)

    return insert


def bodies_a_second(
    bodies: Sequence[bytes], path: Path, name_in: Callable[[bytes], str], *, is_unique: bool
) -> float:
    """Return how many bodies a second are read by ``name_in``, and inserted."""
    insert = batch_inserter(path, is_unique=is_unique)
    begun = time.perf_counter()
    for start in range(0, len(bodies), _BATCH):
        insert([(name_in(body), body) for body in bodies[start : start + _BATCH]])
    return len(bodies) / (time.perf_counter() - begun)
