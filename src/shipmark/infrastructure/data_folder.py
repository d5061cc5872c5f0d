"""Permissions of the data folder, which only the user who runs the server may read."""

import stat
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import make_url

from shipmark.infrastructure.settings import Settings

#: The umask of every command and its workers: only the owner can read the files that they create.
UMASK = 0o077
NARROWED = "Other users of this machine could read the data; only its owner can now"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
#: Suffixes of the files that SQLite and the write lock create beside the database.
_BESIDE_DATABASE = ("", "-wal", "-shm", "-journal", "-turn")


def prepare(settings: Settings) -> list[Path]:
    """Create the data folder if missing, restrict it to its owner, and return the paths that others could read.

    Files of another user stay as they are, and `too_permissive` returns them again.
    """
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return [path for path in too_permissive(settings) if _restrict(path)]


def too_permissive(settings: Settings) -> list[Path]:
    """Return the folders and files that other users of this machine may read or write."""
    return [path for path in _private(settings) if _is_too_permissive(path)]


def _private(settings: Settings) -> Iterator[Path]:
    # Contents are protected by their folder, so that not every file has to be checked.
    yield settings.data
    yield settings.data / "blobs"
    yield settings.secret_key_file
    yield settings.known_hosts_file
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and url.database:
        for suffix in _BESIDE_DATABASE:
            yield Path(url.database + suffix)


def _is_too_permissive(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    # A folder that is shared on purpose, such as /tmp, must stay so.
    is_shared = stat.S_ISDIR(mode) and bool(mode & stat.S_ISVTX)
    return bool(mode & _OTHERS) and not is_shared


def _restrict(path: Path) -> bool:
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
    except OSError:
        return False
    return True
