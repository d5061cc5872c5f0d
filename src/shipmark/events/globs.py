"""Patterns with ``*``, ``?`` and ``[…]``, as regular expressions of linear cost."""

import re

from shipmark.infrastructure.wildcards import any_between


def expression_of(glob: str) -> str:
    """Return the regular expression of a glob. Raise ValueError for a set of characters that is none."""
    return any_between([_of_part(part) for part in re.split(r"\*+", glob)])


def _of_part(glob: str) -> str:
    return "".join(map(_of_piece, re.split(r"(\?|\[!?[^\]]+\])", glob)))


def _of_piece(piece: str) -> str:
    if piece == "?":
        return "."
    if not (piece.startswith("[") and piece.endswith("]")):
        return re.escape(piece)
    is_negated = piece.startswith("[!")
    inner = piece[2:-1] if is_negated else piece[1:-1]
    if _has_twice(inner):
        return re.escape(piece)
    escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", inner)
    try:
        re.compile(f"[{escaped}]")
    except re.error:
        raise ValueError(f'"{piece}" is no set of characters.') from None
    return f"[{'^' if is_negated else ''}{escaped}]"


def _has_twice(characters: str) -> bool:
    """Return True for text in brackets, as no set has a character twice: ``[object Object]`` would fit nearly all."""
    named = characters.replace("-", "")
    return len(set(named)) < len(named)
