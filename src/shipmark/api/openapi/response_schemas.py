"""JSON schemas of the types of responses."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from inspect import getdoc
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from shipmark.api.openapi.descriptions import describe, plain
from shipmark.api.openapi.examples import Schema, exampled

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

    def of(self, kind: object) -> Schema:
        """Return the schema of a type. Raise `TypeError` for one that no answer should hold."""
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        origin, arguments = get_origin(kind), get_args(kind)
        if origin is None:
            return self._of_class(kind)
        if origin in {Union, UnionType}:
            return self._of_union(arguments)
        if origin is Literal:
            return {"enum": list(arguments)}
        return self._of_generic(origin, arguments)

    def _of_generic(self, origin: type, arguments: Sequence[object]) -> Schema:
        if origin is tuple:
            return self._of_tuple(arguments)
        if issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        if issubclass(origin, Sequence):
            return {"type": "array", "items": self.of(arguments[0])}
        raise TypeError(f"{origin} has no schema")

    def _of_class(self, kind: object) -> Schema:
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self._reference(kind)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return {"enum": [member.value for member in kind]}
        raise TypeError(f"{kind} has no schema")

    def _of_union(self, arguments: Sequence[object]) -> Schema:
        parts = [self.of(kind) for kind in arguments if kind is not msgspec.UnsetType]
        if len(parts) == 1:
            return parts[0]
        if all(set(part) == {"type"} for part in parts):
            return {"type": [part["type"] for part in parts]}
        return {"anyOf": parts}

    def _of_tuple(self, arguments: Sequence[object]) -> Schema:
        if arguments[-1] is Ellipsis:
            return {"type": "array", "items": self.of(arguments[0])}
        size = len(arguments)
        return {
            "type": "array",
            "prefixItems": [self.of(kind) for kind in arguments],
            "minItems": size,
            "maxItems": size,
        }

    def _reference(self, kind: type[msgspec.Struct]) -> Schema:
        name = kind.__name__.removesuffix("Response")
        known = self._types.setdefault(name, kind)
        if known is not kind:
            modules = f"{known.__module__}, {kind.__module__}"
            raise TypeError(f"two structs would be {name}: of {modules}")
        if name not in self.named:
            # Structs may hold each other: the name must be there before the fields are looked at.
            self.named[name] = {}
            self.named[name] = self._object(name, kind)
        return {"$ref": f"#/components/schemas/{name}"}

    def _object(self, owner: str, kind: type[msgspec.Struct]) -> Schema:
        types = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}
        schema: Schema = {"type": "object", "description": plain(getdoc(kind) or "")}
        if not types:
            return schema | {"maxProperties": 0}
        schema["properties"] = {
            name: describe(name, exampled(name, self.of(type_)), owner)
            for name, type_ in types.items()
        }
        required = [
            name for name, type_ in types.items() if msgspec.UnsetType not in get_args(type_)
        ]
        return schema | ({"required": required} if required else {})
