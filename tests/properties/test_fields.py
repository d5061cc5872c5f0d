"""Fields of bodies, with any JSON in them (releases.md 2.3.1)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipmark.http.fields import (
    Choice,
    DateTime,
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

#: All of Unicode, halves of surrogate pairs too: they can be written in JSON.
TEXTS = st.text(st.characters(exclude_categories=())) | st.sampled_from(
    [
        "0001-01-01T00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2026-01-01 1:2 +99:99",
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
FEW = Choice({"a": 1, "b": 2}, "Not {}!")
FIELDS = [
    Text(),
    Text(max=3, is_blank_ok=True, is_null_ok=True, is_trimmed=False),
    Url(),
    DateTime(),
    DateTime(is_null_ok=False),
    FEW,
    ListOf(Text(), max=2),
    ListOf(DateTime(), is_null_ok=True, is_empty_ok=False),
    Object({"a": Field(Text(), is_required=True), "b": Field(ListOf(Url())), "c": Field(FEW)}),
]


@pytest.mark.parametrize("field", FIELDS, ids=str)
@given(value=VALUES)
def test_a_field_takes_a_value_or_says_what_is_wrong(
    field: Callable[[object], object], value: object
) -> None:
    try:
        field(value)
    except FieldError as wrong:
        assert wrong.messages


@given(VALUES)
def test_a_body_is_taken_or_all_that_is_wrong_is_told(body: object) -> None:
    record = Object({name: Field(DateTime()) for name in "abc"})
    try:
        found = validate(record, body)
    except ValidationFailed as invalid:
        assert invalid.fields
    else:
        assert isinstance(body, dict)
        assert found.keys() == body.keys() & set("abc")


@given(TEXTS)
def test_a_text_that_is_taken_can_be_kept(text: str) -> None:
    try:
        kept = Text(max=20)(text)
    except FieldError:
        return
    assert kept == text.strip()
    assert len(kept) <= 20
    assert b"\x00" not in kept.encode()


@given(TEXTS)
def test_an_address_never_breaks_out_of_where_it_is_shown(text: str) -> None:
    for address in (text, f"https://example.com/{text}", f"https://{text}.example.com"):
        if is_url(address):
            assert not set(address) & set(' \n<>"')


def forms(moment: datetime) -> list[str]:
    """The moment in all ways that are accepted and lose nothing."""
    fraction = f"{moment.microsecond:06}"
    date, time = (
        moment.strftime("%Y").rjust(4, "0") + moment.strftime("-%m-%d"),
        f"{moment:%H:%M:%S}",
    )
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


@given(
    naive=st.datetimes(datetime(1000, 1, 3), datetime(9999, 12, 29)),  # noqa: DTZ001  # the zone follows
    minutes=st.just(0) | st.integers(-23 * 60, 23 * 60),
)
def test_a_moment_is_the_same_in_every_form(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    for text in forms(moment):
        assert DateTime()(text) == moment, text


@given(st.datetimes(datetime(1000, 1, 1)))  # noqa: DTZ001  # without a zone it is UTC
def test_seconds_and_leading_zeros_may_be_left_out(naive: datetime) -> None:
    minute = naive.replace(second=0, microsecond=0, tzinfo=UTC)
    text = f"{minute.year}-{minute.month}-{minute.day} {minute.hour}:{minute.minute}"
    assert DateTime()(text) == DateTime()(f"{text}:0") == DateTime()(f"{text}Z") == minute
