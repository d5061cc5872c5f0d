"""Blobs in an object store: a local folder by default, by obstore."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import LocalStore, ObjectStore

PART_BYTES = 1024 * 1024
KEY_MAX = 200
_KEY = re.compile(r"[a-z0-9-]+(?:/[a-z0-9-]+)*")


class ObjectBlobs:
    """Blobs as objects of a store: files of a folder, or objects in a bucket."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def put(self, key: str, content: bytes) -> None:
        """Keep the content; the store writes it aside and renames it."""
        obstore.put(self._store, _checked(key), content)

    def has(self, key: str) -> bool:
        """Is it there?"""
        try:
            self.size(key)
        except KeyError:
            _checked(key)
            return False
        return True

    def size(self, key: str) -> int:
        """Its length in bytes."""
        try:
            return obstore.head(self._store, _checked(key))["size"]
        except (NotFoundError, FileNotFoundError):
            raise KeyError(key) from None

    def read(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Its bytes, a mebibyte at a time."""
        length = self.size(key)
        stop = length if end is None else min(end, length)
        for at in range(start, stop, PART_BYTES):
            part = min(at + PART_BYTES, stop)
            yield bytes(obstore.get_range(self._store, key, start=at, end=part))

    def remove(self, key: str) -> None:
        """Forget it."""
        if self.has(key):
            obstore.delete(self._store, key)


def blobs_at(url: str) -> ObjectBlobs:
    """The blob store at an address; ``file:`` ones only for now. The folder is made if missing."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        raise ValueError(f"Blobs can be kept at file: addresses, not at {parts.scheme}: ones.")
    folder = Path(unquote(parts.path))
    folder.mkdir(parents=True, exist_ok=True)
    return ObjectBlobs(LocalStore(folder))


def _checked(key: str) -> str:
    # A name from outside must never become a path of its own choice.
    if len(key) > KEY_MAX or not _KEY.fullmatch(key):
        raise KeyError(key)
    return key
