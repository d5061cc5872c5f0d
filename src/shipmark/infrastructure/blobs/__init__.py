"""The interface of blob stores: contents of any length under keys that Shipmark generates."""

import re
from collections.abc import Iterator
from typing import Protocol

KEY_MAX = 200
#: The size of the parts in which contents are read.
PART_BYTES = 1024 * 1024
_KEY = re.compile(r"[a-z0-9-]+(?:/[a-z0-9-]+)*")


class Blobs(Protocol):
    """A store of contents by key: lower case letters, digits, ``-`` and single ``/`` between, at most 200 characters.

    A key is used for one content only, so that a stored content never changes. Every implementation guarantees, as
    ``tests/contracts/test_blobs.py`` checks:

    * `put` returns once the content is as durable as the store can make it; it is stored entirely or not at all;
    * `remove` of a missing key changes nothing;
    * `put` raises `StorageFull` if the store is full, and every method `Unavailable`, in time, if the store fails;
    * `read` streams any range without holding the whole content, and raises ``KeyError`` for a missing key;
    * texts that are no keys raise ``KeyError``.
    """

    def put(self, key: str, content: bytes) -> None:
        """Store the content."""

    def size(self, key: str) -> int:
        """Return the length of the content in bytes."""

    def read(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from ``start`` to ``end``, or to the end of the content, in parts."""

    def remove(self, key: str) -> None:
        """Delete the content."""

    def free_bytes(self) -> int | None:
        """Return the free space in bytes, or None if unknown."""


def validate_key(key: str) -> str:
    """Return the key. Raise ``KeyError`` for any other text: a name from a client must never become a path."""
    if len(key) > KEY_MAX or not _KEY.fullmatch(key):
        raise KeyError(key)
    return key
