"""Docstrings as descriptions for users of the API, without marks of the code base."""

import re

#: Chapters of the specification, which are for us.
_CHAPTERS = re.compile(r"\s*\([a-z-]+\.md[^)]*\)")


def plain(text: str) -> str:
    """The words alone, as Markdown: code in single ticks, no chapters, no line breaks within a paragraph."""
    paragraphs = _CHAPTERS.sub("", text).replace("``", "`").split("\n\n")
    return "\n\n".join(" ".join(each.split()) for each in paragraphs).strip()


def parted(text: str) -> tuple[str, str]:
    """The first sentence without its stop, and the rest."""
    first, _, rest = text.partition(". ")
    return first.rstrip("."), rest
