"""Normalization of debug ids, which have several spellings (files-and-avatars.md 6.2)."""

import re

#: 32 digits, with or without dashes; then an appendix, which Breakpad writes without a dash.
_SPELLING = re.compile(
    r"([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})(?:-?([0-9a-f]{1,8}))?",
    re.IGNORECASE | re.ASCII,
)
_NIL = "00000000-0000-0000-0000-000000000000"
UUID_LENGTH = 36
#: The name that clients give a mapping, whose content has no id (clients.md 4.7).
_MAPPING_NAME = re.compile(r"(?:^|/)proguard/(?:mapping-)?([0-9a-fA-F-]{32,36})\.txt$")


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


def of_mapping_name(name: str) -> str | None:
    """Return the id in the name of a ProGuard mapping, ``proguard/<id>.txt``, or None for another name."""
    named = _MAPPING_NAME.search(name)
    return normalize(named[1]) if named else None


def of_checksum(checksum: str) -> str | None:
    """Return the id of a bundle without one, made from its SHA-1 (files-and-avatars.md 5.4)."""
    spelled = normalize(checksum)
    return None if spelled is None else spelled[:UUID_LENGTH]
