"""What is a key of a blob, and in what parts are contents read?"""

import re

KEY_MAX = 200
PART_BYTES = 1024 * 1024

_KEY = re.compile(r"[a-z0-9-]+(?:/[a-z0-9-]+)*")


def validate_key(key: str) -> str:
    """The key; raises ``KeyError`` for other texts: a name from outside must never become a path of its own choice."""
    if len(key) > KEY_MAX or not _KEY.fullmatch(key):
        raise KeyError(key)
    return key
