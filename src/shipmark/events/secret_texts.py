"""Texts whose form says that they are secret, in whatever field they occur."""

import re
from collections.abc import Iterator

FILTERED = "[Filtered]"
#: Digits become zeros, blanks and dashes, which a card's number may have within, dashes; line breaks stay, and all else
#: becomes a dot.
_DIGITS = bytes(
    0x30 if 0x30 <= byte <= 0x39 else 0x2D if byte in b" -" else 0x0A if byte == 0x0A else 0x2E
    for byte in range(256)
)
_SEPARATORS = b" -"
_SHORTEST_CARD = b"0" * 13
_SSN_FORM = b"000-00-0000"
#: The first digits of cards of a scheme in use.
_FIRST_DIGITS = range(2, 7)

_CARD = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w.]\d)")
_SSN = re.compile(r"(?<![\w.-])\d{3}-\d{2}-\d{4}(?![\w-])")
_KEY_MARK = "PRIVATE KEY"
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY-----[^-]{0,65536}(?:-----END (?:[A-Z]+ ){0,3}PRIVATE KEY-----)?"
)
#: Patterns that begin with a character are fast.
_URL_PASSWORD = re.compile(r"://([^\s/?#@:]{0,200}):[^\s/?#@]{1,200}@")
_BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/-]{8,}=*", re.IGNORECASE | re.ASCII)


def may_be_secret(text: str) -> bool:
    """Return False if `without_secrets` would change no line: a quick look at all texts of an event at once."""
    return (
        _has_secret_number(text)
        or _has_scheme(text)
        or _KEY_MARK in text
        or _URL_PASSWORD.search(text) is not None
    )


def without_secrets(text: str) -> str:
    """Return the text with payment cards, social security numbers, private keys, passwords and tokens removed."""
    if _KEY_MARK in text:
        text = _PRIVATE_KEY.sub(FILTERED, text)
    text = _URL_PASSWORD.sub(rf"://\1:{FILTERED}@", text)
    if _has_scheme(text):
        text = _BEARER.sub(rf"\1 {FILTERED}", text)
    return _without_numbers(text) if _has_number(text) else text


def _has_number(text: str) -> bool:
    digits = text.encode("latin-1", "replace").translate(_DIGITS)
    return _SSN_FORM in digits or _SHORTEST_CARD in _compact(digits)


def _compact(digits: bytes) -> bytes:
    # A third of the time of a second translation that deletes them.
    return digits.replace(b"-", b"")


def _has_secret_number(text: str) -> bool:
    """Return True if one of the lines has a number to remove.

    Long numbers, such as times, are common, and patterns that could begin anywhere are slow: only the lines with a
    number that may be one are read by them.
    """
    raw = text.encode("latin-1", "replace")  # a byte for each character
    digits = raw.translate(_DIGITS)
    lines = {_line_at(text, position) for position in _positions(_SSN_FORM, digits)}
    compact = _compact(digits)
    number = compact.count(_SHORTEST_CARD)
    if number > digits.count(_SHORTEST_CARD):
        # Some have separators within; where those are is not known from the compact text.
        numbers = {compact.count(b"\n", 0, at) for at in _positions(_SHORTEST_CARD, compact)}
        every = text.split("\n")
        lines |= {every[number] for number in numbers}
    elif number:
        positions = _positions(_SHORTEST_CARD, digits)
        lines |= {_line_at(text, at) for at in positions if _may_be_card(raw, at)}
    return any(_without_numbers(line) != line for line in lines)


def _positions(form: bytes, digits: bytes) -> Iterator[int]:
    """Yield the positions of a form, the first of each number that has it among them."""
    position = digits.find(form)
    while position >= 0:
        yield position
        position = digits.find(form, position + len(form))


def _may_be_card(raw: bytes, position: int) -> bool:
    """Return False for a number whose first digit, or what is before it, says that it is no card."""
    before = raw[position - 1 : position] if position else b""
    if before and before in _SEPARATORS:
        return True  # it may be the end of one
    is_within_word = before.isalnum() or before in {b".", b"_"}
    return not is_within_word and int(raw[position : position + 1]) in _FIRST_DIGITS


def _line_at(text: str, position: int) -> str:
    end = text.find("\n", position)
    return text[text.rfind("\n", 0, position) + 1 : end if end >= 0 else None]


def _has_scheme(text: str) -> bool:
    # The first letter may be a capital.
    return "earer " in text or "asic " in text


def _without_numbers(text: str) -> str:
    text = _SSN.sub(FILTERED, text)
    return _CARD.sub(lambda match: FILTERED if _is_card(match[0]) else match[0], text)


def _is_card(text: str) -> bool:
    """Return True for a number with the check digit of payment cards (Luhn), of a scheme in use."""
    digits = [int(character) for character in text if character.isdecimal()]
    if digits[0] not in _FIRST_DIGITS:
        return False
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0
