"""Examples of fields, by name."""

from collections.abc import Mapping, Sequence

Schema = dict[str, object]

_KEY = "a1b2c3d4e5f60718293a4b5c6d7e8f9012345678"
_MOMENT = "2026-01-31T12:00:00Z"

#: By the name of a field, wherever it is; only where the type is right.
_EXAMPLES: Mapping[str, Sequence[object]] = {
    "authorEmail": ["ada@example.com"],
    "author_email": ["ada@example.com"],
    "author_name": ["Ada"],
    "commit": [_KEY],
    "culprit": ["checkout in pay"],
    "currentId": [_KEY],
    "dateFinished": [_MOMENT],
    "dateReleased": [_MOMENT],
    "dateStarted": [_MOMENT],
    "detail": ["The requested resource does not exist"],
    "email": ["ada@example.com"],
    "environment": ["production"],
    "filename": ["src/checkout.py"],
    "id": ["42", 42],
    "message": ["Fixes WEB-1: round prices once"],
    "name": ["acme/web"],
    "path": ["src/checkout.py"],
    "paths": [["services/web"]],
    "previousCommit": [_KEY[::-1]],
    "projects": [["web"]],
    "ref": ["main"],
    "repository": ["acme/web"],
    "shortId": ["WEB-1"],
    "short_version": ["1.0.0"],
    "slug": ["web"],
    "title": ["ValueError: no price"],
    "timestamp": [_MOMENT],
    "url": ["https://git.example.com/acme/web"],
    "username": ["ada@example.com"],
    "version": ["web@1.0.0"],
}
_TYPES: Mapping[type, str] = {str: "string", int: "integer", list: "array"}


def exampled(name: str, schema: Schema) -> Schema:
    """Return the schema of a field with an example, where one is known that it allows."""
    allowed = schema.get("type")
    types = allowed if isinstance(allowed, list) else [allowed]
    examples = [value for value in _EXAMPLES.get(name, ()) if _TYPES[type(value)] in types]
    if not examples or "enum" in schema or _holds_objects(schema):
        return schema
    return schema | {"examples": examples}


def _holds_objects(schema: Schema) -> bool:
    items = schema.get("items", {})
    return isinstance(items, dict) and ("$ref" in items or "properties" in items)
