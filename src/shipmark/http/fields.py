"""Fields of bodies, which validate and convert, with the protocol's messages (releases.md 2.3.1).

A field is called with the client's value and returns the converted one, or raises `FieldError`. All invalid fields of a
body are reported at once; of a list, only the first invalid item, as in the reference.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from shipmark.infrastructure.errors import ValidationFailed

T = TypeVar("T")

REQUIRED = "This field is required."
NULL = "This field may not be null."
BLANK = "This field may not be blank."
NOT_TEXT = "Not a valid string."
NUL_CHARACTER = "Null characters are not allowed."
BAD_URL = "Enter a valid URL."
BAD_MOMENT = (
    "Datetime has wrong format. Use one of these formats instead:"
    " YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)
BAD_NUMBER = "A valid integer is required."
BAD_DECIMAL = "A valid number is required."
BAD_SWITCH = "Must be a valid boolean."
MOMENT_RANGE = "Datetime value out of range."

#: The validated fields of a body, each in the type of its check.
Fields = dict[str, Any]

#: The most items of lists without a limit of their own.
ITEMS_MAX = 10_000

_SURROGATE = re.compile("[\ud800-\udfff]")
_MOMENT = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T ](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d{1,9}))?)?\s*"
    r"(Z|[+-]\d{2}(?::?\d{2})?)?"
)
_NUMBER = re.compile(r"-?[0-9]{1,1000}(?:\.0)?")
_PLAIN_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?")
# Hosts of an intranet may have no dot ("jenkins") and an underscore ("ci_runner").
_HOST = re.compile(
    r"(?:(?:[a-z0-9_\u00a1-\uffff](?:[a-z0-9_\u00a1-\uffff-]{0,61}[a-z0-9_\u00a1-\uffff])?\.)*"
    r"[a-z0-9_\u00a1-\uffff](?:[a-z0-9_\u00a1-\uffff-]{0,61}[a-z0-9_\u00a1-\uffff])?\.?"
    r"|\[[0-9a-f:.]+\])",
    re.IGNORECASE,
)
_UNIX_SECONDS = re.compile(r"\d{9,11}(?:\.\d{1,9})?")
_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_URL_SCHEMES = {"http", "https", "ftp", "ftps"}


class FieldError(Exception):
    """An invalid value; ``messages`` is a list of sentences, or a mapping of inner fields to theirs."""

    def __init__(self, messages: Sequence[str] | Mapping[str, object]) -> None:
        super().__init__(messages)
        self.messages = messages


Check = Callable[[object], T]

#: The checks by which the OpenAPI document describes check functions: they accept the same values, or fewer.
DOCUMENTED: dict[Check[Any], Check[Any]] = {}


def documented_as(like: Check[Any]) -> Callable[[Check[T]], Check[T]]:
    """Document a check function by ``like``, which accepts the same values or more."""

    def decorate(check: Check[T]) -> Check[T]:
        DOCUMENTED[check] = like
        return check

    return decorate


@dataclass(frozen=True, slots=True)
class Text:
    """A text. Numbers become texts, as the reference takes them; booleans don't."""

    max: int | None = None
    is_blank_ok: bool = False
    is_null_ok: bool = False
    is_trimmed: bool = True

    def __call__(self, value: object) -> str | None:
        """Return the text, trimmed unless ``trim`` is False."""
        if type(value) is not str:
            if value is None and self.is_null_ok:
                return None
            value = _as_text(value)
        text = value.strip() if self.is_trimmed else value
        if not text and not self.is_blank_ok:
            raise FieldError([BLANK])
        if self.max is not None and len(text) > self.max:
            raise FieldError([f"Ensure this field has no more than {self.max} characters."])
        if "\x00" in text:
            raise FieldError([NUL_CHARACTER])
        if not text.isascii() and (bad := _SURROGATE.search(text)):
            raise FieldError([f"Surrogate characters are not allowed: U+{ord(bad[0]):X}."])
        return text


def _as_text(value: object) -> str:
    if value is None:
        raise FieldError([NULL])
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FieldError([NOT_TEXT])
    return str(value)


@dataclass(frozen=True, slots=True)
class Url:
    """A URL with a host, or a blank or null if it may be left out."""

    max: int = 200

    def __call__(self, value: object) -> str | None:
        """Return the URL, trimmed."""
        text = Text(is_blank_ok=True, is_null_ok=True)(value)
        if not text:
            return text
        if not is_url(text):
            raise FieldError([BAD_URL])
        if len(text) > self.max:
            raise FieldError([f"Ensure this field has no more than {self.max} characters."])
        return text


def is_url(text: str) -> bool:
    """Return True for a URL with a scheme and a host, without characters that end an HTML attribute."""
    if len(text) > 2048 or re.search(r"[\s<>\"]", text):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    host = parts.netloc.rpartition("@")[2]
    name = host if host.endswith("]") else re.sub(r":\d{1,5}$", "", host)
    return parts.scheme.lower() in _URL_SCHEMES and _HOST.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class DateTime:
    """A moment with date and time; without a zone it is UTC. Digits past microseconds are cut.

    With ``takes_unix_seconds`` it may also be a number of seconds since 1970, or such a number as a text.
    """

    is_null_ok: bool = True
    takes_unix_seconds: bool = False

    def __call__(self, value: object) -> datetime | None:
        """Return the moment in UTC."""
        if value is None:
            if self.is_null_ok:
                return None
            raise FieldError([NULL])
        if self.takes_unix_seconds and not isinstance(value, bool):
            text = str(value).strip()
            if _UNIX_SECONDS.fullmatch(text):
                return _unix_moment(text)
        if not isinstance(value, str):
            raise FieldError([BAD_MOMENT])
        if _PLAIN_MOMENT.fullmatch(value):
            return _plain_moment(value)
        match = _MOMENT.fullmatch(value)
        if match is None:
            raise FieldError([BAD_MOMENT])
        return _moment(match)


def _unix_moment(text: str) -> datetime:
    """Return the moment of a number of seconds; eleven digits reach the year 5138."""
    seconds, _, fraction = text.partition(".")
    microseconds = int(fraction.ljust(6, "0")[:6])
    return _UNIX_EPOCH + timedelta(seconds=int(seconds), microseconds=microseconds)


def _plain_moment(text: str) -> datetime:
    """Return the moment in the format of nearly all clients, by the standard library."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise FieldError([BAD_MOMENT]) from None
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError:
        raise FieldError([MOMENT_RANGE]) from None


def _moment(match: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    microsecond = int((fraction or "").ljust(6, "0")[:6])
    try:
        naive = datetime(  # noqa: DTZ001  # the zone follows
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), microsecond
        )
        offset = _zone(zone)
    except ValueError:
        raise FieldError([BAD_MOMENT]) from None
    try:
        return naive.replace(tzinfo=offset).astimezone(UTC)
    except OverflowError:
        raise FieldError([MOMENT_RANGE]) from None


def _zone(text: str | None) -> timezone:
    if text in {None, "Z"}:
        return UTC
    assert text is not None
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number, also written as a text; booleans are none."""

    max: int
    min: int = 0

    def __call__(self, value: object) -> int:
        """Return the number."""
        if value is None:
            raise FieldError([NULL])
        if isinstance(value, bool) or not _NUMBER.fullmatch(str(value).strip()):
            raise FieldError([BAD_NUMBER])
        number = int(str(value).strip().removesuffix(".0"))
        if number < self.min:
            raise FieldError([f"Ensure this value is greater than or equal to {self.min}."])
        if number > self.max:
            raise FieldError([f"Ensure this value is less than or equal to {self.max}."])
        return number


@dataclass(frozen=True, slots=True)
class Decimal:
    """A number, whole or not, also written as a text; null if it may be left out."""

    max: float
    min: float = 0.0
    is_null_ok: bool = False

    def __call__(self, value: object) -> float | None:
        """Return the number."""
        if value is None:
            if self.is_null_ok:
                return None
            raise FieldError([NULL])
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise FieldError([BAD_DECIMAL])
        try:
            number = float(value)
        except (ValueError, OverflowError):
            raise FieldError([BAD_DECIMAL]) from None
        # Written so that NaN is refused too.
        if not number >= self.min:
            raise FieldError([f"Ensure this value is greater than or equal to {self.min:g}."])
        if not number <= self.max:
            raise FieldError([f"Ensure this value is less than or equal to {self.max:g}."])
        return number


_ON = frozenset({"t", "T", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
_OFF = frozenset(
    {"f", "F", "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}
)


@dataclass(frozen=True, slots=True)
class Boolean:
    """On or off, also in words and as 1 or 0."""

    def __call__(self, value: object) -> bool:
        """Return the boolean."""
        if value is None:
            raise FieldError([NULL])
        if isinstance(value, bool):
            return value
        if isinstance(value, int | float | str):
            text = str(value)
            if value in {0, 1} or text in {"0", "1"}:
                return text.startswith("1")
            if text in _ON or text in _OFF:
                return text in _ON
        raise FieldError([BAD_SWITCH])


@dataclass(frozen=True, slots=True)
class Choice(Generic[T]):
    """One of a few words; ``refusal`` is the sentence for others, with ``{}`` for the value."""

    choices: Mapping[str, T]
    refusal: str

    def __call__(self, value: object) -> T:
        """Return the value of the word."""
        if type(value) is str and value in self.choices:
            return self.choices[value]
        text = Text()(value)
        assert text is not None
        if text not in self.choices:
            raise FieldError([self.refusal.format(text)])
        return self.choices[text]


@dataclass(frozen=True, slots=True)
class ListOf(Generic[T]):
    """A list whose items are all valid."""

    item: Check[T]
    is_null_ok: bool = False
    is_empty_ok: bool = True
    max: int = ITEMS_MAX

    def __call__(self, value: object) -> list[T] | None:
        """Return the converted items."""
        if value is None:
            if self.is_null_ok:
                return None
            raise FieldError([NULL])
        if not isinstance(value, list):
            raise FieldError([f'Expected a list of items but got type "{type_name(value)}".'])
        if not value and not self.is_empty_ok:
            raise FieldError(["This list may not be empty."])
        if len(value) > self.max:
            raise FieldError([f"Ensure this field has no more than {self.max} elements."])
        return [self.item(item) for item in value]


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """A field of a body: its check, and whether it is required."""

    check: Check[T]
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Object:
    """An object with named fields; others are ignored. Returns a mapping of the sent fields only."""

    fields: Mapping[str, Field[object]]
    _required: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        required = frozenset(name for name, field in self.fields.items() if field.is_required)
        object.__setattr__(self, "_required", required)

    def __call__(self, value: object) -> Fields:
        """Return the converted fields that were sent; raise `FieldError` with all invalid ones."""
        if not isinstance(value, dict):
            message = f"Invalid data. Expected a dictionary, but got {type_name(value)}."
            raise FieldError({"non_field_errors": [message]})
        values: Fields = {}
        problems: dict[str, object] = {}
        for name, each in self.fields.items():
            if name in value:
                try:
                    values[name] = each.check(value[name])
                except FieldError as wrong:
                    problems[name] = wrong.messages
            elif name in self._required:
                problems[name] = [REQUIRED]
        if problems:
            raise FieldError(problems)
        return values


def type_name(value: object) -> str:
    """Return the reference's name of a value's type."""
    return type(value).__name__


def validate(record: Object, body: object) -> Fields:
    """Return the fields of a body; raise `ValidationFailed` with all invalid ones. No body is an empty object."""
    if body is None:
        raise ValidationFailed({"non_field_errors": ["No data provided"]})
    try:
        return record(body)
    except FieldError as wrong:
        assert isinstance(wrong.messages, Mapping)
        raise ValidationFailed(wrong.messages) from None
