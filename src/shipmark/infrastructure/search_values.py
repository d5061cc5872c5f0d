"""The values of terms of searches: texts in quotes, and lists of values in brackets."""

import re

#: A text in quotes, as part of an expression.
QUOTED = r'"(?:[^"\\]|\\.)*"'
#: Whatever is no text in quotes is one without: an item that matches nowhere would be tried from each letter.
_ITEM = re.compile(rf"\s*({QUOTED}(?=\s*(?:,|\Z))|[^,]*)[^,]*(?:,|\Z)")


def listed_values(text: str) -> tuple[str, ...]:
    """Return the values between brackets, possibly none; those with commas in them, and empty ones, are in quotes."""
    items = (item[1].strip() for item in _ITEM.finditer(text))
    return tuple(unquoted(item) for item in items if item)


def unquoted(text: str) -> str:
    """Return a text without the quotes around it."""
    is_quoted = len(text) > 1 and text[0] == text[-1] == '"'
    return text[1:-1].replace('\\"', '"') if is_quoted else text
