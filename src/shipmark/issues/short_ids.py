"""Short ids of issues: the project's slug and a number in Crockford's base 32, as in ``WEB-1Z``.

The rules of ingest.md 8.4 and releases.md 3.7.4.
"""

import re
from dataclasses import dataclass

#: The largest number of an issue; texts with larger ones are not short ids.
NUMBER_MAX = 2**63 - 1
#: The most characters in a project's slug (releases.md 1.2).
SLUG_MAX = 50

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DIGITS_MAX = 13  # of NUMBER_MAX

# Both cases are listed: str.upper() would make digits of letters that are not ASCII, such as
# the dotless i.
_VALUES = {digit: value for value, digit in enumerate(_ALPHABET)}
_VALUES |= {digit.lower(): value for digit, value in _VALUES.items()}
_VALUES |= dict.fromkeys("Oo", 0) | dict.fromkeys("IiLl", 1)

_SHORT_ID = re.compile(rf"(?P<slug>[A-Za-z0-9_-]{{1,{SLUG_MAX}}})[ _-](?P<number>[A-Za-z0-9]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortId:
    """A short id as written by a user; the project or issue may not exist."""

    project_slug: str
    number: int


def encode(number: int) -> str:
    """Return an issue's number in base 32, without I, L, O and U, which are easily misread."""
    assert 0 < number <= NUMBER_MAX, number
    digits = ""
    while number:
        number, value = divmod(number, 32)
        digits = _ALPHABET[value] + digits
    return digits


def decode(text: str) -> int | None:
    """Return the number of a base 32 text in any case, O as 0, I and L as 1, or None if it is out of range."""
    digits = text.lstrip("0Oo")
    if not digits or len(digits) > _DIGITS_MAX:
        return None
    number = 0
    for digit in digits:
        value = _VALUES.get(digit)
        if value is None:
            return None
        number = number * 32 + value
    return number if number <= NUMBER_MAX else None


def format_short_id(slug: str, number: int) -> str:
    """Return the short id of an issue as pages and the API show it."""
    return f"{slug.upper()}-{encode(number)}"


def parse(text: str) -> ShortId | None:
    """Parse ``WEB-1``, ``web_1`` or ``web 1``. Slugs may contain dashes: the last separator counts."""
    match = _SHORT_ID.fullmatch(text)
    number = decode(match["number"]) if match is not None else None
    if match is None or number is None:
        return None
    return ShortId(project_slug=match["slug"].lower(), number=number)
