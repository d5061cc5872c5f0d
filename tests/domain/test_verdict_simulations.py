"""How often the verdict is wrong, and how soon it is right (verdict.md 1.6). `bench/verdict_simulations.py` runs more.

The seeds are fixed, so a test has one result. What is promised holds for any number of looks.
"""

from random import Random

import pytest
from verdict_simulation import (
    Case,
    Runs,
    bad_units,
    growing,
    times_to_healthy,
    times_to_regressed,
)

from shipmark.verdicts.judgement import (
    ALPHA,
    BETA,
    Comparison,
    UnitCount,
    VerdictStatus,
    judge,
    spread_of_groups,
    total,
)

BASE = 20_000
LOOKS = growing(8_000)


def a_case(base: float, new: float, base_units: int = BASE) -> Case:
    """Rates in percent."""
    return Case(base_rate=base / 100, base_units=base_units, new_rate=new / 100)


@pytest.mark.parametrize(("base", "new"), [(0.1, 0.1), (0.5, 0.5), (2, 2)])
def test_a_release_like_its_base_is_not_regressed(base: float, new: float) -> None:
    regressed = times_to_regressed(a_case(base, new), LOOKS, runs=Runs(20, 20, seed=1))
    assert regressed.share == 0


@pytest.mark.parametrize(("base", "new"), [(0, 0.1), (0.1, 0.2), (0.5, 0.6), (2, 2.4)])
def test_a_release_at_the_margin_is_seldom_regressed(base: float, new: float) -> None:
    regressed = times_to_regressed(a_case(base, new), LOOKS, runs=Runs(20, 20, seed=2))
    assert regressed.share <= ALPHA


@pytest.mark.parametrize(("base", "new"), [(0, 0.3), (0.1, 0.4), (0.5, 0.8), (2, 3)])
def test_a_release_at_the_tolerance_is_seldom_healthy(base: float, new: float) -> None:
    healthy = times_to_healthy(a_case(base, new), LOOKS, runs=Runs(20, 20, seed=3))
    assert healthy.share <= BETA


@pytest.mark.parametrize(
    ("base", "new", "within"), [(0.5, 5, 250), (0, 1, 700), (2, 4, 2_500), (0.1, 0.8, 2_000)]
)
def test_a_worse_release_is_found(base: float, new: float, within: int) -> None:
    regressed = times_to_regressed(a_case(base, new), LOOKS, runs=Runs(20, 10, seed=4))
    assert regressed.share >= 0.97
    assert regressed.median <= within


@pytest.mark.parametrize(("base", "within"), [(0.1, 2_000), (2, 3_000)])
def test_a_release_like_its_base_is_found_healthy(base: float, within: int) -> None:
    healthy = times_to_healthy(a_case(base, base), LOOKS, runs=Runs(20, 10, seed=5))
    assert healthy.share >= 0.9
    assert healthy.median <= within


def is_regressed(comparison: Comparison) -> bool:
    return judge(comparison).status == VerdictStatus.REGRESSED


def test_what_broke_on_the_fifth_day_is_found_that_day() -> None:
    random, days = Random(6), [UnitCount(12, 2_400)] * 4
    late = bad_units(random, 0.02, 2_400)
    found = next(
        units
        for units in range(50, 2_400, 50)
        if is_regressed(
            a_comparison([*days, UnitCount(sum(place <= units for place in late), units)])
        )
    )
    assert found <= 1_200


def a_comparison(
    days: list[UnitCount], *, spread: float = 1.0, floor: float = 0.0, bad: int = 500
) -> Comparison:
    base = UnitCount(bad, 100_000)
    return Comparison(base=base, days=days, ripe=total(days), spread=spread, floor=floor)


def crash_loops(random: Random, sessions: int) -> list[int]:
    """Return the crashes of each user who crashes: after one the next start crashes too, with a probability of 0.6."""
    lengths = []
    for _ in bad_units(random, 0.002, sessions):
        lengths.append(1)
        while random.random() < 0.6:
            lengths[-1] += 1
    return lengths


def test_crash_loops_of_single_users_are_no_regression_by_their_spread() -> None:
    random = Random(7)
    raw = spread_out = 0
    spread_of_base = spread_of_groups(500, 200)
    for _ in range(60):
        loops = [crash_loops(random, 100) for _ in range(40)]
        found = [
            (
                is_regressed(a_comparison([new])),
                is_regressed(a_comparison([new], spread=max(spread_of_base, of_new))),
            )
            for new, of_new in (
                as_counts([each for loop in loops[:look] for each in loop], 100 * look)
                for look in range(1, 41)
            )
        ]
        raw += any(each for each, _ in found)
        spread_out += any(each for _, each in found)
    assert raw >= 3
    assert spread_out == 0


def as_counts(loops: list[int], sessions: int) -> tuple[UnitCount, float]:
    return UnitCount(sum(loops), sessions), spread_of_groups(sum(loops), len(loops))


def test_an_outage_of_both_releases_is_no_regression_by_the_floor() -> None:
    random = Random(8)
    crashes = len(bad_units(random, 0.05, 3_000))
    days = [UnitCount(crashes, 3_000)]
    assert is_regressed(a_comparison(days))
    assert not is_regressed(a_comparison(days, floor=0.05))
