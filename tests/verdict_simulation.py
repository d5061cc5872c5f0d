"""Runs of independent units against the verdict on one measure, looked at again and again.

A verdict depends on the counts alone. So for one base the fewest bad units that are regressed, and the most that are
healthy, are found once for each look, and a run is compared with them.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, log
from operator import ge, le
from random import Random
from statistics import median

from shipmark.verdicts.judgement import (
    ALPHA,
    BAD_UNITS_MIN,
    THRESHOLDS,
    UnitCount,
    evidence_of_health,
    evidence_of_regression,
)

UNITS_MAX = 20_000


@dataclass(frozen=True, kw_only=True)
class Case:
    """The rate of the base, its units, and the rate of the new release."""

    base_rate: float
    base_units: int
    new_rate: float


@dataclass(frozen=True)
class Runs:
    """How many bases are drawn, and how many releases are compared with each."""

    bases: int
    for_each_base: int
    seed: int


@dataclass(frozen=True)
class FirstTimes:
    """After how many units each run first had the verdict: None if it never had."""

    units: Sequence[int | None]

    @property
    def number(self) -> int:
        return sum(first is not None for first in self.units)

    @property
    def share(self) -> float:
        return self.number / len(self.units)

    @property
    def median(self) -> float:
        """Infinity where most runs never had it."""
        return median(float("inf") if first is None else first for first in self.units)


def every(step: int, units_max: int = UNITS_MAX) -> tuple[int, ...]:
    return tuple(range(step, units_max + 1, step))


def growing(units_max: int = UNITS_MAX) -> tuple[int, ...]:
    """Return looks every 50 units up to 1,000, then each after 5 % more."""
    looks = list(every(50, 1_000))
    while looks[-1] * 1.05 < units_max:
        looks.append(int(looks[-1] * 1.05))
    return (*looks, units_max)


def times_to_regressed(case: Case, looks: Sequence[int], *, runs: Runs) -> FirstTimes:
    def first(base: int, counts: Sequence[int]) -> int | None:
        fewest = fewest_regressed(base, case.base_units, tuple(looks))
        return first_of(looks, map(ge, counts, fewest))

    return FirstTimes([first(*run) for run in simulated(case, looks, runs)])


def times_to_healthy(case: Case, looks: Sequence[int], *, runs: Runs) -> FirstTimes:
    def first(base: int, counts: Sequence[int]) -> int | None:
        most = most_healthy(base, case.base_units, tuple(looks))
        return first_of(looks, map(le, counts, most))

    return FirstTimes([first(*run) for run in simulated(case, looks, runs)])


def simulated(case: Case, looks: Sequence[int], runs: Runs) -> Iterator[tuple[int, Sequence[int]]]:
    """Yield the bad units of the base, and those of the release at each look."""
    random = Random(runs.seed)
    for _ in range(runs.bases):
        base = len(bad_units(random, case.base_rate, case.base_units))
        for _ in range(runs.for_each_base):
            positions = bad_units(random, case.new_rate, looks[-1])
            yield base, [bisect_right(positions, units) for units in looks]


def first_of(looks: Sequence[int], hits: Iterable[bool]) -> int | None:
    return next((units for units, hit in zip(looks, hits, strict=True) if hit), None)


def bad_units(random: Random, rate: float, units: int) -> list[int]:
    """Return at which of the units the bad ones are, each of them independently with this probability."""
    positions: list[int] = []
    if rate <= 0:
        return positions
    place, scale = 0, log(1 - rate)
    while True:
        place += 1 + int(log(1 - random.random()) / scale)
        if place > units:
            return positions
        positions.append(place)


@cache
def fewest_regressed(bad: int, units: int, looks: tuple[int, ...]) -> list[int]:
    """Return the fewest bad units that are regressed, at each look."""
    base, fewest = UnitCount(bad, units), [0]
    for look in looks:
        few = fewest[-1]
        while few <= look and not is_regressed(base, UnitCount(few, look)):
            few += 1
        fewest.append(few)
    return fewest[1:]


@cache
def most_healthy(bad: int, units: int, looks: tuple[int, ...]) -> list[int]:
    """Return the most bad units that are healthy at each look, -1 where none are."""
    base, most = UnitCount(bad, units), [-1]
    for look in looks:
        many = most[-1]
        while evidence_of_health(base, UnitCount(many + 1, look)) >= THRESHOLDS.log_healthy:
            many += 1
        most.append(many)
    return most[1:]


def is_regressed(base: UnitCount, new: UnitCount) -> bool:
    """Return True if the release is regressed, on its first day."""
    if new.bad < BAD_UNITS_MIN:
        return False
    half = exp(evidence_of_regression(base, new)) / 2 + 0.5
    return half >= 1 / ALPHA
