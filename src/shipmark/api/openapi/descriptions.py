"""Descriptions in the document: docstrings without marks of the code base, and the texts of fields by name."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from shipmark.api.openapi.examples import Schema

#: Chapters of the specification, which are for us.
_CHAPTERS = re.compile(r"\s*\([a-z-]+\.md[^)]*\)")


def plain(text: str) -> str:
    """Return the words alone, as Markdown: code in single ticks, no chapters, no line breaks within a paragraph."""
    paragraphs = _CHAPTERS.sub("", text).replace("``", "`").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs).strip()


def parted(text: str) -> tuple[str, str]:
    """Return the first sentence without its stop, and the rest."""
    first, _, rest = text.partition(". ")
    return first.rstrip("."), rest


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
