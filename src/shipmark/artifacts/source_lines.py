"""The context of a position in a file, short enough to be stored with an event."""

from dataclasses import dataclass

CONTEXT_LINES = 5
LINE_MAX = 240
#: The characters before the position when a long line is cut: more than after it, as they are more useful.
_BEFORE = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class LineContext:
    """A line of a file, and up to five before and after it."""

    before: tuple[str, ...]
    line: str
    after: tuple[str, ...]


def lines_of(text: str) -> list[str]:
    """Return the lines of a file, split as in all browsers, with the line ends of any system."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def line_context(lines: list[str], number: int, column: int) -> LineContext | None:
    """Return the line, counted from one, cut to a window around the column, or None if it does not exist."""
    if not 1 <= number <= len(lines):
        return None
    at = number - 1
    return LineContext(
        before=tuple(_cut(line, 0) for line in lines[max(0, at - CONTEXT_LINES) : at]),
        line=_cut(lines[at], column),
        after=tuple(_cut(line, 0) for line in lines[at + 1 : at + 1 + CONTEXT_LINES]),
    )


def _cut(line: str, column: int) -> str:
    if len(line) <= LINE_MAX:
        return line
    start = min(max(0, column - _BEFORE), len(line) - LINE_MAX)
    end = start + LINE_MAX
    before, after = "{snip} " if start else "", " {snip}" if end < len(line) else ""
    return f"{before}{line[start:end]}{after}"
