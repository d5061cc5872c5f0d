"""Types of lists, fields that may be left out, and query parameters, made of those of single values.

``name: Annotated[str, Text(max_length=50)]`` is a required text, ``… | None`` allows null, and `Omittable` is a field
that may be left out but not null.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from shipmark.http.validation.errors import EMPTY_LIST, invalid, refuse, too_many
from shipmark.http.validation.numbers import Boolean
from shipmark.http.validation.scalars import Text

T = TypeVar("T")

#: The most items of lists that have no limit of their own.
ITEMS_MAX = 10_000


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
        result: JsonSchemaValue = {**handler(schema), "maxItems": self.max_length}
        return result if self.empty else {**result, "minItems": 1}

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


def require(is_valid: Callable[[T], object], refusal: str) -> AfterValidator:
    """Return the rule that values must fulfil; ``{}`` in the sentence for others stands for the value."""

    def check(value: T) -> T:
        if not is_valid(value):
            raise refuse(refusal.format(value))
        return value

    return AfterValidator(check)


#: A field that may be left out (then None) but not null: ``status: Omittable[Status] = None``.
Omittable = Annotated[T | None, NotNull()]

OmittableBoolean = Omittable[Annotated[bool, Boolean()]]
TrimmedText = Annotated[str, Text()]
#: A text that may be null or blank.
OptionalText = Annotated[str, Text(blank=True)] | None
#: A list of at most `ITEMS_MAX` items.
ListOf = Annotated[list[T], Items()]
