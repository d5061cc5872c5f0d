"""Paths in the quotes in which git prints those with unusual characters (`core.quotePath`, unless by `-z`)."""

import re

#: Only what git itself writes: a quoted path has at least one escape.
_QUOTED = re.compile(r'"(?=.*\\)(?:[^"\\]|\\(?:[abtnvfr"\\]|[0-3][0-7]{2}))+"', re.DOTALL)
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_LETTERS = dict(zip(b'abtnvfr"\\', b'\a\b\t\n\v\f\r"\\', strict=True))


def unquoted_path(path: str) -> str:
    r"""Return the path without git's quotes: ``"a/f\303\274.txt"`` is ``a/fü.txt``. Any other stays as it is."""
    if not path.startswith('"') or not _QUOTED.fullmatch(path):
        return path
    content = _ESCAPE.sub(lambda escape: bytes([_byte_of(escape[1])]), path[1:-1].encode())
    return content.decode("utf-8", "replace")


def _byte_of(escape: bytes) -> int:
    return int(escape, 8) if escape.isdigit() else _LETTERS[escape[0]]
