"""Checks of database, disk and blobs before they are used."""

from collections.abc import Iterator

from sqlalchemy import inspect

from shipmark.files.store import blobs as blob_store
from shipmark.infrastructure import health, sqlite_file
from shipmark.infrastructure.blobs.filesystem import INCOMING
from shipmark.infrastructure.blobs.opening import open_folder_url
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.settings import MEBIBYTE, Settings

#: A database up to this size is checked in full when the server starts, in less than a second.
SMALL_BYTES = 64 * MEBIBYTE


class UnusableDataError(Exception):
    """The data can't be used; the message has the reason and the remedy."""


def require_usable(settings: Settings) -> None:
    """Raise `UnusableDataError` if the database can't be read, or is empty while there are blobs of an earlier one."""
    for problem in database_problems(settings, is_thorough=False):
        raise UnusableDataError(problem)


def require_servable(settings: Settings) -> None:
    """Raise `UnusableDataError` for data that a server must not use: damaged, without its blobs, on a full disk."""
    path = sqlite_file.path_of(settings.database)
    is_small = path is not None and path.is_file() and path.stat().st_size <= SMALL_BYTES
    for problem in database_problems(settings, is_thorough=is_small):
        raise UnusableDataError(problem)
    if (missing := missing_blobs(settings)) is not None:
        raise UnusableDataError(missing)
    for problem in space_problems(settings):
        raise UnusableDataError(problem)


def database_problems(settings: Settings, *, is_thorough: bool) -> Iterator[str]:
    """Return the problems of a SQLite database's file; a thorough check reads all of it."""
    path = sqlite_file.path_of(settings.database)
    if path is None:
        return
    if sqlite_file.is_empty(path):
        folder = open_folder_url(settings.blobs)
        is_folder = folder is not None and folder.is_dir()
        if folder and is_folder and any(path.name != INCOMING for path in folder.iterdir()):
            yield (
                f"The database {path} is empty, but {folder} holds the blobs of an earlier one."
                " Restore the database from a backup, or move the blobs away to begin anew."
            )
        return
    look = sqlite_file.damage if is_thorough else sqlite_file.read_problem
    if (reason := look(path)) is not None:
        yield f"The database {path} can't be used: {reason}. Restore it from a backup."


def missing_blobs(settings: Settings) -> str | None:
    """Return the problem of a missing folder of blobs while the database has blobs, or None.

    Raise the errors of opening the database.
    """
    folder = open_folder_url(settings.blobs)
    path = sqlite_file.path_of(settings.database)
    if folder is None or folder.is_dir() or (path is not None and sqlite_file.is_empty(path)):
        return None
    database = Database(settings.database, lock_wait_seconds=settings.lock_wait_seconds)
    try:
        with database.snapshot() as connection:
            has_table = inspect(connection).has_table(blob_store.blobs.name)
            if not has_table or not blob_store.is_any(connection):
                return None
    finally:
        database.close()
    return (
        f"The folder of the blobs {folder} is gone, but the database knows files in it."
        " Put it back, or set SHIPMARK_BLOBS_URL."
    )


def space_problems(settings: Settings) -> Iterator[str]:
    """Return the problems of full disks: that of the database, and that of the blobs."""
    path, folder = sqlite_file.path_of(settings.database), open_folder_url(settings.blobs)
    folders = {"database": path.parent if path else None, "blobs": folder}
    for what, checked in folders.items():
        problem = health.space_problem(health.free_bytes(checked), what) if checked else None
        if problem is not None:
            yield problem
