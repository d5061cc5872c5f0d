"""The charts: events of a release, and new and resolved issues of each week."""

import re
from datetime import timedelta
from html import unescape

import pytest

from shipmark.infrastructure.clock import now
from shipmark.web.chart_labels import spread
from shipmark.web.charts import (
    Axes,
    Mark,
    bar_chart,
    even_ceiling,
    line_chart,
    stacked_chart,
    step_ticks,
)

RELEASE = "/organizations/acme/releases/web%401.1.0/"
TIMELINE = "/organizations/acme/timeline/"


def _texts(answer):
    """The texts of the steps."""
    return [
        unescape(text) for text in re.findall(r'class="hit"[^>]*aria-label="([^"]*)"', answer.text)
    ]


def _fail(house, version, minutes, value="x"):
    return house.fail(version, value, timestamp=(now() - timedelta(minutes=minutes)).timestamp())


@pytest.fixture
def compared(house):
    """Two releases that were shipped an hour ago, with three events and one."""
    at = now() - timedelta(hours=1)
    for version in ("web@1.0.0", "web@1.1.0"):
        house.publish(version, at=at, released_at=at)
    for minutes in (58, 57, 2):
        _fail(house, "web@1.1.0", minutes)
    _fail(house, "web@1.0.0", 1)


def test_the_events_of_a_release_stand_beside_those_of_the_previous_one(owner, compared):
    answer = owner.get(RELEASE)
    texts = _texts(answer)
    assert len(texts) == 24
    assert texts[0].endswith("0h old\n1.1.0: 2 events\n1.0.0: 0 events")
    assert texts[11].endswith("55m old\n1.1.0: 1 event\n1.0.0: 1 event")
    assert texts[23].endswith("1h 55m old")
    assert "3 events since it was created" in answer.text
    assert '<path class="ser past"' in answer.text
    assert "1.0.0 at the same age" in answer.text


def test_a_chart_begins_with_the_first_deploy(house, owner, compared):
    house.deploy(house.publish("web@1.1.0"), "<b>production")
    answer = owner.get(RELEASE)
    assert "since its first deploy" in answer.text
    assert '<g class="deploy">' in answer.text
    assert "<b>production" not in answer.text


def test_without_events_there_is_the_frame_of_the_chart(house, owner):
    house.deploy(house.publish("web@1.1.0"), "production")
    answer = owner.get(RELEASE)
    assert "No events in this time</text>" in answer.text
    assert "0 events since its first deploy" in answer.text
    assert 'role="img" aria-label="Events of 1.1.0 by its age: none."' in answer.text
    assert '<line class="axis"' in answer.text
    assert '<g class="deploy">' in answer.text
    assert _texts(answer) == []
    assert "Show as table" not in answer.text


def test_steps_have_their_moments_in_the_chosen_zone(owner, compared):
    owner.cookies.set("shipmark_zone", "Asia/Tokyo")
    answer = owner.get(RELEASE)
    words = re.findall(r'aria-label="[^"]*" data-at="[^"]+" data-words="([^"]+)"', answer.text)
    assert len(words) == 24
    assert all(
        text.startswith(f"{word}, ") and word.endswith(" JST")
        for text, word in zip(_texts(answer), words, strict=True)
    )


def test_events_beyond_the_limit_are_not_counted(owner, compared, monkeypatch):
    monkeypatch.setattr("shipmark.web.view_models.release_chart.EVENTS_MAX", 2)
    assert "at most 5,000 events" in owner.get(RELEASE).text


def test_the_chart_takes_two_statements_for_any_number_of_events(
    house, owner, compared, statements
):
    statements.clear()
    owner.get(RELEASE)
    few = len(statements)
    for minutes in range(1, 9):
        _fail(house, "web@1.1.0", minutes)
    statements.clear()
    owner.get(RELEASE)
    assert len(statements) == few
    assert sum("spans" in statement for statement in statements) == 1


def test_the_timeline_shows_new_and_resolved_issues_of_each_week(house, owner):
    assert "New and resolved issues" not in owner.get(TIMELINE).text
    house.fail("web@1.0.0")
    house.fail("web@1.0.0", fingerprint=["second"])
    house.publish("web@1.1.0", message="Fixes WEB-1")
    texts = _texts(owner.get(TIMELINE))
    assert len(texts) == 12
    assert texts[-1].endswith("2 new issues\n1 resolved")
    other = house.extra_project("api")
    assert _texts(owner.get(TIMELINE, params={"project": other.slug})) == []


def test_a_line_has_gaps_and_escapes_texts():
    chart = line_chart(
        [("ser", [1, None, 3]), ("ser past", [None, None, None])],
        ["<b>1", "2", "3"],
        Axes(
            ticks=[(0, "<i>"), (50, "x")],
            marks=[Mark(x=80, text="<u>", is_before=True, is_minor=True)],
        ),
        'a "label"',
    )
    assert "<b>" not in chart
    assert "<i>" not in chart
    assert "<u>" not in chart
    assert 'aria-label="a &#34;label&#34;"' in chart
    assert "style=" not in chart
    assert 'class="minor end"' in chart
    assert chart.count('class="hit"') == 3
    assert chart.count('tabindex="0"') == 1
    assert "ser past" not in chart


@pytest.mark.parametrize(
    ("count", "parts", "labelled"),
    [(12, 3, [0, 4, 7, 11]), (14, 4, [0, 3, 6, 10, 13]), (3, 4, [0, 1, 2])],
)
def test_the_first_and_the_last_step_are_labelled(count, parts, labelled):
    ticks = step_ticks([str(number) for number in range(count)], parts)
    assert [int(name) for _, name in ticks] == labelled
    assert [ticks[0][0], ticks[-1][0]] == [0, 99.5]
    chart = bar_chart([("s-1", [1] * count)], ["x"] * count, Axes(ticks=ticks), "x")
    assert '<text class="end" x="99.5%"' in chart


def test_bars_begin_at_zero_and_few_are_seen():
    chart = bar_chart([("s-1", [0, 1, 400])], ["a", "b", "c"], Axes(ticks=()), "x")
    heights = re.findall(r'class="s-1"[^>]*height="([\d.]+)"', chart)
    assert heights == ["1.5", "154"]


def test_the_parts_of_a_stacked_bar_stand_on_each_other():
    chart = stacked_chart(
        [("s-1", [3, 0, 0]), ("s-2", [0, 0, 2]), ("s-bad", [1, 0, 2])],
        ["a", "b", "c"],
        Axes(ticks=()),
        "x",
    )
    found = re.findall(r'class="(s-\w+)" x="([\d.]+)%"[^>]* y="([\d.]+)" height="([\d.]+)"', chart)
    bars = [(kind, *map(float, numbers)) for kind, *numbers in found]
    left, right = 5.0, 71.67
    assert bars == [
        ("s-1", left, 62.5, 115.5),
        ("s-2", right, 101.0, 77.0),
        ("s-bad", left, 24.0, 38.5),
        ("s-bad", right, 24.0, 77.0),
    ]


def test_labels_of_marks_do_not_cover_each_other():
    marks = [
        Mark(x=x, text=text) for x, text in ((50, "a"), (52, "b"), (55, "c"), (98, "d"), (0, "e"))
    ]
    placed = spread(marks, lambda _: 10)
    assert [(mark.text, mark.is_before) for mark in placed] == [
        ("e", False),
        ("a", False),
        ("", False),
        ("", False),
        ("d", True),
    ]
    assert [mark.x for mark in placed if not mark.is_minor] == [50]
    assert [mark.text for mark in spread(marks[:2], lambda _: 2)] == ["a", "b"]
    [first, second] = spread([Mark(x=50, text="a"), Mark(x=50, text="b")], lambda _: 10)
    assert {first.is_before, second.is_before} == {True, False}


@pytest.mark.parametrize(
    ("count", "high"), [(0, 2), (1, 2), (3, 4), (11, 12), (101, 120), (9999, 10000)]
)
def test_an_axis_ends_at_an_even_number(count, high):
    assert even_ceiling(count) == high
