"""Models of request bodies and query strings, and their validation."""

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from shipmark.http.validation.errors import (
    NO_DATA,
    NON_FIELD_ERRORS,
    details_of,
    field_errors,
    query_sentence,
)
from shipmark.http.validation.types import BlankIsAbsent, ErrorMessage
from shipmark.infrastructure.errors import BadRequest, ValidationFailed


class RequestModel(BaseModel):
    """A typed body or query string: snake_case in Python, camelCase on the wire unless a field has an ``alias``.

    Unknown fields are ignored. ``model_fields_set`` holds the Python names of the fields that were sent.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        extra="ignore",
        frozen=True,
        # Names of the protocol may begin with "model_".
        protected_namespaces=(),
    )

    @classmethod
    def list_names(cls) -> Collection[str]:
        """Return the wire names of the fields that hold lists, which a form repeats."""
        return _list_names(cls)

    def sent(self) -> dict[str, Any]:
        """Return the fields that were sent, by wire name."""
        fields = type(self).model_fields
        return {fields[name].alias or name: getattr(self, name) for name in self.model_fields_set}


def optional(description: str, *, alias: str | None = None, example: object = None) -> Any:
    """Return the declaration of a field that may be left out, then None."""
    examples = None if example is None else [example]
    return Field(None, description=description, alias=alias, examples=examples)


def repeatable(
    description: str, *, alias: str | None = None, most: int | None = None, example: object
) -> Any:
    """Return the declaration of a query parameter that may be repeated, or left out, then empty.

    ``most`` is for values that make a condition each: databases refuse a thousand of these.
    """
    return Field([], description=description, alias=alias, max_length=most, examples=[example])


M = TypeVar("M", bound=RequestModel)


def validate(model: type[M], value: object, *, context: Mapping[str, object] | None = None) -> M:
    """Return the body as a model. ``context`` holds the limits that fields name.

    Raise `ValidationFailed` with the sentences of all refused fields; of a list, with those of its first refused item.
    """
    if value is None:
        raise ValidationFailed({NON_FIELD_ERRORS: [NO_DATA]})
    try:
        # Fields are accepted by wire name only.
        return model.model_validate(value, context=context, by_alias=True, by_name=False)
    except ValidationError as error:
        raise ValidationFailed(field_errors(error)) from None


def validate_query(model: type[M], pairs: Iterable[tuple[str, str]]) -> M:
    """Return the parameters of a query string as a model; of a repeated one the last counts, but for lists.

    Raise `BadRequest` with the sentence of the first refused parameter, in the order of the model's fields.
    """
    values = _query_values(_query_fields(model), pairs)
    try:
        return model.model_validate(values, by_alias=True, by_name=False)
    except ValidationError as error:
        details = details_of(error)[0]
        sentence = _own_sentences(model).get(str(details["loc"][0]) if details["loc"] else "")
        raise BadRequest(sentence or query_sentence(details)) from None


def _query_values(
    fields: Mapping[str, FieldInfo], pairs: Iterable[tuple[str, str]]
) -> dict[str, object]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        if name in fields:
            values.setdefault(name, []).append(value)
    return {
        name: texts if _is_list(fields[name].annotation) else texts[-1]
        for name, texts in values.items()
        if texts[-1] or not any(isinstance(rule, BlankIsAbsent) for rule in fields[name].metadata)
    }


@cache
def _query_fields(model: type[RequestModel]) -> Mapping[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


@cache
def _own_sentences(model: type[RequestModel]) -> Mapping[str, str]:
    return {
        name: rule.sentence
        for name, field in _query_fields(model).items()
        for rule in field.metadata
        if isinstance(rule, ErrorMessage)
    }


def _is_list(annotation: object) -> bool:
    """Return True for a list, also within Annotated or beside None."""
    return get_origin(annotation) is list or any(map(_is_list, get_args(annotation)))


@cache
def _list_names(model: type[RequestModel]) -> Collection[str]:
    return {name for name, field in _query_fields(model).items() if _is_list(field.annotation)}
