"""Which events of an issue are kept when it has too many."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipmark.events.retention import OF_EACH_ORIGIN, RetainedEvent, ids_to_keep

AT = datetime(2026, 1, 5, tzinfo=UTC)
LIMIT = 100


def event(number: int, release: int | None = 1, *, has_report: bool = False) -> RetainedEvent:
    """An event, the later the higher its number."""
    return RetainedEvent(
        id=number,
        at=AT + timedelta(minutes=number),
        release_id=release,
        environment_id=1,
        has_report=has_report,
    )


def test_all_are_kept_up_to_the_limit() -> None:
    assert ids_to_keep([event(number) for number in range(LIMIT)], LIMIT) == set(range(LIMIT))


def test_the_first_and_the_newest_half_are_kept_and_older_ones_are_thinned_out() -> None:
    kept = ids_to_keep([event(number) for number in range(1000)], LIMIT)
    assert len(kept) == LIMIT
    assert 0 in kept
    assert set(range(951, 1000)) <= kept
    older = sorted(kept - set(range(951, 1000)))
    gaps = {after - before for before, after in itertools.pairwise(older)}
    assert gaps <= {1, 18, 19, 20}


def test_those_with_reports_of_users_are_kept_up_to_a_quarter() -> None:
    events = [event(number, has_report=number < 40) for number in range(1, 1000)]
    kept = ids_to_keep(events, LIMIT)
    assert set(range(15, 40)) <= kept


def test_the_newest_few_of_each_release_are_kept() -> None:
    events = [event(number, release=number // 100) for number in range(500)]
    kept = ids_to_keep(events, LIMIT)
    for release in range(5):
        newest = range(100 * release + 100 - OF_EACH_ORIGIN, 100 * release + 100)
        assert set(newest) <= kept


def test_of_very_many_releases_the_newest_have_an_event_each() -> None:
    events = [event(number, release=number // 2) for number in range(1000)]
    kept = ids_to_keep(events, LIMIT)
    assert set(range(951, 1000, 2)) <= kept


@given(
    st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=400),
    st.integers(LIMIT, 250),
)
def test_as_many_are_kept_as_the_limit_says(made: list[tuple[int, bool]], limit: int) -> None:
    events = [
        event(number, release=release, has_report=has_report)
        for number, (release, has_report) in enumerate(made)
    ]
    kept = ids_to_keep(events, limit)
    assert len(kept) == min(len(events), limit)
    assert {0, len(events) - 1} <= kept
    assert kept == ids_to_keep([each for each in events if each.id in kept], limit)


def test_a_limit_that_keeps_nothing_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        ids_to_keep([], 1)
