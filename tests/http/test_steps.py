"""The steps that a time range is shown in (releases.md 2.16)."""

from datetime import UTC, datetime, timedelta

import pytest

from shipmark.http.time_range import STEPS_MAX, range_or_default, steps
from shipmark.infrastructure.errors import BadRequest

NOW = datetime(2026, 2, 1, 12, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TOO_MANY = (
    "Your interval and date range would create too many results."
    " Use a larger interval, or a smaller date range."
)


def test_without_a_range_it_is_the_last_time() -> None:
    assert range_or_default({}, NOW, DAY) == (NOW - DAY, NOW)
    assert range_or_default({"statsPeriod": "1h"}, NOW, DAY) == (NOW - HOUR, NOW)


def test_steps_are_whole_intervals_that_cover_the_range() -> None:
    assert steps((NOW - DAY, NOW), None, DAY) == [
        datetime(2026, 1, 31, tzinfo=UTC),
        datetime(2026, 2, 1, tzinfo=UTC),
    ]
    found = steps((NOW - 2 * HOUR, NOW), "1h", DAY)
    assert [at.hour for at in found] == [10, 11, 12]


def test_a_range_on_whole_intervals_has_no_step_more() -> None:
    noon = NOW.replace(minute=0)
    assert steps((noon - 2 * HOUR, noon), "1h", DAY) == [noon - 2 * HOUR, noon - HOUR]
    assert steps((noon, noon), "1h", DAY) == []


@pytest.mark.parametrize("interval", ["1m", "1s", "59m", "0h", "7"])
def test_an_hour_is_the_shortest_step(interval: str) -> None:
    assert len(steps((NOW - 3 * HOUR, NOW), interval, DAY)) == 4


@pytest.mark.parametrize("interval", ["x", "-1h", "1.5h", "1y", "9" * 9 + "w", "24 h"])
def test_an_interval_that_cant_be_read_is_told(interval: str) -> None:
    with pytest.raises(BadRequest) as refused:
        steps((NOW - DAY, NOW), interval, DAY)
    assert refused.value.detail == f"Invalid interval: '{interval}'"


def test_too_many_steps_are_refused() -> None:
    noon = NOW.replace(minute=0)
    assert len(steps((noon - STEPS_MAX * HOUR, noon), "1h", DAY)) == STEPS_MAX
    with pytest.raises(BadRequest) as refused:
        steps((noon - (STEPS_MAX + 1) * HOUR, noon), "1h", DAY)
    assert refused.value.detail == TOO_MANY


def test_the_beginning_and_the_end_of_time_are_refused_and_never_fail() -> None:
    first, last = (datetime(year, 1, 1, 5, tzinfo=UTC) for year in (1, 9999))
    with pytest.raises(BadRequest):
        steps((first, last), "1h", DAY)
    with pytest.raises(BadRequest):
        steps((first, first + DAY), "36499d", DAY)
    assert len(steps((last, last + DAY), "36499d", DAY)) == 1
