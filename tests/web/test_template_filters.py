"""How pages say things."""

from datetime import UTC, datetime, timedelta

import pytest

from shipmark.web import template_filters

NOW = datetime(2026, 3, 12, 9, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("distance", "said"),
    [
        (timedelta(0), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 minute ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=29), "29 days ago"),
        (timedelta(days=30), "10 Feb 2026"),
        (timedelta(minutes=-5), "in 5 minutes"),
        (timedelta(days=-365), "12 Mar 2027"),
    ],
)
def test_a_moment_is_told_by_its_distance(distance, said):
    assert template_filters.ago(NOW - distance, NOW) == said


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("ada.lovelace@example.com", "AL"),
        ("Cher", "C"),
        ("", "?"),
        ("a b c", "AC"),
    ],
)
def test_initials_stand_for_a_person(name, letters):
    assert template_filters.initials(name) == letters


def test_a_message_has_a_first_line_and_others():
    message = "\n\nMend it\n\nIt was broken.\n"
    assert template_filters.first_line(message) == "Mend it"
    assert template_filters.later_lines(message) == "It was broken."
    assert template_filters.first_line(None) == template_filters.later_lines(None) == ""


@pytest.mark.parametrize(
    ("version", "short", "package"),
    [
        ("web@1.2.3", "1.2.3", "web"),
        ("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "9f86d081884c", ""),
        ("any words", "any words", ""),
        ("x" * 201, "x" * 201, ""),
    ],
)
def test_a_long_version_has_a_short_form(version, short, package):
    assert (template_filters.short_version(version), template_filters.package(version)) == (
        short,
        package,
    )


@pytest.mark.parametrize("url", ["http://example.com", "HTTPS://example.com/a?b#c"])
def test_a_web_address_may_be_a_link(url):
    assert template_filters.web_address(url) == url


@pytest.mark.parametrize(
    "url", [None, "", "javascript:alert(1)", "//example.com", "http:", "http://[x", " data:x"]
)
def test_anything_else_is_no_link(url):
    assert template_filters.web_address(url) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no code", "no code"),
        ("a `b` c", "a <code>b</code> c"),
        ("`a` and `<b>`", "<code>a</code> and <code>&lt;b&gt;</code>"),
        ("<i>`a`", "&lt;i&gt;<code>a</code>"),
        ("one ` tick", "one ` tick"),
        ("`a` and ` tick", "<code>a</code> and ` tick"),
        ("", ""),
    ],
)
def test_ticks_mark_code_and_nothing_else_is_markup(text, shown):
    assert template_filters.with_code(text) == shown
