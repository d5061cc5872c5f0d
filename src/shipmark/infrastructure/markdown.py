"""Text in Markdown: what others wrote stays text there."""

import re

_CODE = re.compile(r"(`[^`]+`)")
_SPECIAL = re.compile(r"[\\<\[\]`]")
_BACKTICKS = re.compile(r"`+")


def inline_text(text: str) -> str:
    """Return a text on one line, in which the characters that begin HTML, links and code have no such meaning.

    Code between two backticks stays as it is.
    """
    parts = _CODE.split(" ".join(text.split()))
    return "".join(
        part if index % 2 else _SPECIAL.sub(r"\\\g<0>", part) for index, part in enumerate(parts)
    )


def code_block(text: str) -> str:
    """Return a block of code, between more backticks than the text has in a row."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"
