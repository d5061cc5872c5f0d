"""What a body may hold, and with which sentences the rest is refused (releases.md 2.3.1)."""

from datetime import UTC, datetime
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, Field, create_model

from shipmark.http.validation import (
    BlankIsAbsent,
    Boolean,
    Choice,
    DateTime,
    Decimal,
    ErrorMessage,
    Flag,
    Integer,
    Items,
    ListOf,
    Omittable,
    OptionalText,
    ReadAs,
    RequestModel,
    Text,
    TrimmedText,
    Url,
    is_url,
    refuse,
    schema_of,
    validate,
    validate_query,
)
from shipmark.http.validation.errors import (
    BAD_BOOLEAN,
    BAD_DATETIME,
    BAD_DECIMAL,
    BAD_INTEGER,
    BAD_URL,
    BLANK,
    DATETIME_RANGE,
    EMPTY_LIST,
    NOT_TEXT,
    NUL_CHARACTER,
    NULL,
    REQUIRED,
)
from shipmark.infrastructure.errors import BadRequest, ValidationFailed

CHOICE = Annotated[int, Choice({"a": 1, "b": 2}, "Not {}!")]
DATE = Annotated[datetime, DateTime()]
UNIX_DATE = Annotated[datetime, DateTime(unix_texts=True, unix_numbers=True)]
URL = Annotated[str, Url()]
INTEGER = Annotated[int, Integer(minimum=1, maximum=9)]
DECIMAL = Annotated[float, Decimal(maximum=1)]
BOOLEAN = Annotated[bool, Boolean()]


def read(annotation: Any, value: object) -> object:
    """Return the value as a required field of this type reads it."""
    model = create_model("Body", __base__=RequestModel, value=(annotation, ...))
    return validate(model, {"value": value}).value  # type: ignore[attr-defined]  # made above


def refusal(annotation: Any, value: object) -> object:
    with pytest.raises(ValidationFailed) as caught:
        read(annotation, value)
    return caught.value.fields["value"]


@pytest.mark.parametrize(
    ("annotation", "value", "messages"),
    [
        (TrimmedText, None, [NULL]),
        (TrimmedText, "", [BLANK]),
        (TrimmedText, " \n", [BLANK]),
        (TrimmedText, "\x1c", [BLANK]),
        (TrimmedText, True, [NOT_TEXT]),
        (TrimmedText, [], [NOT_TEXT]),
        (TrimmedText, {}, [NOT_TEXT]),
        (TrimmedText, float("inf"), [NOT_TEXT]),
        (
            Annotated[str, Text(max_length=2)],
            "abc",
            ["Ensure this field has no more than 2 characters."],
        ),
        (TrimmedText, "a\x00", [NUL_CHARACTER]),
        (TrimmedText, "\udfff", ["Surrogate characters are not allowed: U+DFFF."]),
        (Annotated[str, Text(trim=False)], "", [BLANK]),
        (URL, "x", [BAD_URL]),
        (URL, None, [NULL]),
        (
            Annotated[str, Url(max_length=20)],
            "https://example.com/abc",
            ["Ensure this field has no more than 20 characters."],
        ),
        (DATE, "x", [BAD_DATETIME]),
        (DATE, 5, [BAD_DATETIME]),
        (DATE, 1_700_000_000, [BAD_DATETIME]),
        (UNIX_DATE, True, [BAD_DATETIME]),
        (DATE, "2023-02-30T00:00:00Z", [BAD_DATETIME]),
        (DATE, "2023-02-03T00:00:60Z", [BAD_DATETIME]),
        (DATE, "2023-02-03T24:00:00Z", [BAD_DATETIME]),
        (DATE, "2023-02-03T00:00:00+99:99", [BAD_DATETIME]),
        (DATE, "\u0662023-02-03T00:00:00Z", [BAD_DATETIME]),
        (DATE, "0001-01-01T00:00:00+01:00", [DATETIME_RANGE]),
        (DATE, None, [NULL]),
        (CHOICE, "c", ["Not c!"]),
        (CHOICE, "{}", ["Not {}!"]),
        (CHOICE, None, [NULL]),
        (CHOICE, [], [NOT_TEXT]),
        (INTEGER, None, [NULL]),
        (INTEGER, True, [BAD_INTEGER]),
        (INTEGER, "1.5", [BAD_INTEGER]),
        (INTEGER, 0, ["Ensure this value is greater than or equal to 1."]),
        (INTEGER, "10", ["Ensure this value is less than or equal to 9."]),
        (DECIMAL, "x", [BAD_DECIMAL]),
        (DECIMAL, "nan", ["Ensure this value is greater than or equal to 0."]),
        (DECIMAL, 1.1, ["Ensure this value is less than or equal to 1."]),
        (ListOf[TrimmedText], None, [NULL]),
        (ListOf[TrimmedText], "ab", ['Expected a list of items but got type "str".']),
        (ListOf[TrimmedText], {}, ['Expected a list of items but got type "dict".']),
        (Annotated[list[TrimmedText], Items(empty=False)], [], [EMPTY_LIST]),
        (
            Annotated[list[TrimmedText], Items(max_length=1)],
            [None, "b"],
            ["Ensure this field has no more than 1 elements."],
        ),
        (ListOf[TrimmedText], ["a", None, ""], [NULL]),
        (Omittable[TrimmedText], None, [NULL]),
    ],
)
def test_a_wrong_value_is_refused_with_the_protocols_sentence(
    annotation: Any, value: object, messages: object
) -> None:
    assert refusal(annotation, value) == messages


@pytest.mark.parametrize(
    ("annotation", "value", "result"),
    [
        (TrimmedText, " a ", "a"),
        (TrimmedText, "\x1ca\x85", "a"),
        (Annotated[str, Text(trim=False)], " a ", " a "),
        (TrimmedText, 5, "5"),
        (TrimmedText, 5.5, "5.5"),
        (OptionalText, None, None),
        (OptionalText, " ", ""),
        (Annotated[str, Text(max_length=3)], "é\U0001f600x", "é\U0001f600x"),
        (URL, " https://example.com ", "https://example.com"),
        (URL | None, None, None),
        (URL, "", ""),
        (CHOICE, "b", 2),
        (CHOICE, " b ", 2),
        (INTEGER, "9", 9),
        (INTEGER, 5.0, 5),
        (DECIMAL, "0.5", 0.5),
        (DECIMAL, 1, 1.0),
        (ListOf[TrimmedText], ["a", " b"], ["a", "b"]),
        (ListOf[TrimmedText] | None, None, None),
        (Annotated[tuple[str, ...], ReadAs(ListOf[TrimmedText], tuple)], [1, " b"], ("1", "b")),
    ],
)
def test_a_value_is_converted(annotation: Any, value: object, result: object) -> None:
    assert read(annotation, value) == result


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-05T09:00:00Z", (2026, 1, 5, 9, 0, 0, 0)),
        ("2026-01-05T09:00:00", (2026, 1, 5, 9, 0, 0, 0)),
        ("2026-01-05T09:00Z", (2026, 1, 5, 9, 0, 0, 0)),
        ("2026-01-05 09:00:00", (2026, 1, 5, 9, 0, 0, 0)),
        ("2026-1-5T9:0:0", (2026, 1, 5, 9, 0, 0, 0)),
        ("2026-01-05T09:00:00.5Z", (2026, 1, 5, 9, 0, 0, 500_000)),
        ("2026-01-05T09:00:00,5Z", (2026, 1, 5, 9, 0, 0, 500_000)),
        ("2026-01-05T09:00:00.123456789Z", (2026, 1, 5, 9, 0, 0, 123_456)),
        ("2026-01-05T09:00:00+02:00", (2026, 1, 5, 7, 0, 0, 0)),
        ("2026-01-05T09:00:00-0230", (2026, 1, 5, 11, 30, 0, 0)),
        ("2026-01-05T09:00:00+02", (2026, 1, 5, 7, 0, 0, 0)),
        ("0001-01-01T00:00:00Z", (1, 1, 1, 0, 0, 0, 0)),
    ],
)
def test_dates_are_read_in_all_formats(
    text: str, moment: tuple[int, int, int, int, int, int, int]
) -> None:
    result = read(DATE, text)
    assert isinstance(result, datetime)
    assert result == datetime(*moment, tzinfo=UTC)
    assert result.tzinfo is UTC


@pytest.mark.parametrize("value", [1_700_000_000, 1_700_000_000.0, "1700000000"])
def test_a_date_may_be_a_number_of_seconds(value: object) -> None:
    assert read(UNIX_DATE, value) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize("value", [True, 1, 1.0, "1", "t", "Y", "yes", "True", "ON"])
def test_words_for_true(value: object) -> None:
    assert read(BOOLEAN, value) is True


@pytest.mark.parametrize("value", [False, 0, 0.0, "0", "f", "N", "no", "False", "OFF"])
def test_words_for_false(value: object) -> None:
    assert read(BOOLEAN, value) is False


@pytest.mark.parametrize("value", [2, -1, 0.5, "", "2", "maybe", "tRUE", [], {}, [True]])
def test_other_values_are_no_booleans(value: object) -> None:
    assert refusal(BOOLEAN, value) == [BAD_BOOLEAN]


@pytest.mark.parametrize("text", ["https://user:password@example.com/", "http://ci_runner:8000/a"])
def test_urls(text: str) -> None:
    assert is_url(text)


@pytest.mark.parametrize("text", ["example.com", "javascript://example.com/%0aalert(1)"])
def test_other_texts_are_no_urls(text: str) -> None:
    assert not is_url(text)


class TagRequest(RequestModel):
    tag_name: Annotated[str, Text(max_length=5), Field(description="Name of the tag.")]


class BoxRequest(RequestModel):
    name: TrimmedText
    box_size: OptionalText = Field(None, description="Size of the box.")
    tags: Omittable[Annotated[list[TagRequest], Items(max_length="tags_max")]] = None
    first_tag: TagRequest | None = None
    kind: Annotated[int, Choice({"a": 1}, "Not {}!")] | None = None


CONTEXT = {"tags_max": 2}


def problems(body: object) -> object:
    with pytest.raises(ValidationFailed) as caught:
        validate(BoxRequest, body, context=CONTEXT)
    return caught.value.fields


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (None, {"non_field_errors": ["No data provided"]}),
        ([], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
        ("x", {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]}),
        ({}, {"name": [REQUIRED]}),
        ({"boxSize": [], "tags": {}}, {
            "name": [REQUIRED],
            "boxSize": [NOT_TEXT],
            "tags": ['Expected a list of items but got type "dict".'],
        }),
    ],
)  # fmt: skip
def test_all_wrong_fields_of_a_body_are_reported(body: object, fields: object) -> None:
    assert problems(body) == fields


@pytest.mark.parametrize(
    ("tags", "messages"),
    [
        ([{}, {"tagName": ""}], {"tagName": [REQUIRED]}),
        ([{"tagName": "a"}, {"tagName": ""}], {"tagName": [BLANK]}),
        ([None], ["This field may not be null."]),
        ([{}, {}, {}], ["Ensure this field has no more than 2 elements."]),
    ],
)
def test_of_a_list_the_first_wrong_item_is_reported(tags: object, messages: object) -> None:
    assert problems({"name": "a", "tags": tags}) == {"tags": messages}


def test_a_limit_comes_from_the_context() -> None:
    body = {"name": "a", "tags": [{"tagName": "a"}] * 3}
    assert (
        validate(BoxRequest, body, context={"tags_max": 3}).tags == [TagRequest(tag_name="a")] * 3
    )


def test_names_of_python_are_no_names_of_the_wire() -> None:
    box = validate(BoxRequest, {"name": "a", "box_size": "b"}, context=CONTEXT)
    assert box.model_fields_set == {"name"}
    assert box.box_size is None


def test_a_body_knows_what_was_sent() -> None:
    box = validate(BoxRequest, {"name": "a", "boxSize": None, "other": 1}, context=CONTEXT)
    assert box.model_fields_set == {"name", "box_size"}


@pytest.mark.parametrize("error", [refuse("Not {this}."), ValueError("Not {this}.")])
def test_a_validator_refuses_with_its_own_sentence(error: Exception) -> None:
    def check(_: str) -> str:
        raise error

    assert refusal(Annotated[str, Text(), AfterValidator(check)], "a") == ["Not {this}."]


def test_nullable_types_are_written_beside_the_annotation() -> None:
    with pytest.raises(TypeError, match="Omittable"):
        create_model("Body", __base__=RequestModel, value=(Annotated[str | None, Text()], ...))


def test_the_schema_of_a_model_has_its_wire_names_and_limits() -> None:
    tag = {
        "type": "object",
        "properties": {
            "tagName": {
                "type": "string",
                "minLength": 1,
                "pattern": r"\S",
                "maxLength": 5,
                "description": "Name of the tag.",
            }
        },
        "required": ["tagName"],
    }
    assert schema_of(BoxRequest, context=CONTEXT) == {
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1, "pattern": r"\S"},
            "boxSize": {"type": ["string", "null"], "description": "Size of the box."},
            "tags": {"type": "array", "items": tag, "maxItems": 2},
            "firstTag": {"anyOf": [tag, {"type": "null"}]},
            "kind": {"type": ["string", "null"], "enum": ["a", None]},
        },
        "required": ["name"],
    }


class BoxQuery(RequestModel):
    project: ListOf[TrimmedText] = Field(default=[])
    dry_run: Annotated[bool, Flag()] = False
    sort: Annotated[
        str, Choice({"name": "name", "": "name"}, "?"), ErrorMessage("invalid sort")
    ] = "name"
    per_page: Annotated[int, Integer(maximum=100), BlankIsAbsent(), Field(alias="per_page")] = 100
    status: Annotated[int, Choice({"open": 1}, "Invalid status {}")] | None = None


def test_a_query_is_read() -> None:
    pairs = [("project", "a"), ("per_page", "5"), ("project", "b"), ("dryRun", "TRUE"), ("x", "y")]
    assert validate_query(BoxQuery, [*pairs, ("dry_run", "0"), ("per_page", "7")]) == BoxQuery(
        project=["a", "b"], per_page=7, dry_run=True
    )


@pytest.mark.parametrize(
    ("name", "value", "detail"),
    [
        ("dryRun", "", "Invalid dryRun parameter. Use 1 or 0."),
        ("dryRun", "2", "Invalid dryRun parameter. Use 1 or 0."),
        ("sort", "x", "invalid sort"),
        ("per_page", "x", "Invalid per_page parameter."),
        ("status", "x", "Invalid status x"),
    ],
)
def test_a_wrong_parameter_is_refused_with_its_sentence(name: str, value: str, detail: str) -> None:
    with pytest.raises(BadRequest) as caught:
        validate_query(BoxQuery, [(name, value)])
    assert caught.value.detail == detail


def test_a_blank_parameter_may_count_as_absent() -> None:
    query = validate_query(BoxQuery, [("per_page", ""), ("sort", "")])
    assert query.per_page == 100
    assert query.model_fields_set == {"sort"}
