"""The source context of a frame, from clients or source maps."""

from dataclasses import dataclass

from shipmark.events.payload import Json, plain

#: The most lines before and after; clients send fewer.
LINES_MAX = 20
LINE_MAX = 1000
#: No file has lines or columns with as many digits.
_DIGITS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of code with its number; ``is_run`` is True for the frame's line."""

    number: int
    text: str
    is_run: bool


def lines_of(frame: Json) -> tuple[Line, ...]:
    """Return the frame's line with its context, or none if its number or code is unknown."""
    line = number(frame, "lineno")
    code = frame.get("context_line")
    if line is None or not isinstance(code, str):
        return ()
    before, after = _texts(frame, "pre_context")[-LINES_MAX:], _texts(frame, "post_context")
    texts = [*before, code, *after[:LINES_MAX]]
    first = line - len(before)
    return tuple(
        Line(number=at, text=plain(text)[:LINE_MAX], is_run=at == line)
        for at, text in enumerate(texts, start=first)
    )


def number(frame: Json, key: str) -> int | None:
    """Return a line or column number, which some clients send as text or with a fraction of zero, or None."""
    value = frame.get(key)
    if isinstance(value, float) and value.is_integer() and abs(value) < 10**_DIGITS:
        return int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < _DIGITS:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _texts(frame: Json, key: str) -> list[str]:
    value = frame.get(key)
    texts = value if isinstance(value, list) else []
    return [text if isinstance(text, str) else "" for text in texts]
