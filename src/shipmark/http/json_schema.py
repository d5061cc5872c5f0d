"""Validation of bodies by a JSON Schema, with the messages of the reference's validator (files-and-avatars.md 5.3).

Only the keywords of our schemas are supported; others are a bug. Other routes validate their bodies with pydantic,
which reports all errors at once; here the first one is reported, as clients expect.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from shipmark.http.body_parsing import json_of
from shipmark.infrastructure.errors import BadRequest, BadUpload

Schema = Mapping[str, Any]
#: A body that fits a schema.
JsonObject = Mapping[str, Any]

_SHOWN_MAX = 200
_TYPES: Mapping[str, type] = {"object": dict, "array": list, "string": str, "integer": int}


def read(body: bytes, schema: Schema) -> dict[str, object]:
    """Return the object in the body; raise `BadUpload` with the first error."""
    try:
        result = json_of(body)
    except BadRequest:
        raise BadUpload("Invalid json body") from None
    _check(result, schema)
    assert isinstance(result, dict), "bodies are objects"
    return result


def _check(value: object, schema: Schema) -> None:
    for keyword, content in schema.items():
        _CHECKS[keyword](value, content, schema)


def _type(value: object, names: str | Sequence[str], _: Schema) -> None:
    names = [names] if isinstance(names, str) else names
    # To Python, True is an integer.
    if isinstance(value, bool) or not any(isinstance(value, _TYPES[name]) for name in names):
        raise BadUpload(f"{_quoted(value)} is not of type {', '.join(map(repr, names))}")
    if isinstance(value, str):
        _check_letters(value)


def _check_letters(text: str) -> None:
    """Refuse characters that databases don't store: NUL, and lone surrogates, which JSON can write."""
    if "\0" in text:
        raise BadUpload("Null characters are not allowed.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadUpload(f"{_quoted(text)} is not a valid text") from None


def _required(value: object, names: Sequence[str], _: Schema) -> None:
    for name in names:
        if isinstance(value, dict) and name not in value:
            raise BadUpload(f"{name!r} is a required property")


def _properties(value: object, schemas: Mapping[str, Schema], _: Schema) -> None:
    assert isinstance(value, dict), "the type comes first"
    for name, schema in schemas.items():
        if name in value:
            _check(value[name], schema)


def _pattern_properties(value: object, schemas: Mapping[str, Schema], _: Schema) -> None:
    assert isinstance(value, dict), "the type comes first"
    for pattern, schema in schemas.items():
        for name, held in value.items():
            if re.search(pattern, name):
                _check(held, schema)


def _additional(value: object, is_fine: object, schema: Schema) -> None:
    assert isinstance(value, dict), "the type comes first"
    assert is_fine is False, "only false is meaningful"
    patterns = schema.get("patternProperties", {})
    strange = sorted(
        name
        for name in value
        if name not in schema.get("properties", {})
        and not any(re.search(pattern, name) for pattern in patterns)
    )
    if not strange:
        return
    names = ", ".join(_quoted(name) for name in strange[:10])
    if patterns:
        known = ", ".join(repr(pattern) for pattern in patterns)
        verb = "does" if len(strange) == 1 else "do"
        raise BadUpload(f"{names} {verb} not match any of the regexes: {known}")
    verb = "was" if len(strange) == 1 else "were"
    raise BadUpload(f"Additional properties are not allowed ({names} {verb} unexpected)")


def _items(value: object, schema: Schema, _: Schema) -> None:
    assert isinstance(value, list), "the type comes first"
    for item in value:
        _check(item, schema)


def _max_size(value: object, most: int, _: Schema) -> None:
    assert isinstance(value, list | dict), "the type comes first"
    if len(value) > most:
        parts = "items" if isinstance(value, list) else "properties"
        raise BadUpload(f"{len(value)} {parts} are too many: no more than {most} are taken")


def _max_length(value: object, most: int, _: Schema) -> None:
    if len(str(value)) > most:
        raise BadUpload(f"{_quoted(value)} is too long")


def _pattern(value: object, pattern: str, _: Schema) -> None:
    assert isinstance(value, str), "the type comes first"
    # A dollar also matches before a line break at the end, which no schema means.
    if not re.search(pattern.replace("$", r"\Z"), value):
        raise BadUpload(f"{_quoted(value)} does not match {pattern!r}")


def _quoted(value: object) -> str:
    return repr(value)[:_SHOWN_MAX]


_CHECKS: Mapping[str, Callable[[object, Any, Schema], None]] = {
    "type": _type,
    "required": _required,
    "properties": _properties,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "items": _items,
    "maxItems": _max_size,
    "maxProperties": _max_size,
    "maxLength": _max_length,
    "pattern": _pattern,
}
