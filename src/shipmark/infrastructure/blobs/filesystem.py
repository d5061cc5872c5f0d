"""Blobs as files of a local folder."""

import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from shipmark.infrastructure import ids
from shipmark.infrastructure.blobs.keys import PART_BYTES, validate_key
from shipmark.infrastructure.blobs.storage_errors import translate_errors, translate_missing

#: Where contents are written before they get their name. No key begins with a dot.
INCOMING = ".incoming"

#: What lies there for longer was left by a process that ended while it wrote.
_LEFT_SECONDS = 24 * 60 * 60


class FolderBlobs:
    """Blobs as files. A content is written aside, synced and then named, so that it is there whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / INCOMING
        # Folders whose names are known to be as durable as what is in them. They are few: keys share them.
        self._lasting = {folder}

    def put(self, key: str, content: bytes) -> None:
        """Keep the content; it survives a crash of the machine once this returns."""
        place = self._folder / validate_key(key)
        aside = self._incoming / ids.hex32()
        try:
            with translate_errors(key):
                self._make(place.parent)
                _write(aside, content)
                aside.replace(place)
                _sync(place.parent)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise

    def has(self, key: str) -> bool:
        """Is it there?"""
        validate_key(key)
        try:
            self.size(key)
        except KeyError:
            return False
        return True

    def size(self, key: str) -> int:
        """Its length in bytes."""
        place = self._folder / validate_key(key)
        with translate_missing(key):
            status = place.stat()
            if not stat.S_ISREG(status.st_mode):
                raise FileNotFoundError(key)
            return status.st_size

    def read(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Its bytes, a mebibyte at a time."""
        length = self.size(key)
        stop = length if end is None else min(end, length)
        return self._parts(key, start, stop)

    def remove(self, key: str) -> None:
        """Forget it."""
        place = self._folder / validate_key(key)
        with translate_missing(key):
            place.unlink(missing_ok=True)

    def free_bytes(self) -> int | None:
        """How much room there is on the folder's file system."""
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
                assert part, "a content that is there is never changed"
                start += len(part)
                yield part

    def _make(self, folder: Path) -> None:
        """Make a folder below ours, and let its name last too."""
        if folder in self._lasting:
            return
        self._make(folder.parent)
        folder.mkdir(exist_ok=True)
        _sync(folder.parent)
        self._lasting.add(folder)


def open_folder(folder: Path) -> FolderBlobs:
    """The blobs in a folder, which is made if missing. What was left half-written is cleared away."""
    incoming = folder / INCOMING
    incoming.mkdir(parents=True, exist_ok=True)
    old = time.time() - _LEFT_SECONDS
    for left in incoming.iterdir():
        if left.stat().st_mtime < old:
            left.unlink(missing_ok=True)
    return FolderBlobs(folder)


def _write(place: Path, content: bytes) -> None:
    with place.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Let the names in a folder survive a crash of the machine."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
