"""JSON schemas of what is answered, and of what may be sent."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import msgspec
import pytest

from shipmark.api.openapi.docstrings import parted, plain
from shipmark.api.openapi.examples import exampled
from shipmark.api.openapi.request_schemas import given
from shipmark.api.openapi.response_schemas import Schemas
from shipmark.api.responses import Wire
from shipmark.http.fields import (
    Choice,
    DateTime,
    Field,
    Integer,
    ListOf,
    Object,
    Text,
    Url,
    documented_as,
)


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class LeafResponse(Wire):
    """A leaf (trees.md 1.2), ``green`` mostly."""

    leaf_colour: str
    fell_at: datetime | None = None
    note: str | msgspec.UnsetType = msgspec.UNSET


class TreeResponse(Wire):
    """A tree."""

    leaves: list[LeafResponse]
    parent: "TreeResponse | None"


class EmptyResponse(Wire):
    """Nothing."""


TEXT = {"type": "string"}


@pytest.mark.parametrize(
    ("it", "schema"),
    [
        (str, TEXT),
        (bool, {"type": "boolean"}),
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (None, {"type": "null"}),
        (object, {}),
        (Any, {}),
        (datetime, {"type": "string", "format": "date-time"}),
        (list[str], {"type": "array", "items": TEXT}),
        (Sequence[str], {"type": "array", "items": TEXT}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (str | None, {"type": ["string", "null"]}),
        (str | msgspec.UnsetType, TEXT),
        (str | None | msgspec.UnsetType, {"type": ["string", "null"]}),
        (list[str] | None, {"anyOf": [{"type": "array", "items": TEXT}, {"type": "null"}]}),
        (tuple[str, ...], {"type": "array", "items": TEXT}),
        (
            tuple[int, str],
            {
                "type": "array",
                "prefixItems": [{"type": "integer"}, TEXT],
                "minItems": 2,
                "maxItems": 2,
            },
        ),
        (Colour, {"enum": ["red", "blue"]}),
        (Literal["a", 1], {"enum": ["a", 1]}),
    ],
)
def test_a_type_has_a_schema(it: Any, schema: object) -> None:
    assert Schemas().of(it) == schema


@pytest.mark.parametrize("it", [bytes, set[str], complex, type("Odd", (), {})])
def test_a_type_that_no_answer_should_hold_has_none(it: Any) -> None:
    with pytest.raises(TypeError, match="has no schema"):
        Schemas().of(it)


def test_a_struct_is_named_once() -> None:
    schemas = Schemas()
    reference = {"$ref": "#/components/schemas/Leaf"}
    assert schemas.of(LeafResponse) == schemas.of(LeafResponse) == reference
    assert schemas.named == {
        "Leaf": {
            "type": "object",
            "description": "A leaf, `green` mostly.",
            "properties": {
                "leafColour": TEXT,
                "fellAt": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
                "note": TEXT,
            },
            "required": ["leafColour", "fellAt"],
        }
    }


def test_structs_may_hold_themselves() -> None:
    schemas = Schemas()
    schemas.of(TreeResponse)
    parent = schemas.named["Tree"]["properties"]["parent"]  # type: ignore[index]
    assert parent == {"anyOf": [{"$ref": "#/components/schemas/Tree"}, {"type": "null"}]}


def test_an_empty_struct_holds_nothing() -> None:
    schemas = Schemas()
    schemas.of(EmptyResponse)
    assert schemas.named["Empty"] == {
        "type": "object",
        "description": "Nothing.",
        "maxProperties": 0,
    }


def test_two_structs_of_one_name_are_refused() -> None:
    other = msgspec.defstruct("LeafResponse", [("a", int)])
    schemas = Schemas()
    schemas.of(LeafResponse)
    with pytest.raises(TypeError, match="two structs would be Leaf"):
        schemas.of(other)


FULL = {"type": "string", "minLength": 1, "pattern": r"\S"}


@pytest.mark.parametrize(
    ("check", "schema"),
    [
        (Text(), FULL),
        (Text(max=3), FULL | {"maxLength": 3}),
        (Text(is_blank_ok=True), TEXT),
        (Text(is_blank_ok=True, is_null_ok=True), {"type": ["string", "null"]}),
        (Url(max=9), {"type": ["string", "null"], "format": "uri", "maxLength": 9}),
        (DateTime(), {"type": ["string", "null"], "format": "date-time"}),
        (DateTime(is_null_ok=False), {"type": "string", "format": "date-time"}),
        (Integer(min=1, max=5), {"type": "integer", "minimum": 1, "maximum": 5}),
        (Choice({"a": 1, "b": 2}, "{}"), {"type": "string", "enum": ["a", "b"]}),
        (ListOf(Text(), max=7), {"type": "array", "items": FULL, "maxItems": 7}),
        (
            ListOf(Text(), max=7, is_empty_ok=False, is_null_ok=True),
            {"type": ["array", "null"], "items": FULL, "maxItems": 7, "minItems": 1},
        ),
    ],
)
def test_a_check_has_a_schema(check: Any, schema: object) -> None:
    assert given(check) == schema


def test_a_record_is_an_object_of_its_fields() -> None:
    inner = Object({"b": Field(Text(is_blank_ok=True))})
    assert given(
        Object({"a": Field(inner, is_required=True), "c": Field(ListOf(inner, max=1))})
    ) == {
        "type": "object",
        "properties": {
            "a": {"type": "object", "properties": {"b": TEXT}},
            "c": {
                "type": "array",
                "items": {"type": "object", "properties": {"b": TEXT}},
                "maxItems": 1,
            },
        },
        "required": ["a"],
    }


def test_a_function_says_what_it_accepts_or_is_refused() -> None:
    @documented_as(Text(max=5))
    def shouted(value: object) -> str:
        return str(value).upper()

    assert given(shouted) == FULL | {"maxLength": 5}
    with pytest.raises(TypeError, match="does not say what it accepts"):
        given(str.upper)  # type: ignore[arg-type]


def test_an_example_is_shown_where_the_type_allows_it() -> None:
    assert exampled("id", {"type": "integer"}) == {"type": "integer", "examples": [42]}
    assert exampled("id", {"type": "string"}) == {"type": "string", "examples": ["42"]}
    assert exampled("id", {"$ref": "#/a"}) == {"$ref": "#/a"}
    assert exampled("unheard", TEXT) == TEXT
    objects = {"type": "array", "items": {"$ref": "#/a"}}
    assert exampled("projects", objects) == objects


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Show it (releases.md 2.1).", "Show it."),
        ("A ``b`` (groups-api.md 1, rule 2) and c.", "A `b` and c."),
        ("One\n    line.\n\nTwo.", "One line.\n\nTwo."),
    ],
)
def test_words_are_those_of_callers(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_the_first_sentence_stands_alone() -> None:
    assert parted("Show it. Or not. Both.") == ("Show it", "Or not. Both.")
    assert parted("Show it.") == ("Show it", "")
