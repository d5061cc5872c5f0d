"""What a body may hold, and in which words the rest is refused (releases.md 2.3.1)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from shipmark.http.fields import (
    BAD_MOMENT,
    BAD_URL,
    BLANK,
    MOMENT_RANGE,
    NOT_TEXT,
    NUL_CHARACTER,
    NULL,
    REQUIRED,
    Boolean,
    Choice,
    DateTime,
    Decimal,
    Field,
    FieldError,
    ListOf,
    Object,
    Text,
    Url,
    is_url,
    validate,
)
from shipmark.infrastructure.errors import ValidationFailed

FEW = Choice({"a": 1, "b": 2}, "Not {}!")


@pytest.mark.parametrize(
    ("field", "value", "messages"),
    [
        (Text(), None, [NULL]),
        (Text(), "", [BLANK]),
        (Text(), " \n", [BLANK]),
        (Text(), True, [NOT_TEXT]),
        (Text(), [], [NOT_TEXT]),
        (Text(), {}, [NOT_TEXT]),
        (Text(max=2), "abc", ["Ensure this field has no more than 2 characters."]),
        (Text(), "a\x00", [NUL_CHARACTER]),
        (Text(), "\udfff", ["Surrogate characters are not allowed: U+DFFF."]),
        (Text(is_trimmed=False), "", [BLANK]),
        (Url(), "x", [BAD_URL]),
        (
            Url(max=20),
            "https://example.com/abc",
            ["Ensure this field has no more than 20 characters."],
        ),
        (DateTime(), "x", [BAD_MOMENT]),
        (DateTime(), 5, [BAD_MOMENT]),
        (DateTime(), "2023-02-30T00:00:00Z", [BAD_MOMENT]),
        (DateTime(), "2023-02-03T00:00:60Z", [BAD_MOMENT]),
        (DateTime(), "2023-02-03T24:00:00Z", [BAD_MOMENT]),
        (DateTime(), "2023-02-03T00:00:00+99:99", [BAD_MOMENT]),
        (DateTime(), "\u0662023-02-03T00:00:00Z", [BAD_MOMENT]),
        (DateTime(), "0001-01-01T00:00:00+01:00", [MOMENT_RANGE]),
        (DateTime(is_null_ok=False), None, [NULL]),
        (FEW, "c", ["Not c!"]),
        (FEW, None, [NULL]),
        (FEW, [], [NOT_TEXT]),
        (ListOf(Text()), None, [NULL]),
        (ListOf(Text()), "ab", ['Expected a list of items but got type "str".']),
        (ListOf(Text()), {}, ['Expected a list of items but got type "dict".']),
        (ListOf(Text(), is_empty_ok=False), [], ["This list may not be empty."]),
        (ListOf(Text(), max=1), ["a", "b"], ["Ensure this field has no more than 1 elements."]),
        (ListOf(Text()), ["a", None, ""], [NULL]),
    ],
)
def test_what_is_refused(
    field: Callable[[object], object], value: object, messages: object
) -> None:
    with pytest.raises(FieldError) as caught:
        field(value)
    assert caught.value.messages == messages


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        (Text(), " a ", "a"),
        (Text(is_trimmed=False), " a ", " a "),
        (Text(), 5, "5"),
        (Text(), 5.5, "5.5"),
        (Text(is_null_ok=True), None, None),
        (Text(is_blank_ok=True), " ", ""),
        (Text(max=3), "é\U0001f600x", "é\U0001f600x"),
        (Url(), " https://example.com ", "https://example.com"),
        (Url(), None, None),
        (Url(), "", ""),
        (FEW, "b", 2),
        (FEW, " b ", 2),
        (ListOf(Text()), ["a", " b"], ["a", "b"]),
        (ListOf(Text(), is_null_ok=True), None, None),
    ],
)
def test_what_is_kept(field: Callable[[object], object], value: object, kept: object) -> None:
    assert field(value) == kept


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-05T09:00:00Z", (2026, 1, 5, 9, 0, 0, 0)),
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
def test_moments_are_read(text: str, moment: tuple[int, int, int, int, int, int, int]) -> None:
    assert DateTime()(text) == datetime(*moment, tzinfo=UTC)


@given_any(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1)),  # noqa: DTZ001  # the zone follows
    st.integers(-23 * 60, 23 * 60),
)
def test_a_moment_that_is_written_is_read_again(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    assert DateTime()(moment.isoformat()) == moment


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com",
        "http://localhost:8000/a?b=c#d",
        "ftp://example.com",
        "https://user:password@example.com/",
        "https://[::1]:8000/",
        "https://exämple.com/",
        "HTTPS://EXAMPLE.COM",
        "https://host",
        "https://ci_runner.test/1",
    ],
)
def test_addresses(text: str) -> None:
    assert is_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com",
        "//example.com",
        "https://",
        "https://-a.example.com",
        "https://a..example.com",
        "https://example.com:port/",
        "https://example.com:99999/",
        "https://exam ple.com",
        "https://example.com/\n",
        "https://example.com/<script>",
        'https://example.com/"',
        "javascript://example.com/%0aalert(1)",
        "data:text/html,x",
        "https://[::1",
        "https://example.com/" + "a" * 3000,
    ],
)
def test_no_addresses(text: str) -> None:
    assert not is_url(text)


RECORD = Object(
    {"name": Field(Text(), is_required=True), "size": Field(Text()), "tags": Field(ListOf(Text()))}
)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (None, {"non_field_errors": ["No data provided"]}),
        ([], {"non_field_errors": ["Invalid data. Expected a dictionary, but got list."]}),
        ("x", {"non_field_errors": ["Invalid data. Expected a dictionary, but got str."]}),
        ({}, {"name": [REQUIRED]}),
        ({"size": "", "tags": [""]}, {"name": [REQUIRED], "size": [BLANK], "tags": [BLANK]}),
    ],
)
def test_all_bad_fields_of_a_body_are_told(body: object, fields: Any) -> None:
    with pytest.raises(ValidationFailed) as caught:
        validate(RECORD, body)
    assert caught.value.fields == fields


def test_a_body_holds_just_what_was_sent() -> None:
    assert validate(RECORD, {"name": "a", "other": 1}) == {"name": "a"}


@pytest.mark.parametrize("value", [True, 1, 1.0, "1", "t", "Y", "yes", "True", "ON"])
def test_what_is_on(value: object) -> None:
    assert Boolean()(value) is True


@pytest.mark.parametrize("value", [False, 0, 0.0, "0", "f", "N", "no", "False", "OFF"])
def test_what_is_off(value: object) -> None:
    assert Boolean()(value) is False


@pytest.mark.parametrize("value", [None, 2, -1, 0.5, "", "2", "maybe", "tRUE", [], {}, [True]])
def test_what_is_neither_on_nor_off(value: object) -> None:
    with pytest.raises(FieldError):
        Boolean()(value)


@pytest.mark.parametrize(("value", "number"), [(0, 0.0), (1, 1.0), ("0.5", 0.5), (1e-9, 1e-9)])
def test_numbers_that_need_not_be_whole(value: object, number: float) -> None:
    assert Decimal(max=1)(value) == number


@pytest.mark.parametrize(
    "value", [None, True, "x", "", [], -0.1, 1.1, "nan", "inf", "-inf", 10**400]
)
def test_numbers_that_can_not_be(value: object) -> None:
    with pytest.raises(FieldError):
        Decimal(max=1)(value)
    assert Decimal(max=1, is_null_ok=True)(None) is None
