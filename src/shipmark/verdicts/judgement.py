"""One measure of a release compared with its base: regressed, healthy or undecided (verdict.md 1).

A measure counts units (sessions, or users by the hour), some of them bad. The counts of the base are frozen before the
release starts, and its rate p has the density Gamma(bad + 1, units). The null hypothesis of "regressed" is that the
release's rate is at most ``margin.allows(p)``. The e-value is

    mean over m in RISES of  M(m) / M(1),    M(m) = integral of Poisson(bad; m * allowed(p) * units) over the density

and by Ville's inequality it ever reaches 1/alpha with a probability of at most alpha, however often it is computed.
"Healthy" is the mirror image: the null hypothesis is "at least what the tolerance allows", the multipliers are FALLS,
and the density is Gamma(bad, units).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, exp, log, sqrt

#: The defaults of `Thresholds`.
ALPHA = 0.01
BETA = 0.05
BASE_UNITS_MIN = 200
BAD_UNITS_MIN = 3
#: How many times what is allowed the alternatives expect.
RISES = tuple(1.25 * 1.5**step for step in range(12))
FALLS = tuple(1 / (1.25 * 1.5**step) for step in range(6))
#: Pearson's chi-square of fewer periods says little.
_PERIODS_MIN = 8
_GRID_MAX = 1000
#: A spread of thousands leaves next to nothing of a bad unit: the exponential must still be a number.
_LOG_RATE_MAX = 500.0


class VerdictStatus(StrEnum):
    """The result of a comparison, for a measure or for a release."""

    REGRESSED = "regressed"
    UNDECIDED = "undecided"
    HEALTHY = "healthy"


class VerdictReason(StrEnum):
    """Why a comparison has its result."""

    BEYOND_MARGIN = "beyond the margin"
    WITHIN_TOLERANCE = "within the tolerance"
    NO_SESSIONS = "no sessions"
    NO_BASE = "no base"
    NOT_ENOUGH_DATA = "not enough data"
    TOO_YOUNG = "too young"


@dataclass(frozen=True, slots=True)
class UnitCount:
    """How many units there were, and how many of them were bad. Fractions are counts divided by a spread."""

    bad: float = 0.0
    units: float = 0.0

    @property
    def rate(self) -> float:
        """Return the share of bad units, 0 without units."""
        return self.bad / self.units if self.units else 0.0

    def __add__(self, other: "UnitCount") -> "UnitCount":
        """Return both counted together."""
        return UnitCount(self.bad + other.bad, self.units + other.units)

    def __truediv__(self, divisor: float) -> "UnitCount":
        """Return the count that has as much information as this one with the given spread."""
        return UnitCount(self.bad / divisor, self.units / divisor)


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much worse than its base a release may be: a share of the base's rate, or a difference where that is more."""

    relative: float
    absolute: float

    def allows(self, rate: float) -> float:
        """Return the largest rate that is allowed over a base with the given one."""
        return rate + max(self.relative * rate, self.absolute)


#: Regressed only beyond this: 20 % of the base's rate, at least 0.1 percentage points.
MARGIN = Allowance(0.20, 0.001)
#: Healthy only within this: 50 % of the base's rate, at least 0.3 percentage points.
TOLERANCE = Allowance(0.50, 0.003)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How sure a verdict is, and how many units it takes.

    ``alpha`` is the chance, for each measure, of ever calling regressed what is within the margin, ``beta`` that of
    ever calling healthy what is beyond the tolerance. A base with fewer units than ``base_units_min`` is none, and with
    fewer bad units than ``bad_units_min`` a release is never regressed.
    """

    alpha: float = ALPHA
    beta: float = BETA
    base_units_min: int = BASE_UNITS_MIN
    bad_units_min: int = BAD_UNITS_MIN

    @property
    def log_regressed(self) -> float:
        """Return the logarithm of the e-value from which a release is regressed."""
        return log(1 / self.alpha)

    @property
    def log_healthy(self) -> float:
        """Return the logarithm of the e-value from which a release is healthy."""
        return log(1 / self.beta)


THRESHOLDS = Thresholds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The counts of one measure.

    ``new`` are all units of the release, ``ripe`` those without the youngest, by which it may be healthy, and ``days``
    those by which it may be regressed, by day since its start. ``spread`` is how much more the counts vary than
    independent units would, ``days_spread`` that of ``days``, and ``floor`` the base's rate while both were in use.
    """

    base: UnitCount
    new: UnitCount
    days: Sequence[UnitCount]
    ripe: UnitCount
    spread: float = 1.0
    days_spread: float = 1.0
    floor: float = 0.0
    margin: Allowance = MARGIN
    tolerance: Allowance = TOLERANCE
    thresholds: Thresholds = THRESHOLDS

    @property
    def of_days(self) -> UnitCount:
        """Return the units by which the release may be regressed, of all days together."""
        return total(self.days)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The result for one measure, with the logarithms of its two e-values."""

    status: VerdictStatus
    reason: VerdictReason
    #: Against "within the margin"; see `Thresholds.log_regressed`.
    log_regressed: float = 0.0
    #: Against "beyond the tolerance"; see `Thresholds.log_healthy`.
    log_healthy: float = 0.0


def judge(comparison: Comparison) -> Judgement:
    """Return the result for one measure. It may be asked for at any time, and any number of times."""
    thresholds = comparison.thresholds
    if comparison.base.units < thresholds.base_units_min:
        return Judgement(VerdictStatus.UNDECIDED, VerdictReason.NO_BASE)
    if comparison.new.units <= 0:
        return Judgement(VerdictStatus.UNDECIDED, VerdictReason.NO_SESSIONS)
    regressed, healthy = _log_of_regression(comparison), _log_of_health(comparison)
    has_enough = comparison.of_days.bad >= thresholds.bad_units_min
    if regressed >= thresholds.log_regressed and has_enough:
        status, reason = VerdictStatus.REGRESSED, VerdictReason.BEYOND_MARGIN
    elif healthy >= thresholds.log_healthy:
        status, reason = VerdictStatus.HEALTHY, VerdictReason.WITHIN_TOLERANCE
    else:
        status, reason = VerdictStatus.UNDECIDED, VerdictReason.NOT_ENOUGH_DATA
    return Judgement(status, reason, regressed, healthy)


def overall(judgements: Iterable[Judgement]) -> VerdictStatus:
    """Return regressed if any measure is, healthy if all that have a base are, else undecided."""
    return worst(each.status for each in judgements if each.reason != VerdictReason.NO_BASE)


def worst(statuses: Iterable[VerdictStatus]) -> VerdictStatus:
    """Return the worst of several results: regressed, then undecided, then healthy. Undecided without any."""
    order = list(VerdictStatus)
    return min(statuses, key=order.index, default=VerdictStatus.UNDECIDED)


def total(counts: Iterable[UnitCount]) -> UnitCount:
    """Return all counted together."""
    bad = units = 0.0
    for count in counts:
        bad += count.bad
        units += count.units
    return UnitCount(bad, units)


def spread_of_groups(bad_units: float, groups: float) -> float:
    """Return the spread of bad units that come in groups, such as crashes by the users who had any.

    The expected size of the group that a unit is in, for geometric sizes.
    """
    return max(1.0, 2 * bad_units / groups - 1) if groups else 1.0


def spread_of_periods(hours: Sequence[UnitCount], length: int) -> float:
    """Return the spread by how the rate varies over time: Pearson's chi-square by its degrees of freedom.

    ``length`` is the number of hours that count as one period.
    """
    parts = [total(hours[start : start + length]) for start in range(0, len(hours), length)]
    periods = [part for part in parts if part.units > 0]
    whole = total(periods)
    if len(periods) < _PERIODS_MIN or not 0 < whole.bad < whole.units:
        return 1.0
    rate = whole.rate
    chi_square = sum(
        (part.bad - part.units * rate) ** 2 / (part.units * rate * (1 - rate)) for part in periods
    )
    return max(1.0, chi_square / (len(periods) - 1))


def evidence_of_regression(
    base: UnitCount, new: UnitCount, margin: Allowance = MARGIN, floor: float = 0.0
) -> float:
    """Return the logarithm of the e-value against "within the margin"."""
    grid = _density(base.bad + 1, base.units, new.bad)
    return _log_mixture_ratio(_allowed(grid, margin, floor), new, RISES)


def evidence_of_health(base: UnitCount, new: UnitCount, tolerance: Allowance = TOLERANCE) -> float:
    """Return the logarithm of the e-value against "beyond the tolerance"."""
    grid = _density(base.bad, base.units, new.bad)
    return _log_mixture_ratio(_allowed(grid, tolerance), new, FALLS)


def smallest_regression(comparison: Comparison, units: float) -> float | None:
    """Return the smallest rate of bad units that would be regressed after this many units, None without a base.

    By the expected count: a release of that rate is found in about half of all cases.
    """
    thresholds = comparison.thresholds
    if comparison.base.units < thresholds.base_units_min or units < thresholds.bad_units_min:
        return None
    base, most = comparison.base / comparison.days_spread, int(units)

    def is_regressed(bad: int) -> bool:
        new = UnitCount(bad, units) / comparison.days_spread
        evidence = evidence_of_regression(base, new, comparison.margin)
        return _with_half_the_stake(evidence) >= thresholds.log_regressed

    # Large counts cost most: the range is doubled from what is allowed.
    least = thresholds.bad_units_min
    low = least - 1
    high = min(most, max(least, int(comparison.margin.allows(comparison.base.rate) * units)))
    while high < most and not is_regressed(high):
        low, high = high, min(most, 2 * high)
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if is_regressed(middle) else (middle, high)
    return high / units


def _log_of_regression(comparison: Comparison) -> float:
    """Return the evidence with the base's own rate and, where that is higher, with its rate at the same time."""
    if not comparison.days:
        return 0.0
    base = comparison.base / comparison.days_spread
    days = [day / comparison.days_spread for day in comparison.days]
    alone = _restarted(base, days, comparison.margin, 0.0)
    if comparison.floor <= comparison.base.rate:
        return alone
    return min(alone, _restarted(base, days, comparison.margin, comparison.floor))


def _log_of_health(comparison: Comparison) -> float:
    return evidence_of_health(
        comparison.base / comparison.spread,
        comparison.ripe / comparison.spread,
        comparison.tolerance,
    )


def _restarted(
    base: UnitCount, days: Sequence[UnitCount], margin: Allowance, floor: float
) -> float:
    """Return the evidence with half the stake on all days, and the rest on what began on day 1, 2, and so on.

    So it is found what broke late (e-detectors: shares 1/(d(d+1)) of half the stake; what has not begun counts as 1).
    """
    logs, since = [log(0.5 / len(days))], UnitCount()
    for day in range(len(days) - 1, -1, -1):
        since += days[day]
        stake = 0.5 / (day * (day + 1)) if day else 0.5
        logs.append(log(stake) + evidence_of_regression(base, since, margin, floor))
    return _log_sum(logs)


def _with_half_the_stake(evidence: float) -> float:
    return _log_sum([log(0.5), log(0.5) + evidence])


#: Rates with the logarithms of their weights.
_Grid = list[tuple[float, float]]


def _density(shape: float, units: float, bad: float) -> _Grid:
    """Return rates evenly spaced in the logarithm, weighted by Gamma(shape, units): fine enough for the bad units."""
    if shape <= 0:
        return [(0.0, 0.0)]
    count = min(_GRID_MAX, ceil(30 * sqrt(1 + bad / shape))) | 1
    low, high = -9 / min(shape, sqrt(shape)), min(_LOG_RATE_MAX, 6 / sqrt(shape))
    steps = [low + (high - low) * index / (count - 1) for index in range(count)]
    weights = [shape * (step - exp(step)) for step in steps]
    whole, mean = _log_sum(weights), shape / units
    return [(mean * exp(step), weight - whole) for step, weight in zip(steps, weights, strict=True)]


def _allowed(grid: _Grid, allowance: Allowance, floor: float = 0.0) -> _Grid:
    return [(allowance.allows(max(rate, floor)), weight) for rate, weight in grid]


def _log_mixture_ratio(grid: _Grid, new: UnitCount, multipliers: Sequence[float]) -> float:
    """Return the logarithm of the mean likelihood over the multipliers, divided by the likelihood at the limit."""

    def marginal(multiplier: float) -> float:
        return _log_sum(
            [
                weight + new.bad * log(multiplier * rate) - multiplier * rate * new.units
                for rate, weight in grid
            ]
        )

    mixture = _log_sum([marginal(each) for each in multipliers])
    return mixture - log(len(multipliers)) - marginal(1.0)


def _log_sum(logs: Sequence[float]) -> float:
    """Return the logarithm of the sum of numbers that are given by their logarithms."""
    largest = max(logs)
    return largest + log(sum(exp(each - largest) for each in logs))
