"""Up to which age of a release its new issues may show it as regressed (decision 38)."""

from collections.abc import Mapping, Sequence

import pytest

from shipmark.release_health.model import DAY, SketchKind
from shipmark.release_health.sketches import DistinctValues
from shipmark.verdicts.base_selection import HOUR
from shipmark.verdicts.equal_ages import comparable_age
from shipmark.verdicts.evaluation import evaluate, frozen_base
from shipmark.verdicts.explanations import reasons
from shipmark.verdicts.hours import Bucket, BucketSketch, Health
from shipmark.verdicts.judgement import UnitCount, VerdictReason, VerdictStatus
from shipmark.verdicts.model import (
    Base,
    Criteria,
    Evaluation,
    Measure,
    ReleaseVerdict,
    Stream,
)

START = 1_000 * DAY
NOTHING = Health([], [])
MINUTE = 60


def a_release(
    ages: Sequence[int], *, start: int = START, width: int = HOUR, users: int = 100, bad: int = 0
) -> Health:
    """Return a release with twice as many sessions as users at these ages in buckets, some with a new issue."""
    return Health(
        [
            Bucket(
                series_id=1,
                width=width,
                start=start + age * width,
                sessions=2 * users,
                crashed=0,
                users=users,
                users_crashed=0,
                users_new_issue=bad,
            )
            for age in ages
        ],
        [],
        first_start=start,
    )


def hours(*ages: Sequence[int]) -> float | None:
    """Return the comparable age, in hours, of releases that were current at these hours of their lives."""
    age = comparable_age([a_release(each) for each in ages])
    return None if age is None else age / HOUR


@pytest.mark.parametrize(
    ("ages", "expected"),
    [
        # One release, and several that were current for as long.
        ([range(168)], 168),
        ([range(3)] * 8, 3),
        # The last week of a release that was current for 20 days.
        ([range(13 * 24, 20 * 24)], 480),
        # 15 of 17 hours are of releases that reached three hours: more than five sixths (14.2).
        ([*[range(3)] * 5, range(2)], 3),
        # 15 of 19 hours are fewer than five sixths (15.8); all reached two.
        ([*[range(3)] * 5, range(2), range(2)], 2),
        # 16 of 24 hours are of the one that stayed over night.
        ([*[range(2)] * 4, range(16)], 2),
        # 165 of 168 hours are of the release before the last.
        ([range(3), range(315, 480)], 480),
        # 147 of 180 hours are too few. Up to an age of three hours six of 36 would be of releases that reached it.
        ([*[range(2)] * 15, range(3), range(147)], 2),
    ],
)
def test_the_age_is_the_greatest_that_enough_of_the_base_has_reached(
    ages: Sequence[Sequence[int]], expected: float
) -> None:
    assert hours(*ages) == expected


def test_without_sessions_no_age_is_reached() -> None:
    assert comparable_age([]) is None
    assert comparable_age([NOTHING, a_release(range(3), users=0)]) is None


def test_an_age_is_that_of_sessions_not_of_empty_buckets() -> None:
    quiet = a_release(range(3, 9), users=0)
    used = a_release(range(3))
    together = Health([*used.buckets, *quiet.buckets], [], first_start=START)
    assert comparable_age([together]) == 3 * HOUR


def test_an_age_counts_from_the_first_session() -> None:
    late = a_release(range(5), start=START + 50 * MINUTE, width=600)
    assert comparable_age([late]) == 50 * MINUTE


def test_the_base_of_new_issues_has_no_later_hours() -> None:
    base = frozen_base([*[a_release(range(2), bad=1)] * 4, a_release(range(16), bad=2)])
    assert base.new_issues_seconds == 2 * HOUR
    assert counts(base) == {
        Measure.SESSIONS: UnitCount(0, 4_800),
        Measure.USERS: UnitCount(0, 2_400),
        # 4 x 2 hours with one, and the first two of 16 with two.
        Measure.NEW_ISSUES: UnitCount(12, 1_000),
    }


def counts(base: Base) -> Mapping[Measure, UnitCount]:
    return {measure: base.of(measure).count for measure in Measure}


#: Releases of three hours without any new issue.
SHORT = frozen_base([a_release(range(3), users=1_000)] * 8)


def evaluated(new: Health, end: int, base: Base = SHORT) -> Evaluation:
    return evaluate(base, new, NOTHING, start=START, end=START + end, criteria=Criteria())


def by_measure(evaluation: Evaluation) -> dict[Measure, tuple[float, int | None]]:
    return {
        result.measure: (result.comparison.of_days.units, result.compared_seconds)
        for result in evaluation.results
    }


def test_new_issues_of_a_later_age_than_the_base_s_make_no_release_regressed() -> None:
    quiet, late = a_release(range(18), width=600), a_release(range(18, 36), width=600, bad=90)
    new = Health([*quiet.buckets, *late.buckets], [], first_start=START)
    at_the_limit = evaluated(new.between(START, START + 3 * HOUR), 3 * HOUR)
    assert by_measure(at_the_limit)[Measure.NEW_ISSUES] == (1_800, None)
    later = evaluated(new, 6 * HOUR)
    assert by_measure(later) == {
        Measure.SESSIONS: (7_200, None),
        Measure.USERS: (3_600, None),
        Measure.NEW_ISSUES: (1_800, 3 * HOUR),
    }
    evidence = [each.results[2].judgement.log_regressed for each in (at_the_limit, later)]
    assert evidence[0] == evidence[1]
    # A base of before has no limit, or one that the release has not reached.
    for without in (Base(measures=SHORT.measures), frozen_base([a_release(range(168))])):
        assert evaluated(new, 6 * HOUR, without).status == VerdictStatus.REGRESSED


def test_evidence_of_a_regression_is_divided_by_the_spread_of_its_own_hours() -> None:
    early = a_release(range(18), width=600, bad=2)
    users = DistinctValues()
    users.add(1)
    # One user meets the new issue in each of three hours.
    late = Health(
        a_release(range(18, 36), width=600, bad=1).buckets,
        [
            BucketSketch(
                series_id=1,
                width=600,
                start=START + number * 600,
                kind=SketchKind.NEW_ISSUE,
                encoded=users.encode(),
            )
            for number in range(18, 36)
        ],
    )
    together = Health([*early.buckets, *late.buckets], late.sketches, first_start=START)
    before, after = evaluated(early, 3 * HOUR).results[2], evaluated(together, 6 * HOUR).results[2]
    assert (after.comparison.days_spread, after.comparison.spread) == (1, 2 * 39 / 1 - 1)
    assert before.judgement.log_regressed == after.judgement.log_regressed


def test_later_hours_without_new_issues_make_a_release_healthy() -> None:
    new = a_release(range(36), width=600, users=60)
    before = evaluated(new.between(START, START + 2 * HOUR), 2 * HOUR)
    after = evaluated(new, 6 * HOUR)
    assert before.reason == VerdictReason.NOT_ENOUGH_DATA
    assert (after.status, after.results[2].compared_seconds) == (VerdictStatus.HEALTHY, 3 * HOUR)
    assert (
        "Users without a new issue, by the hour: 100%, was 100%: no difference, surely within the 0.3 allowed"
        " (0 of 2,160 met one, 0 of 24,000 before)."
    ) in texts(after)


def test_later_hours_with_new_issues_keep_a_release_from_being_healthy() -> None:
    quiet = a_release(range(18), width=600, users=60)
    late = a_release(range(18, 36), width=600, users=60, bad=1)
    after = evaluated(Health([*quiet.buckets, *late.buckets], [], first_start=START), 6 * HOUR)
    assert (after.reason, after.measure) == (VerdictReason.NOT_ENOUGH_DATA, Measure.NEW_ISSUES)
    assert texts(after)[0] == (
        "Users without a new issue, by the hour: 99.17%, was 100%: 0.83 points lower, not enough to tell"
        " (18 of 2,160 met one, 0 of 24,000 before)."
        " 0.74 points lower in the first 3 hours would count as worse."
        " New issues can show it as regressed by its first 3 hours only, as the base has hardly any later hours."
    )


def test_a_release_that_its_new_issues_show_as_regressed_has_the_numbers_of_the_same_hours() -> (
    None
):
    early = a_release(range(18), width=600, users=60, bad=1)
    late = a_release(range(18, 36), width=600, users=60)
    after = evaluated(Health([*early.buckets, *late.buckets], [], first_start=START), 6 * HOUR)
    assert after.results[2].new == UnitCount(18, 1_080)
    assert texts(after)[0] == (
        "Users without a new issue, by the hour: 98.33%, was 100%: 1.67 points lower, 0.1 allowed"
        " (18 of 1,080 met one, 0 of 24,000 before)."
        " New issues can show it as regressed by its first 3 hours only, as the base has hardly any later hours."
    )


def test_before_the_age_of_the_base_no_limit_is_named() -> None:
    young = a_release(range(12), width=600, users=60)
    assert not any("by its first" in text for text in texts(evaluated(young, 2 * HOUR)))


def test_hours_that_lie_partly_beyond_the_age_make_no_release_regressed() -> None:
    """Buckets of ten minutes become hours after two days."""
    base = frozen_base([a_release(range(2), width=600)] * 20)
    after = evaluated(a_release(range(5), bad=90), 5 * HOUR, base)
    assert by_measure(after)[Measure.NEW_ISSUES] == (0, 20 * MINUTE)
    result = after.results[2]
    assert (result.new, result.smallest_regression) == (UnitCount(450, 500), None)
    assert result.judgement.reason == VerdictReason.NOT_ENOUGH_DATA
    assert result.judgement.log_regressed == 0


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(40 * MINUTE, "40 minutes"), (HOUR, "60 minutes"), (9_000, "2.5 hours"), (7 * DAY, "7 days")],
)
def test_the_length_of_the_comparison_is_in_words(seconds: int, expected: str) -> None:
    base = Base(measures=SHORT.measures, new_issues_seconds=seconds)
    after = evaluated(a_release(range(200), bad=1), 200 * HOUR, base)
    [text] = [each for each in texts(after) if each.startswith("Users without a new issue")]
    assert f" New issues can show it as regressed by its first {expected} only," in text


def texts(evaluation: Evaluation) -> list[str]:
    stream = Stream(
        series_id=1,
        organization_id=1,
        project_id=1,
        environment_id=1,
        release_id=1,
        version="web@2.0.0",
        environment="production",
        start=START,
        last_start=START,
    )
    verdict = ReleaseVerdict(
        stream=stream,
        base=SHORT,
        status=evaluation.status,
        reason=evaluation.reason,
        measure=evaluation.measure,
        since=stream.started_at,
    )
    return [reason.text for reason in reasons(verdict, evaluation)]
