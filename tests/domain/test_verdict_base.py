"""Which hours of which releases a new one is compared with (verdict.md 1.5)."""

import pytest

from shipmark.release_health.model import DAY, SketchKind
from shipmark.release_health.sketches import DistinctValues
from shipmark.verdicts.base_selection import (
    HOUR,
    candidates,
    enough,
    select_hours,
    tenures_by_deploys,
    tenures_by_sessions,
)
from shipmark.verdicts.evaluation import frozen_base
from shipmark.verdicts.hours import Bucket, BucketSketch, Health
from shipmark.verdicts.model import Measure, Tenure

START = 1_000 * DAY
ONE, TWO, THREE, NEW = 1, 2, 3, 9


def a_tenure(release_id: int, days_before: float, until: float = 0.0) -> Tenure:
    return Tenure(
        release_id=release_id,
        start=START - int(days_before * DAY),
        end=START - int(until * DAY),
    )


def days(tenures: list[Tenure]) -> list[tuple[int, float, float]]:
    return [
        (each.release_id, (START - each.start) / DAY, (START - each.end) / DAY) for each in tenures
    ]


def test_a_release_is_current_until_the_next_deploy() -> None:
    deploys = [(TWO, START - DAY), (TWO, START - 2 * DAY), (ONE, START - 5 * DAY)]
    assert days(tenures_by_deploys(deploys, NEW, START)) == [(TWO, 2, 0), (ONE, 5, 2)]


def test_the_release_itself_is_not_its_base() -> None:
    deploys = [(NEW, START - HOUR), (ONE, START - DAY), (NEW, START - 2 * DAY)]
    tenures = tenures_by_deploys(deploys, NEW, START)
    assert [tenure.release_id for tenure in tenures] == [ONE]
    assert tenures[0].end == START - HOUR


def test_a_deploy_after_the_first_session_does_not_count() -> None:
    assert tenures_by_deploys([(TWO, START + HOUR), (ONE, START - DAY)], NEW, START) == [
        a_tenure(ONE, 1)
    ]


def test_without_deploys_the_release_with_most_sessions_of_a_day_is_current() -> None:
    hours = {
        ONE: {START - number * HOUR: 100 for number in range(1, 72)},
        TWO: {START - number * HOUR: 150 for number in range(1, 30)},
    }
    (two, two_start, _), (one, *_) = days(tenures_by_sessions(hours, START))
    assert (two, one) == (TWO, ONE)
    # The day before has more sessions of it 16 hours after its first ones.
    assert two_start == 14 / 24


def test_without_sessions_nothing_is_current() -> None:
    assert tenures_by_sessions({}, START) == []
    assert tenures_by_sessions({ONE: {}}, START) == []


def test_a_base_is_the_last_week() -> None:
    assert days(select_hours([a_tenure(ONE, 20)], set(), START)) == [(ONE, 7, 0)]


def test_a_base_of_less_than_a_week_goes_on_with_releases_before_it() -> None:
    tenures = [a_tenure(THREE, 1), a_tenure(TWO, 4, 1), a_tenure(ONE, 20, 4)]
    assert days(select_hours(tenures, set(), START)) == [(THREE, 1, 0), (TWO, 4, 1), (ONE, 7, 4)]


def test_a_regressed_release_is_left_out() -> None:
    tenures = [a_tenure(THREE, 1), a_tenure(TWO, 4, 1), a_tenure(ONE, 20, 4)]
    assert days(select_hours(tenures, {THREE}, START)) == [(TWO, 4, 1), (ONE, 8, 4)]


def test_a_base_lies_at_most_five_releases_back() -> None:
    tenures = [a_tenure(number, number, number - 1) for number in range(1, 8)]
    assert select_hours(tenures, {1, 2, 3, 4, 5}, START) == []
    assert days(select_hours(tenures, {1, 2, 3, 4}, START))[0] == (5, 5, 4)


def test_a_base_lies_at_most_thirty_days_back() -> None:
    tenures = [a_tenure(TWO, 31), a_tenure(ONE, 90, 31)]
    assert select_hours(tenures, {TWO}, START) == []


def test_releases_are_pooled_until_there_are_enough_sessions() -> None:
    assert enough([5_000, 16_000, 1_000]) == 2
    assert enough([30_000, 1]) == 1
    assert enough([10, 10]) == 2
    assert enough([]) == 0


def test_candidates_come_once_each_the_latest_first() -> None:
    assert candidates([a_tenure(TWO, 1), a_tenure(ONE, 2, 1), a_tenure(TWO, 3, 2)]) == [TWO, ONE]


def a_part(hour: int, crashed: int, users: range) -> Health:
    """Return an hour of 1,000 sessions of 500 users, in which these users had so many crashes."""
    start, values = START + hour * HOUR, DistinctValues()
    for user in users:
        values.add(user << 32)
    bucket = Bucket(
        series_id=1,
        width=HOUR,
        start=start,
        sessions=1_000,
        crashed=crashed,
        users=500,
        users_crashed=len(users),
        users_new_issue=0,
    )
    sketch = BucketSketch(
        series_id=1, width=HOUR, start=start, kind=SketchKind.CRASHED, encoded=values.encode()
    )
    return Health([bucket], [sketch])


def test_the_crashes_of_a_base_of_several_releases_are_grouped_together() -> None:
    parts = [a_part(0, 9, range(1)), a_part(1, 9, range(9))]
    measures = frozen_base(parts).measures
    assert measures[Measure.SESSIONS].spread == pytest.approx(2 * 18 / 10 - 1)


def test_a_user_who_crashes_in_two_releases_of_a_base_on_a_day_is_one_group() -> None:
    measures = frozen_base([a_part(hour, 2, range(2)) for hour in range(3)]).measures
    assert measures[Measure.USERS].spread == 2 * 6 / 2 - 1
