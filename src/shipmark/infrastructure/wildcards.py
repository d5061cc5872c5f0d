"""Patterns in which ``*`` is any text, as regular expressions whose cost grows with the text, whatever the pattern."""

import re
from collections.abc import Sequence


def expression_of(pattern: str) -> str:
    """Return the regular expression of a whole text that matches a pattern."""
    return any_between([re.escape(part) for part in pattern.split("*")])


def any_between(expressions: Sequence[str]) -> str:
    """Return the expression of others in their order, with any text between them.

    No star is tried again once what comes after it was found: with ``.*`` between them, ten stars and a text of 200
    equal letters take hours.
    """
    first, *others = expressions
    if not others:
        return first
    middle = "".join(f"(?>.*?{other})" for other in others[:-1])
    return f"{first}{middle}.*{others[-1]}"
