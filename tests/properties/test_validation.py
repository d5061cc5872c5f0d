"""Types of fields, with any JSON in them (releases.md 2.3.1)."""

from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import create_model

from shipmark.http.validation import (
    Boolean,
    Choice,
    DateTime,
    Decimal,
    Integer,
    Items,
    ListOf,
    Omittable,
    OptionalText,
    RequestModel,
    Text,
    TrimmedText,
    Url,
    is_url,
    schema_of,
    validate,
)
from shipmark.infrastructure.errors import ValidationFailed

#: All of Unicode, halves of surrogate pairs too: they can be written in JSON.
TEXTS = st.text(st.characters(exclude_categories=())) | st.sampled_from(
    [
        "0001-01-01T00:00+23:59",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2026-01-01 1:2 +99:99",
        "2026-01-01T01:02:03Z",
        "2026-02-30T01:02:03Z",
        "1700000000",
        "true",
        "5",
        " a ",
        "\x1c",
        "\x00",
        "http://[::1",
        "http://[::1]:99999/",
        "https://example.com:٣/",
        "https://a@b@example.com/\x00",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda held: st.lists(held, max_size=4) | st.dictionaries(st.sampled_from("abc"), held),
    max_leaves=12,
)
CHOICES = {"a": 1, "b": 2}


class Inner(RequestModel):
    a: TrimmedText
    b: Omittable[ListOf[Annotated[str, Url()] | None]] = None
    c: Omittable[Annotated[int, Choice(CHOICES, "Not {}!")]] = None


TYPES: list[Any] = [
    TrimmedText,
    Annotated[str, Text(max_length=3, trim=False)],
    OptionalText,
    Annotated[str, Url()] | None,
    Annotated[datetime, DateTime()] | None,
    Annotated[datetime, DateTime(unix_texts=True, unix_numbers=True)],
    Annotated[int, Integer(maximum=9, minimum=-1)],
    Annotated[float, Decimal(maximum=2)],
    Annotated[bool, Boolean()],
    Annotated[int, Choice(CHOICES, "Not {}!")],
    Annotated[list[TrimmedText], Items(max_length=2)],
    Annotated[list[Annotated[datetime, DateTime()] | None], Items(empty=False)] | None,
    Inner,
    ListOf[Inner],
    ListOf[ListOf[TrimmedText]],
]


@cache
def body(index: int) -> type[RequestModel]:
    return create_model("Body", __base__=RequestModel, value=(TYPES[index], ...))


def sentences(messages: object) -> list[object]:
    """Return the sentences of refused fields, at any depth."""
    if isinstance(messages, dict):
        return [each for inner in messages.values() for each in sentences(inner)]
    assert isinstance(messages, list)
    return messages


@pytest.mark.parametrize("index", range(len(TYPES)))
@given(value=VALUES)
def test_any_json_is_read_or_refused_in_words(index: int, value: object) -> None:
    try:
        validate(body(index), {"value": value})
    except ValidationFailed as invalid:
        assert set(invalid.fields) == {"value"}
        words = sentences(invalid.fields)
        assert words
        assert all(isinstance(each, str) and each for each in words)


@pytest.mark.parametrize("index", range(len(TYPES)))
def test_every_type_has_a_schema(index: int) -> None:
    schema = schema_of(body(index))
    assert {"type", "anyOf"} & set(schema["properties"]["value"])


@given(TEXTS)
def test_a_text_that_is_accepted_can_be_stored(text: str) -> None:
    model = create_model(
        "Body", __base__=RequestModel, value=(Annotated[str, Text(max_length=20)], ...)
    )
    try:
        result: str = getattr(validate(model, {"value": text}), "value")  # noqa: B009
    except ValidationFailed:
        return
    assert result == text.strip()
    assert len(result) <= 20
    assert b"\x00" not in result.encode()


@given(TEXTS)
def test_a_url_never_ends_the_attribute_that_shows_it(text: str) -> None:
    for address in (text, f"https://example.com/{text}", f"https://{text}.example.com"):
        if is_url(address):
            assert not set(address) & set(' \n<>"')


def forms(moment: datetime) -> list[str]:
    """Return the moment in all formats that are accepted and lose nothing."""
    fraction = f"{moment.microsecond:06}"
    date = moment.strftime("%Y").rjust(4, "0") + moment.strftime("-%m-%d")
    time = f"{moment:%H:%M:%S}"
    zone = f"{moment:%z}"
    zones = [zone, f"{zone[:3]}:{zone[3:]}", f" {zone}"]
    if zone == "+0000":
        zones += ["", "Z", "+00"]
    return [
        f"{date}{between}{time}{point}{fraction}{more}{each}"
        for between in "T "
        for point in ".,"
        for more in ("", "999")
        for each in zones
    ]


class DateBody(RequestModel):
    value: Annotated[datetime, DateTime()]


def read_date(text: str) -> datetime:
    return validate(DateBody, {"value": text}).value


@given(
    naive=st.datetimes(datetime(1000, 1, 3), datetime(9999, 12, 29)),  # noqa: DTZ001  # the zone follows
    minutes=st.just(0) | st.integers(-23 * 60, 23 * 60),
)
def test_a_date_is_the_same_in_every_format(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    for text in forms(moment):
        assert read_date(text) == moment, text


@given(st.datetimes(datetime(1000, 1, 1)))  # noqa: DTZ001  # without a zone it is UTC
def test_seconds_and_leading_zeros_may_be_left_out(naive: datetime) -> None:
    minute = naive.replace(second=0, microsecond=0, tzinfo=UTC)
    text = f"{minute.year}-{minute.month}-{minute.day} {minute.hour}:{minute.minute}"
    assert read_date(text) == read_date(f"{text}:0") == read_date(f"{text}Z") == minute


@given(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)),  # noqa: DTZ001  # the zone follows
    st.integers(-23 * 60, 23 * 60),
)
def test_a_date_that_is_formatted_is_read_again(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert read_date(moment.isoformat()) == moment
