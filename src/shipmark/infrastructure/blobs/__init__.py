"""Where are large contents kept? A port: any number of bytes under a key that we made."""

from collections.abc import Iterator
from typing import Protocol


class Blobs(Protocol):
    """Contents by keys: small letters, digits, ``-`` and single ``/`` between them, 200 characters at most.

    A key is used for one content only, and never again: so nothing that is there is ever changed. Every implementation
    promises, and ``tests/contracts/test_blobs.py`` checks on each:

    * `put` returns once the content is as durable as the store can make it; it is there whole or not at all;
    * `remove` of what is not there changes nothing;
    * a store that is full refuses `put` with `NoRoom`, one that is out of order refuses with `Unavailable`, in time;
    * `read` streams any stretch without holding the whole content; of a key that is not there it raises ``KeyError``,
      and so do other texts than keys.
    """

    def put(self, key: str, content: bytes) -> None:
        """Keep the content."""
        ...

    def has(self, key: str) -> bool:
        """Is it there?"""
        ...

    def size(self, key: str) -> int:
        """Its length in bytes."""
        ...

    def read(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Its bytes from an offset on, up to another one or to the end, in parts."""
        ...

    def remove(self, key: str) -> None:
        """Forget it."""
        ...

    def free_bytes(self) -> int | None:
        """How much room is left, or null where nobody knows."""
        ...
