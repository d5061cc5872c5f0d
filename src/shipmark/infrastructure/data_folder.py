"""The data folder: only the user who runs the server may read what is in it."""

import stat
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import make_url

from shipmark.infrastructure.settings import Settings

#: The umask of every command, and of the workers that it starts: what they create is the owner's only.
UMASK = 0o077

NARROWED = "Other users of this machine could read the data; only its owner can now"

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
#: What SQLite and the write lock create beside the database.
_BESIDE_DATABASE = ("", "-wal", "-shm", "-journal", "-turn")


def prepare(settings: Settings) -> list[Path]:
    """Create the data folder if missing, and return what others could read, which only the owner can from now on.

    What belongs to another user stays as it is, and `too_permissive` names it again.
    """
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return [path for path in too_permissive(settings) if _narrow(path)]


def too_permissive(settings: Settings) -> list[Path]:
    """Return the folders and files that other users of this machine may read or write."""
    return [path for path in _private(settings) if _is_too_permissive(path)]


def _private(settings: Settings) -> Iterator[Path]:
    # Contents are protected by the folder that they are in, however many there are.
    yield settings.data
    yield settings.data / "blobs"
    yield settings.secret_key_file
    yield settings.known_hosts_file
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite" and url.database:
        for ending in _BESIDE_DATABASE:
            yield Path(url.database + ending)


def _is_too_permissive(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    # A folder that is shared by its nature, such as /tmp, is not ours to close.
    is_shared = stat.S_ISDIR(mode) and bool(mode & stat.S_ISVTX)
    return bool(mode & _OTHERS) and not is_shared


def _narrow(path: Path) -> bool:
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
    except OSError:
        return False
    return True
