"""Blobs in an object store: a local folder by default, by obstore."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import LocalStore, ObjectStore

PART_BYTES = 1024 * 1024
_SHA1 = re.compile(r"[0-9a-f]{40}")


class ObjectBlobs:
    """Blobs as objects ``ab/cdef…``, so that no folder grows without end."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def put(self, content: bytes) -> str:
        """Keep the content; the store writes it aside and renames it."""
        sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        if not self.has(sha1):
            obstore.put(self._store, _path(sha1), content)
        return sha1

    def has(self, sha1: str) -> bool:
        """Is it there?"""
        try:
            obstore.head(self._store, _path(sha1))
        except (NotFoundError, FileNotFoundError):
            return False
        return True

    def size(self, sha1: str) -> int:
        """Its length in bytes."""
        try:
            return obstore.head(self._store, _path(sha1))["size"]
        except (NotFoundError, FileNotFoundError):
            raise KeyError(sha1) from None

    def read(self, sha1: str, *, start: int = 0) -> Iterator[bytes]:
        """Its bytes from an offset on, a mebibyte at a time."""
        length = self.size(sha1)
        for at in range(start, length, PART_BYTES):
            end = min(at + PART_BYTES, length)
            yield bytes(obstore.get_range(self._store, _path(sha1), start=at, end=end))

    def remove(self, sha1: str) -> None:
        """Forget it."""
        if self.has(sha1):
            obstore.delete(self._store, _path(sha1))


def blobs_at(url: str) -> ObjectBlobs:
    """The blob store at an address; ``file:`` ones only for now. The folder is made if missing."""
    parts = urlsplit(url)
    if parts.scheme != "file":
        raise ValueError(f"Blobs can be kept at file: addresses, not at {parts.scheme}: ones.")
    folder = Path(unquote(parts.path))
    folder.mkdir(parents=True, exist_ok=True)
    return ObjectBlobs(LocalStore(folder))


def _path(sha1: str) -> str:
    # A name from outside must never become a path of its own choice.
    if not _SHA1.fullmatch(sha1):
        raise KeyError(sha1)
    return f"{sha1[:2]}/{sha1[2:]}"
