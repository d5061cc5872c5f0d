"""Comparisons of two releases, as the API answers them."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from factories import Caller, commit, release_path

from shipmark.infrastructure.database import Database

#: Lets an SDK of a project send an error: ``fail("boom", release="web@1.0.0")``.
Fail = Callable[..., str]


def path(version: str, base: str) -> str:
    return f"{release_path(quote(version, safe=''), 'compare/')}?{urlencode({'base': base})}"


def compared(caller: Caller, version: str, base: str) -> dict[str, Any]:
    answer = caller.get(path(version, base))
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def made(key: str, hour: int = 0, **more: object) -> dict[str, object]:
    return commit(key, timestamp=f"2026-01-04T{hour:02}:00:00Z", **more)


def close(database: Database) -> None:
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE organizations SET is_open = false")
