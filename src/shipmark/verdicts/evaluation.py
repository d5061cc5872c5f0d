"""The verdict on a release at one time, from its hours and those of its base (verdict.md 1.3 to 1.5). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shipmark.release_health.model import DAY
from shipmark.verdicts.hours import Health, Hour, spread_over_time, units_of
from shipmark.verdicts.judgement import (
    Comparison,
    Judgement,
    UnitCount,
    VerdictReason,
    VerdictStatus,
    judge,
    overall,
    total,
)
from shipmark.verdicts.model import (
    RIPE_SECONDS,
    Base,
    BaseMeasure,
    Criteria,
    Evaluation,
    Measure,
    MeasureResult,
    hour_of,
)

#: With fewer units in an hour the base has its frozen rate there.
_CONCURRENT_UNITS_MIN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hours:
    """The hours of the release, those without its youngest units, and those of the base at the same time."""

    new: Sequence[Hour]
    ripe: Sequence[Hour]
    concurrent: Mapping[int, Hour]


def frozen_measures(parts: Sequence[Health]) -> tuple[dict[Measure, BaseMeasure], bool]:
    """Return the measures of a base of several releases, and whether it has ids of users."""
    hours = sorted((hour for part in parts for hour in part.hours()), key=lambda hour: hour.start)
    # Groups are counted in all parts together: the largest of many small samples says too much.
    whole = Health(
        [bucket for part in parts for bucket in part.buckets],
        [sketch for part in parts for sketch in part.sketches],
    )
    counts_users = any(hour.users for hour in hours)
    measures = {}
    for measure in Measure:
        counts = [hour.count(measure, counts_users=counts_users) for hour in hours]
        spread = max(spread_over_time(counts), whole.spread_of_groups(measure, hours))
        measures[measure] = BaseMeasure(count=total(counts), spread=spread)
    return measures, counts_users


def evaluate(
    base: Base, new: Health, concurrent: Health, *, start: int, end: int, criteria: Criteria
) -> Evaluation:
    """Return the verdict at a time ``end``, in seconds since 1970 as ``start``.

    ``concurrent`` is the base release since the start: what hits both at once convicts neither.
    """
    new_hours = new.hours()
    hours = _Hours(
        new=new_hours,
        ripe=_ripe(new, new_hours, end - RIPE_SECONDS),
        concurrent={hour.start: hour for hour in concurrent.hours()},
    )
    results = [_result(measure, base, new, hours, start, criteria) for measure in criteria.measures]
    is_young = end - start < criteria.soak.total_seconds()
    status, reason, measure = _decided(results, is_young=is_young)
    sessions = units_of(hours.new, Measure.SESSIONS, counts_users=base.counts_users).units
    if status == VerdictStatus.UNDECIDED and not sessions:
        reason = VerdictReason.NO_SESSIONS
    together = sum(
        hour.sessions
        for hour in hours.new
        if (other := hours.concurrent.get(hour.start)) and other.sessions >= _CONCURRENT_UNITS_MIN
    )
    return Evaluation(
        status=status,
        reason=reason,
        measure=measure,
        results=results,
        is_concurrent=bool(sessions) and together * 2 >= sessions,
    )


def _ripe(new: Health, hours: Sequence[Hour], end: int) -> list[Hour]:
    """Return the hours without buckets that end later: only the last ones are made again."""
    cut = hour_of(end)
    complete = [hour for hour in hours if hour.start < cut]
    return [*complete, *new.between(cut, end).hours()]


def _result(
    measure: Measure, base: Base, new: Health, hours: _Hours, start: int, criteria: Criteria
) -> MeasureResult:
    frozen = base.of(measure)
    comparison = Comparison(
        base=frozen.count,
        days=_days(hours.new, measure, start, counts_users=base.counts_users),
        ripe=units_of(hours.ripe, measure, counts_users=base.counts_users),
        spread=max(frozen.spread, new.spread_of_groups(measure, hours.new)),
        floor=_floor(measure, base, hours),
        margin=criteria.margin,
        tolerance=criteria.tolerance,
    )
    return MeasureResult(measure=measure, judgement=judge(comparison), comparison=comparison)


def _days(
    hours: Sequence[Hour], measure: Measure, start: int, *, counts_users: bool
) -> list[UnitCount]:
    """Return the units of each day since the start, from the first to the last that has any."""
    days: list[UnitCount] = []
    for hour in hours:
        day = max(0, hour.start - hour_of(start)) // DAY
        days += [UnitCount()] * (day + 1 - len(days))
        days[day] += hour.count(measure, counts_users=counts_users)
    return days


def _floor(measure: Measure, base: Base, hours: _Hours) -> float:
    """Return the base's rate at the same time, weighted by the units of the release."""
    frozen, expected, units = base.of(measure).count.rate, 0.0, 0.0
    for hour in hours.new:
        number = hour.count(measure, counts_users=base.counts_users).units
        other = hours.concurrent.get(hour.start)
        then = other.count(measure, counts_users=base.counts_users) if other else UnitCount()
        expected += number * (then.rate if then.units >= _CONCURRENT_UNITS_MIN else frozen)
        units += number
    return expected / units if units else 0.0


def _decided(
    results: Sequence[MeasureResult], *, is_young: bool
) -> tuple[VerdictStatus, VerdictReason, Measure | None]:
    """Return the verdict, its reason, and the measure that it is by, if it is by one."""
    judgements = [result.judgement for result in results]
    status = overall(judgements)
    if status == VerdictStatus.HEALTHY and is_young:
        return VerdictStatus.UNDECIDED, VerdictReason.TOO_YOUNG, None
    deciding = _first(results, status)
    if deciding is None:
        return status, VerdictReason.NO_BASE, None
    measure = None if status == VerdictStatus.HEALTHY else deciding.measure
    return status, deciding.judgement.reason, measure


def _first(results: Sequence[MeasureResult], status: VerdictStatus) -> MeasureResult | None:
    def decides(judgement: Judgement) -> bool:
        return judgement.status == status and judgement.reason != VerdictReason.NO_BASE

    return next((result for result in results if decides(result.judgement)), None)
