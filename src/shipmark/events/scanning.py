"""One look at a whole payload: can it be stored, and what in it may be secret?

Some texts say by their form that they are secret, in whatever field they occur.
"""

import re
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from shipmark.events.payload import (
    DEPTH_MAX,
    Json,
    all_frames,
    is_storable_scalar,
    plain,
)

FILTERED = "[Filtered]"
#: Digits become zeros, blanks and dashes, which a card's number may have within, dashes; line breaks stay, and all else
#: becomes a dot.
_DIGITS = bytes(
    0x30 if 0x30 <= byte <= 0x39 else 0x2D if byte in b" -" else 0x0A if byte == 0x0A else 0x2E
    for byte in range(256)
)
_SEPARATORS = frozenset(b" -")
#: What is before the rest of a word, or of a number with a fraction.
_WITHIN_WORDS = frozenset(f"{string.ascii_letters}{string.digits}._".encode())
_LINE_BREAK = ord("\n")
_SHORTEST_CARD = b"0" * 13
_SSN_FORM = b"000-00-0000"
#: The first digits of cards of a scheme in use.
_FIRST_DIGITS = range(2, 7)
_FIRST_DIGIT_BYTES = frozenset(b"23456")

_CARD = re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w.]\d)")
_SSN = re.compile(r"(?<![\w.-])\d{3}-\d{2}-\d{4}(?![\w-])")
_KEY_MARK = "PRIVATE KEY"
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY-----[^-]{0,65536}(?:-----END (?:[A-Z]+ ){0,3}PRIVATE KEY-----)?"
)
#: Patterns that begin with a character are fast.
_URL_PASSWORD = re.compile(r"://([^\s/?#@:]{0,200}):[^\s/?#@]{1,200}@")
_BEARER = re.compile(r"\b(bearer|basic)\s+[\w.~+/-]{8,}=*", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a look at a payload has found: the names of fields, and all texts, joined by line breaks.

    Those of frames are left out, but for their variables: places and lines of code are no secrets, and half of an
    event.
    """

    names: frozenset[str]
    text: str
    is_storable: bool


_UNSTORABLE = Scan(names=frozenset(), text="", is_storable=False)


def scan(payload: Json) -> Scan:
    """Return the names and texts of a payload. Those of one that is not storable are left out.

    One pass over the containers of each depth, and one look at all texts joined: looking at each text takes ten times
    as long.
    """
    found = _Findings(_frames_of(payload))
    containers: list[Any] = [payload]
    for depth in range(DEPTH_MAX + 1):
        inner = found.look(containers, depth)
        if inner is None:
            return _UNSTORABLE
        if not inner:
            return found.scan()
        containers = inner
    return _UNSTORABLE


class _Findings:
    """What is found in the containers of a payload; ``frames`` are the identities of those that are frames."""

    def __init__(self, frames: set[int]) -> None:
        self._frames = frames
        self._names, self._frame_names = set[str](), set[str]()
        self._texts, self._code = list[str](), list[str]()

    def look(self, containers: Iterable[Any], depth: int) -> list[Any] | None:
        """Return the containers in those of a depth, None if there is a value that can't be stored."""
        inner: list[Any] = []
        for container in containers:
            texts, values = self._texts, container
            if type(container) is dict:  # comparing it is faster than isinstance
                values = container.values()
                is_frame = id(container) in self._frames
                (self._frame_names if is_frame else self._names).update(container)
                texts = self._code if is_frame else texts
            for value in values:
                type_ = type(value)
                if type_ is str:
                    texts.append(value)
                elif type_ is list and (lines := _joined(value, depth)) is not None:
                    texts.append(lines)
                elif type_ is dict or type_ is list:
                    inner.append(value)
                elif value is not None and type_ is not bool and not is_storable_scalar(value):
                    return None
        return inner

    def scan(self) -> Scan:
        """Return what was found."""
        text, names = "\n".join(self._texts), frozenset(self._names)
        every = (text, "\n".join(self._code), "".join(names), "".join(self._frame_names))
        return Scan(names=names, text=text, is_storable=all(map(_is_plain, every)))


def _joined(values: list[Any], depth: int) -> str | None:
    """Return a list of texts as one, None for other lists. A third of the values of an event are lines of code.

    ``depth`` is that of what it is in: one that is in the deepest container is too deep.
    """
    if depth == DEPTH_MAX or not values or type(values[0]) is not str:
        return None
    try:
        return "\n".join(values)
    except TypeError:
        return None


def _frames_of(payload: Json) -> set[int]:
    """Return the identities of the frames whose variables, if there are any, are in an object of their own."""
    return {id(frame) for frame in all_frames(payload) if type(frame.get("vars")) in _VARIABLES}


_VARIABLES = (dict, type(None))


def storable(payload: Json, lost: list[str] | None = None) -> Json:
    """Return a payload without values that a database or JSON parser would refuse, itself if it has none.

    The names of what is left out are added to ``lost``.
    """
    if scan(payload).is_storable:
        return payload
    names = [] if lost is None else lost
    return {plain(key): _storable(value, 1, key, names) for key, value in payload.items()}


def _is_plain(text: str) -> bool:
    """Return True if `plain` would change nothing; encoding finds lone surrogates faster than a pattern."""
    if "\x00" in text:
        return False
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _storable(value: object, depth: int, name: str, lost: list[str]) -> object:
    # Most values are texts.
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict | list) and depth <= DEPTH_MAX:
        if isinstance(value, list):
            return [_storable(item, depth + 1, name, lost) for item in value]
        return {
            plain(str(key)): _storable(item, depth + 1, str(key), lost)
            for key, item in value.items()
        }
    if value is None or is_storable_scalar(value):
        return value
    if isinstance(value, int):
        # Ids of users and numbers of builds may have more digits than a column holds: as a text nothing is lost.
        return str(value)
    lost.append(name)
    return None


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
    lines = set(_lines_at(text, _positions(_SSN_FORM, digits)))
    compact = _compact(digits)
    number = compact.count(_SHORTEST_CARD)
    if number > digits.count(_SHORTEST_CARD):
        # Some have separators within; where those are is not known from the compact text.
        every = text.split("\n")
        lines |= {every[line] for line in _line_numbers(compact)}
    elif number:
        positions = _positions(_SHORTEST_CARD, digits)
        lines.update(_lines_at(text, (at for at in positions if _may_be_card(raw, at))))
    return any(_without_numbers(line) != line for line in lines)


def _positions(form: bytes, digits: bytes) -> Iterator[int]:
    """Yield the positions of a form, the first of each number that has it among them."""
    position = digits.find(form)
    while position >= 0:
        yield position
        position = digits.find(form, position + len(form))


def _may_be_card(raw: bytes, position: int) -> bool:
    """Return False for a number whose first digit, or what is before it, says that it is no card."""
    before = raw[position - 1] if position else _LINE_BREAK
    if before in _SEPARATORS:
        return True  # it may be the end of one
    return before not in _WITHIN_WORDS and raw[position] in _FIRST_DIGIT_BYTES


def _lines_at(text: str, positions: Iterable[int]) -> Iterator[str]:
    """Yield the lines at ascending positions, a line with several of them once: a text may be a line of a megabyte."""
    end = -1
    for position in positions:
        if position > end:
            end = text.find("\n", position)
            end = end if end >= 0 else len(text)
            yield text[text.rfind("\n", 0, position) + 1 : end]


def _line_numbers(compact: bytes) -> Iterator[int]:
    """Yield the numbers of the lines that have as many digits as a card."""
    line = counted_to = 0
    for position in _positions(_SHORTEST_CARD, compact):
        line += compact.count(b"\n", counted_to, position)
        counted_to = position
        yield line


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
