"""JSON Schemas for readers: types in words and links, and examples."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

_WORDS = {
    "string": "text",
    "integer": "number",
    "number": "fraction",
    "boolean": "true or false",
    "null": "null",
    "object": "object",
    "array": "list",
}
_SEVERAL = {"text": "texts", "object": "objects", "number": "numbers"}
_FORMATS = {"date-time": "moment", "uri": "address"}
_PLAIN: Mapping[str, object] = {
    "string": "text",
    "integer": 1,
    "number": 0.5,
    "boolean": False,
    "null": None,
}
_MOMENT = "2026-01-31T12:00:00Z"
#: The depth of examples, as objects nest each other recursively.
_DEPTH_MAX = 2


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text; ``leads_to`` names the object that it links to."""

    text: str
    leads_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A field or parameter; the place is where it is sent."""

    name: str
    depth: int
    kind: Sequence[Piece]
    is_required: bool
    about: str = ""
    place: str = ""


def rows(schema: Json, depth: int = 0) -> list[Row]:
    """Return the fields of an object, each followed by its inner fields, unless its type is a named object."""
    required = schema.get("required", ())
    result = []
    for name, item in schema.get("properties", {}).items():
        row = Row(
            name=name,
            depth=depth,
            kind=kind(item),
            is_required=name in required,
            about=item.get("description", ""),
        )
        result.append(row)
        result += rows(item.get("items", item), depth + 1)
    return result


def kind(schema: Json) -> list[Piece]:
    """Return the type of a schema in words."""
    if "$ref" in schema:
        name = _name(schema)
        return [Piece(name, name)]
    if "anyOf" in schema:
        return _either(schema["anyOf"])
    if "enum" in schema:
        return [Piece("one of " + ", ".join(json.dumps(item) for item in schema["enum"]))]
    types = schema.get("type", "anything")
    types = types if isinstance(types, list) else [types]
    pieces: list[Piece] = []
    for name in types:
        pieces += [Piece(" or "), *_one(name, schema)] if pieces else _one(name, schema)
    return pieces + [Piece(f", {limit}") for limit in _limits(schema)]


def _one(name: str, schema: Json) -> list[Piece]:
    if name == "array":
        if "prefixItems" in schema:
            return [Piece("pair of "), *_either(schema["prefixItems"], " and ")]
        first, *more = kind(schema.get("items", {}))
        several = first if first.leads_to else Piece(_SEVERAL.get(first.text, first.text))
        return [Piece("list of "), several, *more]
    inner = schema.get("additionalProperties")
    if name == "object" and isinstance(inner, Mapping) and inner:
        return [Piece("object of "), *kind(inner)]
    if name == "string" and schema.get("format") in _FORMATS:
        return [Piece(_FORMATS[schema["format"]])]
    return [Piece(_WORDS.get(name, name))]


def _either(parts: Sequence[Json], word: str = " or ") -> list[Piece]:
    pieces: list[Piece] = []
    for part in parts:
        pieces += [Piece(word), *kind(part)] if pieces else kind(part)
    return pieces


def _limits(schema: Json) -> Iterator[str]:
    if "minimum" in schema:
        yield f"{schema['minimum']:,} to {schema['maximum']:,}"
    if "maxLength" in schema:
        yield f"up to {schema['maxLength']:,} characters"
    if "maxItems" in schema and "prefixItems" not in schema:
        yield f"up to {schema['maxItems']:,}"
    if "default" in schema:
        yield f"else {json.dumps(schema['default'])}"


def example(schema: Json, definitions: Mapping[str, Json]) -> str:
    """Return an example of the schema as JSON."""
    return json.dumps(_example(schema, definitions, 0), indent=2, ensure_ascii=False)


def _example(schema: Json, definitions: Mapping[str, Json], depth: int) -> object:
    if "$ref" in schema:
        return _example(definitions[_name(schema)], definitions, depth)
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], definitions, depth)
    for key in ("examples", "enum"):
        if key in schema:
            return schema[key][0]
    first = schema.get("type", "object")
    first = first[0] if isinstance(first, list) else first
    if first == "array":
        # Beyond the depth a list has no items, rather than empty ones.
        is_deep = depth >= _DEPTH_MAX
        parts = [] if is_deep else schema.get("prefixItems") or [schema["items"]]
        return [_example(part, definitions, depth + 1) for part in parts]
    if first == "object":
        return _object(schema, definitions, depth)
    return _MOMENT if schema.get("format") == "date-time" else _PLAIN[first]


def _object(schema: Json, definitions: Mapping[str, Json], depth: int) -> dict[str, object]:
    if depth >= _DEPTH_MAX:
        return {}
    return {
        name: _example(value, definitions, depth + 1)
        for name, value in schema.get("properties", {}).items()
    }


def _name(schema: Json) -> str:
    name: str = schema["$ref"].rpartition("/")[2]
    return name
