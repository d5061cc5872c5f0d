"""The worked examples of the verdict on one measure (verdict.md 1.8), and what holds for all counts."""

from collections.abc import Sequence
from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shipmark.verdicts.judgement import (
    THRESHOLDS,
    Comparison,
    Judgement,
    UnitCount,
    VerdictReason,
    VerdictStatus,
    evidence_of_health,
    evidence_of_regression,
    judge,
    overall,
    smallest_regression,
    spread_of_groups,
    spread_of_periods,
    total,
    worst,
)

REGRESSED, UNDECIDED, HEALTHY = (
    VerdictStatus.REGRESSED,
    VerdictStatus.UNDECIDED,
    VerdictStatus.HEALTHY,
)
#: Beyond it the ends of the grid show, far from any limit.
PRECISE_BELOW = 20
WEB = (500, 100_000)


def compared(
    base: tuple[float, float],
    *days: tuple[float, float],
    spread: float = 1.0,
    floor: float = 0.0,
) -> Comparison:
    counts = [UnitCount(*day) for day in days]
    return Comparison(
        base=UnitCount(*base),
        new=total(counts),
        days=counts,
        ripe=total(counts),
        spread=spread,
        days_spread=spread,
        floor=floor,
    )


@pytest.mark.parametrize(
    ("comparison", "log_regressed", "log_healthy", "status"),
    [
        (compared(WEB, (5, 20)), 11.5846, -2.7278, REGRESSED),
        (compared(WEB, (3, 20)), 4.8839, -2.0623, REGRESSED),
        (compared(WEB, (2, 20)), 2.1294, -1.5991, UNDECIDED),
        (compared(WEB, (0, 20)), -0.3713, 0.1023, UNDECIDED),
        (compared(WEB, (0, 900)), -0.6709, 5.4587, HEALTHY),
        (compared(WEB, (25, 5_000)), -0.6802, 1.5787, UNDECIDED),
        (compared(WEB, (70, 7_000)), 3.4957, -6.0456, UNDECIDED),
        (compared(WEB, (90, 9_000)), 5.0897, -7.2022, REGRESSED),
        (compared(WEB, (5, 20), spread=9), 0.6944, -0.6045, UNDECIDED),
        (compared(WEB, (60, 1_200), floor=0.05), -0.6923, -13.1819, UNDECIDED),
        (compared(WEB, *[(50, 10_000)] * 3, (40, 1_000)), 35.0978, 4.3320, REGRESSED),
        (compared(WEB, (190, 31_000)), -0.6898, 4.3320, HEALTHY),
        (compared((0, 5_000), (0, 1_500)), -0.6189, 3.2835, HEALTHY),
        (compared((0, 5_000), (4, 100)), 7.9455, -2.3854, REGRESSED),
        (compared((1, 150), (4, 100)), 0.0, 0.0, UNDECIDED),
        (compared((1_000, 50_000), (60, 3_000)), -0.6920, 3.0135, HEALTHY),
        (compared((1_000, 50_000), (300, 10_000)), 2.3384, -7.3061, UNDECIDED),
        (compared((200, 200_000), (2, 2_000)), -0.6374, 2.7817, UNDECIDED),
    ],
)
def test_the_worked_examples(
    comparison: Comparison, log_regressed: float, log_healthy: float, status: VerdictStatus
) -> None:
    judgement = judge(comparison)
    assert judgement.status == status
    assert close(judgement.log_regressed, log_regressed)
    assert close(judgement.log_healthy, log_healthy)


def close(measured: float, expected: float) -> bool:
    return abs(expected) > PRECISE_BELOW or abs(measured - expected) < 0.01


@pytest.mark.parametrize(
    ("base", "fewest_bad", "units_without_bad", "units_at_the_rate"),
    [
        ((0, 5_000), (3, 3, 3, 6, 8), 1_380, 1_400),
        ((20, 20_000), (3, 3, 4, 7, 10), 1_050, 2_200),
        ((100, 20_000), (3, 5, 6, 12, 19), 530, 9_400),
        ((500, 100_000), (3, 4, 6, 12, 18), 520, 7_800),
        ((2_000, 100_000), (5, 8, 11, 28, 46), 140, 2_900),
    ],
)
def test_the_fewest_units_of_a_verdict(
    base: tuple[int, int],
    fewest_bad: Sequence[int],
    units_without_bad: int,
    units_at_the_rate: int,
) -> None:
    fewest = tuple(fewest_for_regressed(base, units) for units in (20, 50, 100, 500, 1_000))
    assert fewest == fewest_bad
    rate = base[0] / base[1]
    assert fewest_for_healthy(base, 0.0, step=10) == units_without_bad
    assert fewest_for_healthy(base, rate, step=100 if rate else 10) == pytest.approx(
        units_at_the_rate, abs=100
    )


def fewest_for_regressed(base: tuple[int, int], units: int) -> int:
    return next(
        bad
        for bad in range(units + 1)
        if judge(compared(base, (bad, units))).status == VerdictStatus.REGRESSED
    )


def fewest_for_healthy(base: tuple[int, int], rate: float, *, step: int) -> int:
    return next(
        units
        for units in range(step, 20_000, step)
        if evidence_of_health(UnitCount(*base), UnitCount(rate * units, units))
        >= THRESHOLDS.log_healthy
    )


def test_the_smallest_regression_that_shows_is_the_fewest_bad_units() -> None:
    comparison = compared(WEB, (0, 20))
    assert [smallest_regression(comparison, units) for units in (20, 50, 1_000)] == [
        3 / 20,
        4 / 50,
        18 / 1_000,
    ]


def test_without_a_base_no_regression_shows() -> None:
    assert smallest_regression(compared((1, 150), (0, 20)), 20) is None


def test_units_that_are_not_ripe_do_not_make_a_release_healthy() -> None:
    new = UnitCount(0, 900)
    comparison = Comparison(base=UnitCount(*WEB), new=new, days=[new], ripe=UnitCount(0, 100))
    assert judge(comparison).reason == VerdictReason.NOT_ENOUGH_DATA


def test_a_release_without_units_is_undecided() -> None:
    assert judge(compared(WEB, (0, 0))) == Judgement(UNDECIDED, VerdictReason.NO_SESSIONS)


def test_groups_of_bad_units_spread_them() -> None:
    assert [spread_of_groups(*each) for each in ((30, 10), (5, 1), (3, 0), (1, 1))] == [5, 9, 1, 1]


def test_rates_that_vary_between_hours_spread_them() -> None:
    steady = [UnitCount(5, 1_000)] * 12
    varying = [UnitCount(0, 1_000), UnitCount(10, 1_000)] * 6
    assert spread_of_periods(steady, 1) == 1
    assert spread_of_periods(varying, 1) > 5
    assert spread_of_periods(varying, 2) == 1


def test_few_hours_say_nothing_about_their_spread() -> None:
    assert spread_of_periods([UnitCount(0, 1_000), UnitCount(10, 1_000)] * 3, 1) == 1


def a_judgement(
    status: VerdictStatus, reason: VerdictReason = VerdictReason.NOT_ENOUGH_DATA
) -> Judgement:
    return Judgement(status, reason)


def test_the_verdict_is_of_all_measures_that_have_a_base() -> None:
    healthy, undecided = a_judgement(HEALTHY), a_judgement(UNDECIDED)
    no_base = a_judgement(UNDECIDED, VerdictReason.NO_BASE)
    assert overall([healthy, no_base]) == HEALTHY
    assert overall([healthy, undecided]) == UNDECIDED
    assert overall([healthy, a_judgement(REGRESSED)]) == REGRESSED
    assert overall([]) == overall([no_base]) == UNDECIDED


def test_the_verdict_of_several_projects_is_the_worst() -> None:
    assert worst([HEALTHY, UNDECIDED, HEALTHY]) == UNDECIDED
    assert worst([HEALTHY, REGRESSED, UNDECIDED]) == REGRESSED


#: Up to a fifth is bad: the rates of the alternatives, which are multiples, must be shares of units.
BASES = st.tuples(st.integers(0, 600), st.integers(3_000, 200_000))
NEWS = st.tuples(st.integers(0, 60), st.integers(60, 20_000))


@given(base=BASES, new=NEWS)
def test_a_good_unit_never_speaks_for_a_regression(
    base: tuple[int, int], new: tuple[int, int]
) -> None:
    before = evidence_of_regression(UnitCount(*base), UnitCount(*new))
    after = evidence_of_regression(UnitCount(*base), UnitCount(new[0], new[1] + 1))
    assert abs(before) > PRECISE_BELOW or after <= before + 0.01


@given(base=BASES, new=NEWS)
def test_a_bad_unit_never_speaks_against_a_regression(
    base: tuple[int, int], new: tuple[int, int]
) -> None:
    before = evidence_of_regression(UnitCount(*base), UnitCount(*new))
    after = evidence_of_regression(UnitCount(*base), UnitCount(new[0] + 1, new[1] + 1))
    assert abs(before) > PRECISE_BELOW or after >= before - 0.01


@given(base=BASES, new=NEWS, spread=st.floats(1, 15))
def test_a_spread_is_as_much_less_data(
    base: tuple[int, int], new: tuple[int, int], spread: float
) -> None:
    spread_out = judge(compared(base, new, spread=spread))
    smaller = judge(
        compared((base[0] / spread, base[1] / spread), (new[0] / spread, new[1] / spread))
    )
    assert spread_out.log_regressed == pytest.approx(smaller.log_regressed)
    assert spread_out.log_healthy == pytest.approx(smaller.log_healthy)


@given(base=BASES, new=NEWS, spread=st.floats(1, 1e9))
def test_any_spread_leaves_numbers(
    base: tuple[int, int], new: tuple[int, int], spread: float
) -> None:
    judgement = judge(compared(base, new, spread=spread))
    assert isfinite(judgement.log_regressed)
    assert isfinite(judgement.log_healthy)


@given(base=BASES, new=NEWS, floor=st.floats(0, 0.5))
def test_a_floor_only_removes_regressions(
    base: tuple[int, int], new: tuple[int, int], floor: float
) -> None:
    with_floor = judge(compared(base, new, floor=floor))
    assert with_floor.log_regressed <= judge(compared(base, new)).log_regressed + 1e-9


def test_the_limits_are_those_of_one_in_a_hundred_and_one_in_twenty() -> None:
    assert pytest.approx(4.6052, abs=1e-4) == THRESHOLDS.log_regressed
    assert pytest.approx(2.9957, abs=1e-4) == THRESHOLDS.log_healthy
