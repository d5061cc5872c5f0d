"""Which debug id is meant? The same one is spelled in many ways (files-and-avatars.md 6.2)."""

import re

#: 32 digits, with or without dashes; then an appendix, which Breakpad writes without a dash.
_SPELLING = re.compile(
    r"([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})(?:-?([0-9a-f]{1,8}))?",
    re.IGNORECASE | re.ASCII,
)
_NIL = "00000000-0000-0000-0000-000000000000"
UUID_LENGTH = 36


def normalize(text: str) -> str | None:
    """Spell a debug id as a lower-case dashed UUID, with its appendix unless that is zero.

    None for what is no debug id. The nil id is none either: it stands for "unknown", and would tie files
    together that have nothing to do with each other.
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
    """Make the id of a bundle that has none from its SHA-1 (files-and-avatars.md 5.4)."""
    spelled = normalize(checksum)
    return None if spelled is None else spelled[:UUID_LENGTH]
