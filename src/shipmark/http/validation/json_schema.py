"""JSON Schemas of request models, for the OpenAPI document."""

from collections.abc import Mapping
from typing import cast

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from shipmark.http.validation.models import RequestModel

_REF = "#/$defs/"


def schema_of(
    model: type[RequestModel], *, context: Mapping[str, object] | None = None
) -> JsonSchemaValue:
    """Return the schema of a model with its wire names, and with the schemas of inner models in place.

    More passes than the schema says: numbers for texts, other formats of dates. ``context`` holds the limits that
    fields name, as in `validate`.
    """
    schema = model.model_json_schema(schema_generator=_Generator, ref_template=_REF + "{model}")
    definitions = schema.pop("$defs", {})
    return cast("JsonSchemaValue", _resolve(schema, definitions, context or {}))


class _Generator(GenerateJsonSchema):
    """The generator, without null defaults; null is one more type."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Return the inner schema with null as another type."""
        inner = self.generate_inner(schema["schema"])
        if not isinstance(inner.get("type"), str):
            return {"anyOf": [inner, {"type": "null"}]}
        result = inner | {"type": [inner["type"], "null"]}
        return result | {"enum": [*inner["enum"], None]} if "enum" in inner else result

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Return the schema with its default, unless that is None: then the field may be left out."""
        result = super().default_schema(schema)
        if result.get("default", 0) is None:
            del result["default"]
        return result


def _resolve(part: object, definitions: JsonSchemaValue, context: Mapping[str, object]) -> object:
    """Return a part of a schema with definitions in place of references, and with the limits of the context.

    Titles, which are texts as no field named so is, are left out: the names of fields are titles enough.
    """
    if isinstance(part, list):
        return [_resolve(item, definitions, context) for item in part]
    if not isinstance(part, dict):
        return part
    rest = {key: value for key, value in part.items() if key != "$ref"}
    resolved = {**definitions[part["$ref"].removeprefix(_REF)], **rest} if "$ref" in part else rest
    result = {
        key: _resolve(value, definitions, context)
        for key, value in resolved.items()
        if key != "title" or not isinstance(value, str)
    }
    if isinstance(limit := result.get("maxItems"), str):
        result["maxItems"] = context[limit]
    return result
