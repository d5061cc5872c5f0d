"""Types of fields: annotations that check and convert a value as the protocol does (releases.md 2.3.1).

``name: Annotated[str, Text(max_length=50)]`` is a required text, ``… | None`` allows null, and `Omittable` a field
that may be left out but not null. Objects, lists and the usual format of dates are read in compiled code. Texts are
checked by a function: that NUL is missing takes a regular expression there, which costs as much for short texts and
far more for long ones.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar, get_args

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from shipmark.http.validation import datetimes
from shipmark.http.validation.errors import (
    BAD_BOOLEAN,
    BAD_DATETIME,
    BAD_DECIMAL,
    BAD_FLAG,
    BAD_INTEGER,
    BAD_URL,
    BLANK,
    COMPILED,
    EMPTY_LIST,
    NOT_TEXT,
    NUL_CHARACTER,
    NULL,
    PARSED,
    invalid,
    refuse,
    too_long,
    too_many,
)
from shipmark.http.validation.urls import is_url

T = TypeVar("T")

#: The most items of lists that have no limit of their own.
ITEMS_MAX = 10_000
#: The longest URL, where a field has no limit of its own.
URL_MAX = 200

_SURROGATE = re.compile("[\ud800-\udfff]")
_INTEGER = re.compile(r"-?[0-9]{1,1000}(?:\.0)?")


class _Scalar(Generic[T]):
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
class Text(_Scalar[str]):
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
            raise invalid(BLANK)
        if self.max_length is not None and len(text) > self.max_length:
            raise too_long(self.max_length)
        if "\x00" in text:
            raise invalid(NUL_CHARACTER)
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
        raise invalid(NULL)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(NOT_TEXT)
    return str(value)


_TRIMMED = Text()
_TRIMMED_OR_BLANK = Text(blank=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Url(_Scalar[str]):
    """A URL with a host, trimmed, or a blank text."""

    max_length: int = URL_MAX

    def parse(self, value: object) -> str:
        """Return the URL."""
        text = _TRIMMED_OR_BLANK.parse(value)
        if not text:
            return text
        if not is_url(text):
            raise invalid(BAD_URL)
        if len(text) > self.max_length:
            raise too_long(self.max_length)
        return text

    def json_schema(self) -> JsonSchemaValue:
        """Return the schema."""
        return {"type": "string", "format": "uri", "maxLength": self.max_length}


@dataclass(frozen=True, slots=True, kw_only=True)
class DateTime(_Scalar[datetime]):
    """A date with a time of day; without a time zone it is UTC.

    With ``unix_seconds`` it may also be a number of seconds since 1970, or such a number as a text.
    """

    unix_seconds: bool = False

    def parse(self, value: object) -> datetime:
        """Return the moment in UTC."""
        if value is None:
            raise invalid(NULL)
        if self.unix_seconds and not isinstance(value, bool):
            moment = datetimes.parse_unix_seconds(str(value).strip())
            if moment is not None:
                return moment
        if not isinstance(value, str):
            raise invalid(BAD_DATETIME)
        return datetimes.parse_datetime(value)

    def core_schema(self) -> CoreSchema:
        """Return the schema, which reads the usual format in compiled code."""
        iso = core_schema.str_schema(strict=True, pattern=datetimes.ISO_PATTERN)
        return core_schema.union_schema(
            [
                (core_schema.no_info_after_validator_function(datetimes.parse_iso, iso), COMPILED),
                (super(DateTime, self).core_schema(), PARSED),
            ],
            mode="left_to_right",
        )

    def json_schema(self) -> JsonSchemaValue:
        """Return the schema."""
        return {"type": "string", "format": "date-time"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer(_Scalar[int]):
    """A whole number, also written as a text; booleans are refused."""

    maximum: int
    minimum: int = 0

    def parse(self, value: object) -> int:
        """Return the number."""
        if value is None:
            raise invalid(NULL)
        if isinstance(value, bool) or not _INTEGER.fullmatch(str(value).strip()):
            raise invalid(BAD_INTEGER)
        number = int(str(value).strip().removesuffix(".0"))
        if number < self.minimum:
            raise _too_small(str(self.minimum))
        if number > self.maximum:
            raise _too_large(str(self.maximum))
        return number

    def json_schema(self) -> JsonSchemaValue:
        """Return the schema."""
        return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}


def _too_small(minimum: str) -> PydanticCustomError:
    return invalid(f"Ensure this value is greater than or equal to {minimum}.")


def _too_large(maximum: str) -> PydanticCustomError:
    return invalid(f"Ensure this value is less than or equal to {maximum}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decimal(_Scalar[float]):
    """A number, whole or not, also written as a text; booleans are refused."""

    maximum: float
    minimum: float = 0.0

    def parse(self, value: object) -> float:
        """Return the number."""
        if value is None:
            raise invalid(NULL)
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise invalid(BAD_DECIMAL)
        try:
            number = float(value)
        except (ValueError, OverflowError):
            raise invalid(BAD_DECIMAL) from None
        # Written so that NaN is refused too.
        if not number >= self.minimum:
            raise _too_small(f"{self.minimum:g}")
        if not number <= self.maximum:
            raise _too_large(f"{self.maximum:g}")
        return number

    def json_schema(self) -> JsonSchemaValue:
        """Return the schema."""
        return {"type": "number", "minimum": self.minimum, "maximum": self.maximum}


_ON = frozenset({"t", "T", "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})
_OFF = frozenset(
    {"f", "F", "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}
)


@dataclass(frozen=True, slots=True)
class Boolean(_Scalar[bool]):
    """A boolean, also in words and as 1 or 0."""

    def parse(self, value: object) -> bool:
        """Return the boolean."""
        if value is None:
            raise invalid(NULL)
        if isinstance(value, bool):
            return value
        if isinstance(value, int | float | str):
            text = str(value)
            if value in {0, 1} or text in {"0", "1"}:
                return text.startswith("1")
            if text in _ON or text in _OFF:
                return text in _ON
        raise invalid(BAD_BOOLEAN)

    def json_schema(self) -> JsonSchemaValue:
        """Return the schema."""
        return {"type": "boolean"}


_FLAGS: Mapping[str, bool] = {"0": False, "false": False, "1": True, "true": True}


@dataclass(frozen=True, slots=True)
class Flag(_Scalar[bool]):
    """A query parameter that is ``1`` or ``true``, ``0`` or ``false``, in any case.

    A blank one (``dryRun=``, from a variable of a script that is not set) may mean either, and is refused.
    """

    def parse(self, value: object) -> bool:
        """Return the boolean."""
        flag = _FLAGS.get(str(value).lower())
        if flag is None:
            raise PydanticCustomError(BAD_FLAG, BAD_BOOLEAN)
        return flag

    def json_schema(self) -> JsonSchemaValue:
        """Return the schema."""
        return {"type": "string", "enum": list(_FLAGS)}


@dataclass(frozen=True, slots=True, eq=False)  # hashed by identity, as annotations must be
class Choice(_Scalar[T]):
    """One of a few words, as the value that ``choices`` maps the word to.

    ``refusal`` is the sentence for any other, with ``{}`` for the word that was sent.
    """

    choices: Mapping[str, T]
    refusal: str

    def parse(self, value: object) -> T:
        """Return the value of the word."""
        if type(value) is str and value in self.choices:
            return self.choices[value]
        text = _TRIMMED.parse(value)
        if text not in self.choices:
            raise refuse(self.refusal.format(text))
        return self.choices[text]

    def json_schema(self) -> JsonSchemaValue:
        """Return the schema."""
        return {"type": "string", "enum": list(self.choices)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """The rules of a list: ``Annotated[list[CommitRequest], Items(max_length=100)]``.

    A text as ``max_length`` names a limit in the context of the validation. Of the items, the first refused one is
    reported. Every list of a request needs this annotation.
    """

    max_length: int | str = ITEMS_MAX
    empty: bool = True

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        plain = handler(source)
        if plain["type"] != "list":
            message = f"Items() is for lists, not for {source}"
            raise TypeError(message)
        item = plain.get("items_schema")
        items = core_schema.list_schema(item, strict=True, fail_fast=True)
        if isinstance(self.max_length, str):
            return core_schema.with_info_before_validator_function(self._check_with_context, items)
        return core_schema.no_info_before_validator_function(self._length_check(), items)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        made: JsonSchemaValue = {**handler(schema), "maxItems": self.max_length}
        return made if self.empty else {**made, "minItems": 1}

    def _length_check(self) -> Callable[[object], object]:
        limit = self.max_length
        assert isinstance(limit, int)

        def check(value: object) -> object:
            if isinstance(value, list):
                self._check(value, limit)
            return value

        return check

    def _check_with_context(self, value: object, info: core_schema.ValidationInfo) -> object:
        assert info.context is not None, f"validate() needs the limit {self.max_length} as context"
        if isinstance(value, list):
            self._check(value, info.context[self.max_length])
        return value

    def _check(self, items: list[object], max_length: int) -> None:
        if not items and not self.empty:
            raise invalid(EMPTY_LIST)
        if len(items) > max_length:
            raise too_many(max_length)


@dataclass(frozen=True, slots=True)
class NotNull:
    """The annotation behind `Omittable`: refuses null although the type in Python has None."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        schema = handler(source)
        assert schema["type"] == "nullable", source
        inner: CoreSchema = schema["schema"]
        return inner


@dataclass(frozen=True, slots=True, eq=False)
class ReadAs:
    """The annotation of a field that is checked as another type and then converted.

    ``Annotated[tuple[str, ...], ReadAs(ListOf[TrimmedText], tuple)]``
    """

    checked_as: Any
    convert: Callable[[Any], object]

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        schema = handler.generate_schema(self.checked_as)
        return core_schema.no_info_after_validator_function(self.convert, schema)


@dataclass(frozen=True, slots=True)
class ErrorMessage:
    """The sentence for whatever is wrong with a query parameter, a missing one included."""

    sentence: str


@dataclass(frozen=True, slots=True)
class BlankIsAbsent:
    """The annotation of a query parameter whose blank value (``cursor=``) counts as a missing one."""


#: A field that may be left out (then None) but not null: ``status: Omittable[Status] = None``.
Omittable = Annotated[T | None, NotNull()]

TrimmedText = Annotated[str, Text()]
#: A text that may be null or blank.
OptionalText = Annotated[str, Text(blank=True)] | None
#: A list of at most `ITEMS_MAX` items.
ListOf = Annotated[list[T], Items()]
