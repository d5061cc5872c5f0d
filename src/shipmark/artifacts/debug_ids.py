"""Normalization of debug ids, which have several spellings (files-and-avatars.md 6.2)."""

import re

#: 32 digits, with or without dashes; then an appendix, which Breakpad writes without a dash.
_SPELLING = re.compile(
    r"([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})(?:-?([0-9a-f]{1,8}))?",
    re.IGNORECASE | re.ASCII,
)
_NIL = "00000000-0000-0000-0000-000000000000"
UUID_LENGTH = 36


def normalize(text: str) -> str | None:
    """Return a debug id as a lower-case dashed UUID, with its appendix unless that is zero.

    Return None for an invalid debug id, and for the nil id: it means "unknown", and would link unrelated files.
    """
    spelled = _SPELLING.fullmatch(text.strip())
    if spelled is None:
        return None
    uuid = "-".join(spelled.group(1, 2, 3, 4, 5)).lower()
    appendix = (spelled[6] or "").lower().lstrip("0")
    if uuid == _NIL and not appendix:
        return None
    return f"{uuid}-{appendix}" if appendix else uuid


def of_checksum(checksum: str) -> str | None:
    """Return the id of a bundle without one, made from its SHA-1 (files-and-avatars.md 5.4)."""
    spelled = normalize(checksum)
    return None if spelled is None else spelled[:UUID_LENGTH]
