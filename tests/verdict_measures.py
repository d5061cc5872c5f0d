"""The three measures and their verdict against one large base, by counts alone: hundreds of runs in a second.

The fewest bad units that are regressed, and the most that are healthy, are found once for each look and measure
(`verdict_simulation`). The rates of the base are exact, so only the release varies. The spread is 1.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from random import Random

from verdict_simulation import fewest_regressed, most_healthy
from verdict_traffic import SESSIONS_OF_A_USER, Outcome, Traffic, drawn, outcome

from shipmark.release_health.model import SketchKind
from shipmark.verdicts.judgement import Judgement, VerdictReason, VerdictStatus, overall

BASE_USER_HOURS = 50_000
_JUDGEMENTS = {status: Judgement(status, VerdictReason.NOT_ENOUGH_DATA) for status in VerdictStatus}


@dataclass(frozen=True)
class Limits:
    """The fewest bad units that are regressed, and the most that are healthy, at each look."""

    fewest: Sequence[int]
    most: Sequence[int]

    def statuses(self, counts: Sequence[int]) -> list[VerdictStatus]:
        return [
            VerdictStatus.REGRESSED
            if count >= fewest
            else VerdictStatus.HEALTHY
            if count <= most
            else VerdictStatus.UNDECIDED
            for count, fewest, most in zip(counts, self.fewest, self.most, strict=True)
        ]


def outcomes_by_counts(
    base: Traffic, new: Traffic, looks: Sequence[int], *, runs: int, seed: int
) -> dict[str, Outcome]:
    """Return how the runs came out by each measure and by the verdict, with looks after so many user-hours."""
    random = Random(seed)
    sessions = [SESSIONS_OF_A_USER * users for users in looks]
    limits = {
        "S": limits_of(base.crash, SESSIONS_OF_A_USER * BASE_USER_HOURS, sessions),
        "U": limits_of(1 - (1 - base.crash) ** SESSIONS_OF_A_USER, BASE_USER_HOURS, looks),
        "N": limits_of(base.new_error, BASE_USER_HOURS, looks),
    }
    by_name: dict[str, list[list[VerdictStatus]]] = {name: [] for name in (*limits, "all")}
    for _ in range(runs):
        crashes, affected = drawn(random, new, sessions[-1])
        counts = {
            "S": numbers(crashes, sessions),
            "U": numbers(affected[SketchKind.CRASHED], looks),
            "N": numbers(affected[SketchKind.NEW_ISSUE], looks),
        }
        by_measure = [limits[name].statuses(counts[name]) for name in limits]
        for name, statuses in zip(limits, by_measure, strict=True):
            by_name[name].append(statuses)
        together = [
            overall(_JUDGEMENTS[each] for each in at) for at in zip(*by_measure, strict=True)
        ]
        by_name["all"].append(together)
    return {name: outcome(sessions, statuses) for name, statuses in by_name.items()}


def limits_of(rate: float, units: int, looks: Sequence[int]) -> Limits:
    bad = round(rate * units)
    return Limits(
        fewest_regressed(bad, units, tuple(looks)), most_healthy(bad, units, tuple(looks))
    )


def numbers(bad: Sequence[int] | set[int], looks: Sequence[int]) -> list[int]:
    """Return how many of the bad units are among the first of each look."""
    places = sorted(bad)
    return [bisect_right(places, units - 1) for units in looks]


def most_by_chance(runs: int, promised: float) -> int:
    """Return what a binomial number exceeds with a probability below 0.001, if the promise is just kept."""
    exceeds, number = 1.0, -1
    while exceeds >= 0.001:
        number += 1
        exceeds -= comb(runs, number) * promised**number * (1 - promised) ** (runs - number)
    return number
