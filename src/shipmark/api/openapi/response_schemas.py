"""What does an answer look like? JSON schemas of the types in ``api/wire``."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from inspect import getdoc
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from shipmark.api.openapi.docstrings import plain
from shipmark.api.openapi.examples import Schema, exampled
from shipmark.api.openapi.field_descriptions import describe

_PLAIN: Mapping[object, Schema] = {
    Any: {},
    object: {},
    NoneType: {"type": "null"},
    None: {"type": "null"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    datetime: {"type": "string", "format": "date-time"},
}


class Schemas:
    """Makes schemas of types, and keeps those that have a name: one for each struct."""

    def __init__(self) -> None:
        self.named: dict[str, Schema] = {}
        self._types: dict[str, type] = {}

    def of(self, it: Any) -> Schema:
        """The schema of a type; raises `TypeError` for one that no answer should hold."""
        if it in _PLAIN:
            return dict(_PLAIN[it])
        origin, arguments = get_origin(it), get_args(it)
        if origin is None:
            return self._of_class(it)
        if origin in {Union, UnionType}:
            return self._of_union(arguments)
        return self._of_generic(origin, arguments)

    def _of_generic(self, origin: Any, arguments: Sequence[Any]) -> Schema:
        if origin is Literal:
            return {"enum": list(arguments)}
        if origin is tuple:
            return self._of_tuple(arguments)
        if issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        if issubclass(origin, Sequence):
            return {"type": "array", "items": self.of(arguments[0])}
        raise TypeError(f"{origin} has no schema")

    def _of_class(self, it: Any) -> Schema:
        if isinstance(it, type) and issubclass(it, msgspec.Struct):
            return self._reference(it)
        if isinstance(it, type) and issubclass(it, Enum):
            return {"enum": [each.value for each in it]}
        raise TypeError(f"{it} has no schema")

    def _of_union(self, arguments: Sequence[Any]) -> Schema:
        parts = [self.of(each) for each in arguments if each is not msgspec.UnsetType]
        if len(parts) == 1:
            return parts[0]
        if all(set(part) == {"type"} for part in parts):
            return {"type": [part["type"] for part in parts]}
        return {"anyOf": parts}

    def _of_tuple(self, arguments: Sequence[Any]) -> Schema:
        if arguments[-1] is Ellipsis:
            return {"type": "array", "items": self.of(arguments[0])}
        size = len(arguments)
        return {
            "type": "array",
            "prefixItems": [self.of(each) for each in arguments],
            "minItems": size,
            "maxItems": size,
        }

    def _reference(self, it: type[msgspec.Struct]) -> Schema:
        name = it.__name__.removesuffix("Response")
        known = self._types.setdefault(name, it)
        if known is not it:
            raise TypeError(f"two structs would be {name}: of {known.__module__}, {it.__module__}")
        if name not in self.named:
            # Structs may hold each other: the name must be there before the fields are looked at.
            self.named[name] = {}
            self.named[name] = self._object(name, it)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, name: str, it: type[msgspec.Struct]) -> Schema:
        fields = msgspec.structs.fields(it)
        made: Schema = {"type": "object", "description": plain(getdoc(it) or "")}
        if not fields:
            return made | {"maxProperties": 0}
        required = [each.encode_name for each in fields if not _may_be_unset(each.type)]
        return made | {
            "properties": {
                each.encode_name: self._field(each.encode_name, each.type, name) for each in fields
            },
            **({"required": required} if required else {}),
        }

    def _field(self, name: str, kind: Any, owner: str) -> Schema:
        return describe(name, exampled(name, self.of(kind)), owner)


def _may_be_unset(it: Any) -> bool:
    return msgspec.UnsetType in get_args(it)
