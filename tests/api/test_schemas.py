"""JSON schemas of what is answered, and of what may be sent."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

import msgspec
import pytest

from shipmark.api.openapi.descriptions import parted, plain
from shipmark.api.openapi.examples import exampled
from shipmark.api.openapi.response_schemas import Schemas
from shipmark.api.responses import Wire


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
                "note": TEXT | {"description": "Explanation in words."},
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
