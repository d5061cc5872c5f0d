"""Texts whose form says that they are secret, in whatever field they occur."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

FILTERED = "[Filtered]"
#: Digits become zeros, all other characters stay apart; a card's number may have blanks and dashes within.
_DIGITS = bytes(
    0x30 if 0x30 <= byte <= 0x39 else 0x2D if byte == 0x2D else 0x2E for byte in range(256)
)
_SEPARATORS = b" -"
_SHORTEST_CARD = b"0" * 13
_SSN_FORM = b"000-00-0000"

_CARD = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w.]\d)")
_SSN = re.compile(r"(?<![\w.-])\d{3}-\d{2}-\d{4}(?![\w-])")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY-----[^-]{0,65536}(?:-----END (?:[A-Z]+ ){0,3}PRIVATE KEY-----)?"
)
_URL_PASSWORD = re.compile(r"(://[^\s/?#@:]{0,200}:)[^\s/?#@]{1,200}(?=@)")
_BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/-]{8,}=*", re.IGNORECASE | re.ASCII)


def secret_texts(texts: Sequence[str], changed: Mapping[str, str]) -> dict[str, str]:
    """Return the texts that contain secrets, with what is stored instead; ``changed`` are texts that differ already.

    All texts are looked at together first, which takes a microsecond for each KB: nearly always that is all.
    """
    joined = "\n".join(texts)
    forms = [form for form in _FORMS if form.may_be_in(joined)]
    secrets: dict[str, str] = {}
    for form in forms:
        for text in filter(form.may_be_in, texts):
            secrets[text] = form.removed(secrets.get(text) or changed.get(text, text))
    return secrets


@dataclass(frozen=True, slots=True)
class _SecretForm:
    """A form of secrets: a quick test that may err on the safe side, and what removes it."""

    may_be_in: Callable[[str], bool]
    removed: Callable[[str], str]


def _has_number(text: str) -> bool:
    raw = text.encode("latin-1", "replace")
    digits = raw.translate(_DIGITS)
    return _SSN_FORM in digits or _SHORTEST_CARD in raw.translate(_DIGITS, _SEPARATORS)


def _has_scheme(text: str) -> bool:
    # Without the first letter, which may be a capital: lower() would take longer than all the rest.
    return "earer " in text or "asic " in text or "EARER " in text or "ASIC " in text


def _without_numbers(text: str) -> str:
    text = _SSN.sub(FILTERED, text)
    return _CARD.sub(lambda match: FILTERED if _is_card(match[0]) else match[0], text)


def _is_card(text: str) -> bool:
    """Return True for a number with the check digit of payment cards (Luhn), of a scheme in use."""
    digits = [int(character) for character in text if character.isdecimal()]
    if digits[0] not in {2, 3, 4, 5, 6}:
        return False
    doubled = [digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


_FORMS = (
    _SecretForm(lambda text: "-----BEGIN" in text, partial(_PRIVATE_KEY.sub, FILTERED)),
    _SecretForm(
        lambda text: "@" in text and "://" in text, partial(_URL_PASSWORD.sub, rf"\1{FILTERED}")
    ),
    _SecretForm(_has_scheme, partial(_BEARER.sub, rf"\1 {FILTERED}")),
    _SecretForm(_has_number, _without_numbers),
)
