"""Keys of blobs, and the size of the parts in which contents are read."""

import re

KEY_MAX = 200
PART_BYTES = 1024 * 1024

_KEY = re.compile(r"[a-z0-9-]+(?:/[a-z0-9-]+)*")


def validate_key(key: str) -> str:
    """Return the key. Raise ``KeyError`` for any other text: a name from a client must never become a path."""
    if len(key) > KEY_MAX or not _KEY.fullmatch(key):
        raise KeyError(key)
    return key
