"""Types of texts, URLs, dates and choices, which check and convert a value as the protocol does (releases.md 2.3.1).

Texts are checked by a function: in compiled code it takes a regular expression to find NUL characters, which costs as
much for short texts and far more for long ones. The usual format of dates is read in compiled code.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Generic, TypeVar, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from shipmark.http.validation import datetimes, errors
from shipmark.http.validation.errors import invalid, refuse, too_long
from shipmark.http.validation.urls import is_url

T = TypeVar("T")
W = TypeVar("W", bound=str)

#: The longest URL, where a field has no limit of its own.
URL_MAX = 200

_SURROGATE = re.compile("[\ud800-\udfff]")


class Scalar(Generic[T]):
    """An annotation whose `parse` replaces pydantic's own validation, and `json_schema` its schema."""

    __slots__ = ()

    def parse(self, value: object) -> T:
        """Return the converted value, or raise the error of the field."""
        raise NotImplementedError

    def core_schema(self) -> CoreSchema:
        """Return the schema that pydantic compiles."""
        return core_schema.no_info_plain_validator_function(self.parse)

    def json_schema(self) -> JsonSchemaValue:
        """Return the JSON Schema of what clients should send."""
        raise NotImplementedError

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        if type(None) in get_args(source):
            message = f"write Annotated[…, {type(self).__name__}()] | None, or use Omittable"
            raise TypeError(message)
        return self.core_schema()

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return self.json_schema()


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Scalar[str]):
    """A text, trimmed unless ``trim`` is False. Numbers become texts; booleans are refused."""

    max_length: int | None = None
    blank: bool = False
    trim: bool = True

    def parse(self, value: object) -> str:
        """Return the text."""
        if type(value) is not str:
            value = _text_of_number(value)
        text = value.strip() if self.trim else value
        if not text and not self.blank:
            raise invalid(errors.BLANK)
        if self.max_length is not None and len(text) > self.max_length:
            raise too_long(self.max_length)
        if "\x00" in text:
            raise invalid(errors.NUL_CHARACTER)
        if not text.isascii() and (surrogate := _SURROGATE.search(text)):
            code = ord(surrogate[0])
            raise invalid(f"Surrogate characters are not allowed: U+{code:X}.")
        return text

    def json_schema(self) -> JsonSchemaValue:
        """Return the schema; blanks are trimmed before they are counted."""
        schema: JsonSchemaValue = {"type": "string"}
        if not self.blank:
            schema |= {"minLength": 1, "pattern": r"\S"}
        if self.max_length is not None:
            schema["maxLength"] = self.max_length
        return schema


def _text_of_number(value: object) -> str:
    if value is None:
        raise invalid(errors.NULL)
    # JSON writes numbers beyond those that floats hold, which are infinite.
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise invalid(errors.NOT_TEXT)
    return str(value)


_TRIMMED = Text()
_TRIMMED_OR_BLANK = Text(blank=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Url(Scalar[str]):
    """A URL with a host, trimmed, or a blank text."""

    max_length: int = URL_MAX

    def parse(self, value: object) -> str:
        """Return the URL. A value of another type is no URL either."""
        if isinstance(value, bool | list | dict):
            raise invalid(errors.BAD_URL)
        text = _TRIMMED_OR_BLANK.parse(value)
        if not text:
            return text
        if not is_url(text):
            raise invalid(errors.BAD_URL)
        if len(text) > self.max_length:
            raise too_long(self.max_length)
        return text

    def json_schema(self) -> JsonSchemaValue:
        """Return the schema."""
        return {"type": "string", "format": "uri", "maxLength": self.max_length}


@dataclass(frozen=True, slots=True, kw_only=True)
class DateTime(Scalar[datetime]):
    """A date with a time of day; without a time zone it is UTC.

    It may also be a number of seconds or milliseconds since 1970: as a text with ``unix_texts``, and as a number too
    with ``unix_numbers``.
    """

    unix_texts: bool = False
    unix_numbers: bool = False

    def parse(self, value: object) -> datetime:
        """Return the moment in UTC."""
        if value is None:
            raise invalid(errors.NULL)
        is_text = isinstance(value, str)
        if self.unix_texts if is_text else self.unix_numbers and not isinstance(value, bool):
            moment = datetimes.parse_unix_time(str(value).strip())
            if moment is not None:
                return moment
        if not isinstance(value, str):
            raise invalid(errors.BAD_DATETIME)
        return datetimes.parse_datetime(value)

    def core_schema(self) -> CoreSchema:
        """Return the schema, which reads the usual format in compiled code."""
        iso = core_schema.str_schema(strict=True, pattern=datetimes.ISO_PATTERN)
        return core_schema.union_schema(
            [
                (
                    core_schema.no_info_after_validator_function(datetimes.parse_iso, iso),
                    errors.COMPILED,
                ),
                (super(DateTime, self).core_schema(), errors.PARSED),
            ],
            mode="left_to_right",
        )

    def json_schema(self) -> JsonSchemaValue:
        """Return the schema."""
        return {"type": "string", "format": "date-time"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlyNull(Scalar[None]):
    """A text that is not supported: ignoring what it asks for would mislead. ``refusal`` is the sentence for any."""

    refusal: str

    def parse(self, value: object) -> None:
        """Refuse all but null."""
        if value is not None:
            raise refuse(self.refusal)

    def json_schema(self) -> JsonSchemaValue:
        """Return the schema."""
        return {"type": ["string", "null"]}


@dataclass(frozen=True, slots=True, eq=False)  # hashed by identity, as annotations must be
class Choice(Scalar[T]):
    """One of a few words, as the value that ``choices`` maps the word to.

    ``refusal`` is the sentence for any other, with ``{}`` for the word that was sent. A field with one of its own is
    a text first: what is none is refused as such.
    """

    choices: Mapping[str, T]
    refusal: str = errors.NOT_A_CHOICE

    def parse(self, value: object) -> T:
        """Return the value of the word."""
        if type(value) is str and value in self.choices:
            return self.choices[value]
        is_text_first = value is None or self.refusal is not errors.NOT_A_CHOICE
        text = _TRIMMED.parse(value) if is_text_first else str(value)
        if text.strip() not in self.choices:
            raise refuse(self.refusal.format(text))
        return self.choices[text.strip()]

    def json_schema(self) -> JsonSchemaValue:
        """Return the schema."""
        return {"type": "string", "enum": list(self.choices)}


def choice_of(words: Iterable[W], refusal: str = errors.NOT_A_CHOICE) -> Choice[W]:
    """Return the type of texts that are one of these words; members of an enum are read from their values."""
    return Choice({str(word): word for word in words}, refusal)
