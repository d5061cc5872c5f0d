"""Descriptions of fields in the document, by name: the same name means the same nearly everywhere."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from shipmark.api.openapi.examples import Schema


@cache
def _descriptions() -> Mapping[str, str]:
    """Return the texts of the file beside this module, which is read when the document is first requested."""
    text = files("shipmark.api.openapi").joinpath("field_descriptions.toml").read_text()
    descriptions: Mapping[str, str] = tomllib.loads(text)
    return descriptions


def describe(name: str, schema: Schema, owner: str = "") -> Schema:
    """Return the schema of a field with a description: its own, that of ``Owner.name``, or that of the name."""
    if "description" in schema:
        return schema
    known = _descriptions()
    text = known.get(f"{owner}.{name}", known.get(name))
    return schema if text is None else {**schema, "description": text}


def describe_all(schema: Schema) -> Schema:
    """Return a schema in which all fields, at any depth, have a description."""
    return {key: _described(key, value) for key, value in schema.items()}


def _described(key: str, value: object) -> object:
    if key == "properties" and isinstance(value, dict):
        return {name: describe(name, describe_all(field)) for name, field in value.items()}
    if isinstance(value, dict):
        return describe_all(value)
    if isinstance(value, list):
        return [describe_all(part) if isinstance(part, dict) else part for part in value]
    return value
