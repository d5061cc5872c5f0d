"""Blobs as files of a local folder."""

import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from shipmark.infrastructure import ids
from shipmark.infrastructure.blobs import PART_BYTES, validate_key
from shipmark.infrastructure.blobs.storage_errors import translate_errors, translate_missing

#: The folder for contents that are being written. No key begins with a dot.
INCOMING = ".incoming"
#: Older files there were left by a process that ended while writing.
_LEFT_SECONDS = 24 * 60 * 60


class FolderBlobs:
    """Blobs as files. A content is written to a temporary file, synced and renamed, so that it is atomic."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / INCOMING
        # Folders whose names are known to be synced. They are few: keys share them.
        self._synced = {folder}

    def put(self, key: str, content: bytes) -> None:
        """Store the content; once this returns, it survives a crash of the machine."""
        path = self._folder / validate_key(key)
        temporary = self._incoming / ids.hex32()
        try:
            with translate_errors(key):
                self._make_folder(path.parent)
                _write(temporary, content)
                temporary.replace(path)
                _sync(path.parent)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def size(self, key: str) -> int:
        """Return the length of the content in bytes."""
        path = self._folder / validate_key(key)
        with translate_missing(key):
            status = path.stat()
            if not stat.S_ISREG(status.st_mode):
                raise FileNotFoundError(key)
            return status.st_size

    def read(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes of the range, a mebibyte at a time."""
        length = self.size(key)
        stop = length if end is None else min(end, length)
        return self._parts(key, start, stop)

    def remove(self, key: str) -> None:
        """Delete the content."""
        path = self._folder / validate_key(key)
        with translate_missing(key):
            path.unlink(missing_ok=True)

    def free_bytes(self) -> int | None:
        """Return the free space of the folder's file system."""
        return shutil.disk_usage(self._folder).free

    def _parts(self, key: str, start: int, stop: int) -> Iterator[bytes]:
        if start >= stop:
            return
        with translate_missing(key):
            file = (self._folder / key).open("rb", buffering=0)
        with file:
            file.seek(start)
            while start < stop:
                with translate_missing(key):
                    part = file.read(min(PART_BYTES, stop - start))
                assert part, "a stored content never changes"
                start += len(part)
                yield part

    def _make_folder(self, folder: Path) -> None:
        """Create a folder below the store's, and sync its name."""
        if folder in self._synced:
            return
        self._make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)
        self._synced.add(folder)


def open_folder(folder: Path) -> FolderBlobs:
    """Return the blob store in a folder, created if missing. Delete old temporary files."""
    incoming = folder / INCOMING
    incoming.mkdir(parents=True, exist_ok=True)
    oldest = time.time() - _LEFT_SECONDS
    for file in incoming.iterdir():
        if file.stat().st_mtime < oldest:
            file.unlink(missing_ok=True)
    return FolderBlobs(folder)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Sync the names in a folder, so that they survive a crash of the machine."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
