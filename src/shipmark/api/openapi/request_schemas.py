"""What may be sent? JSON schemas of the checks in ``http/fields.py``."""

from collections.abc import Callable
from functools import singledispatch
from typing import Any

from shipmark.api.openapi.examples import Schema, exampled
from shipmark.http.fields import (
    DOCUMENTED,
    Boolean,
    Choice,
    DateTime,
    Decimal,
    Integer,
    ListOf,
    Object,
    Text,
    Url,
)


@singledispatch
def given(check: Callable[[object], Any]) -> Schema:
    """The schema of what passes a check. Raises `TypeError` for a function that does not say what it takes.

    More passes than it says: numbers for texts, the moments that other clients write.
    """
    if check not in DOCUMENTED:
        raise TypeError(f"{check} does not say what it accepts")
    return given(DOCUMENTED[check])


@given.register
def _(check: Text) -> Schema:
    made: Schema = {"type": "string"}
    if not check.is_blank_ok:
        # Blanks are trimmed before they are counted.
        made |= {"minLength": 1, "pattern": r"\S"}
    if check.max is not None:
        made["maxLength"] = check.max
    return _nullable(made, is_null_ok=check.is_null_ok)


@given.register
def _(check: Url) -> Schema:
    return {"type": ["string", "null"], "format": "uri", "maxLength": check.max}


@given.register
def _(check: DateTime) -> Schema:
    return _nullable({"type": "string", "format": "date-time"}, is_null_ok=check.is_null_ok)


@given.register
def _(check: Integer) -> Schema:
    return {"type": "integer", "minimum": check.min, "maximum": check.max}


@given.register
def _(check: Decimal) -> Schema:
    made: Schema = {"type": "number", "minimum": check.min, "maximum": check.max}
    return _nullable(made, is_null_ok=check.is_null_ok)


@given.register
def _(_: Boolean) -> Schema:
    return {"type": "boolean"}


@given.register(Choice)
def _(check: Choice[Any]) -> Schema:
    return {"type": "string", "enum": list(check.choices)}


@given.register(ListOf)
def _(check: ListOf[Any]) -> Schema:
    made: Schema = {"type": "array", "items": given(check.item), "maxItems": check.max}
    if not check.is_empty_ok:
        made["minItems"] = 1
    return _nullable(made, is_null_ok=check.is_null_ok)


@given.register
def _(check: Object) -> Schema:
    required = [name for name, it in check.fields.items() if it.is_required]
    made: Schema = {
        "type": "object",
        "properties": {name: exampled(name, given(it.check)) for name, it in check.fields.items()},
    }
    return made | ({"required": required} if required else {})


def _nullable(schema: Schema, *, is_null_ok: bool) -> Schema:
    return schema | {"type": [schema["type"], "null"]} if is_null_ok else schema
