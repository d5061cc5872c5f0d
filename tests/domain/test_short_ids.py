"""Short ids of issues: ingest.md 8.4 and releases.md 3.7.4."""

import pytest

from shipmark.issues import short_ids
from shipmark.issues.short_ids import ShortId


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1, "1"),
        (9, "9"),
        (10, "A"),
        (18, "J"),
        (20, "M"),
        (22, "P"),
        (27, "V"),
        (31, "Z"),
        (32, "10"),
        (95, "2Z"),
    ],
)
def test_numbers_are_written_in_base_32(number: int, text: str) -> None:
    assert short_ids.encode(number) == text
    assert short_ids.decode(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2z", 95),
        ("1O", 32),
        ("1o", 32),
        ("I", 1),
        ("i", 1),
        ("L", 1),
        ("l", 1),
        ("01", 1),
        ("0" * 99 + "a", 10),
    ],
)
def test_reading_forgives_what_people_mistype(text: str, number: int) -> None:
    assert short_ids.decode(text) == number


@pytest.mark.parametrize("text", ["", "0", "O0", "U", "1u", "-1", "1 ", "ı", "١"])
def test_other_texts_are_no_numbers(text: str) -> None:
    assert short_ids.decode(text) is None


def test_the_biggest_number_is_that_of_the_database() -> None:
    biggest = short_ids.encode(short_ids.NUMBER_MAX)
    assert biggest == "7ZZZZZZZZZZZZ"
    assert short_ids.decode(biggest) == short_ids.NUMBER_MAX
    assert short_ids.decode("8000000000000") is None
    assert short_ids.decode("Z" * 1_000_000) is None


def test_a_short_id_is_shown_in_upper_case() -> None:
    assert short_ids.format_short_id("my-app", 42) == "MY-APP-1A"


@pytest.mark.parametrize(
    ("text", "slug", "number"),
    [
        ("WEB-1", "web", 1),
        ("web-1", "web", 1),
        ("WEB_1", "web", 1),
        ("WEB 1", "web", 1),
        ("my-app-1A", "my-app", 42),
        ("my_app_1a", "my_app", 42),
        ("WEB--1", "web-", 1),
        ("x" * 50 + "-1", "x" * 50, 1),
    ],
)
def test_a_short_id_splits_at_the_last_separator(text: str, slug: str, number: int) -> None:
    assert short_ids.parse(text) == ShortId(project_slug=slug, number=number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "WEB",
        "1",
        "-1",
        "WEB-",
        "WEB-U",
        "WEB-0",
        "WEB.1",
        "wéb-1",
        "my app 1",
        "WEB-1\n",
        "x" * 51 + "-1",
    ],
)
def test_other_texts_are_no_short_ids(text: str) -> None:
    assert short_ids.parse(text) is None
