"""Where are large contents kept? A port: any number of bytes under the SHA-1 of its content."""

from collections.abc import Iterator
from typing import Protocol


class Blobs(Protocol):
    """Contents by their SHA-1 (40 lower-case hexadecimal digits, the protocol's name for a file).

    Every implementation promises, and ``tests/ports/test_blobs.py`` checks on each:

    * `put` returns once the content is as durable as the store can make it; it is there whole or not at all;
    * putting what is there already changes nothing; `remove` of what is not there changes nothing;
    * `read` streams from any offset without holding the whole content; of one that is not there it raises ``KeyError``.
    """

    def put(self, content: bytes) -> str:
        """Keep the content; says its SHA-1."""
        ...

    def has(self, sha1: str) -> bool:
        """Is it there?"""
        ...

    def size(self, sha1: str) -> int:
        """Its length in bytes."""
        ...

    def read(self, sha1: str, *, start: int = 0) -> Iterator[bytes]:
        """Its bytes from an offset on, in parts."""
        ...

    def remove(self, sha1: str) -> None:
        """Forget it."""
        ...
