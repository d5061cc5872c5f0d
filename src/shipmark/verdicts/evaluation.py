"""The verdict on a release at one time, from its hours and those of its base (verdict.md 1.3 to 1.5). Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shipmark.release_health.model import DAY
from shipmark.verdicts.equal_ages import comparable_age
from shipmark.verdicts.hours import Health, Hour, counts_of, spread_over_time, units_of
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
class _Release:
    """A release between two times: its hours, those without its youngest units, and those of the base meanwhile."""

    start: int
    end: int
    health: Health
    hours: Sequence[Hour]
    ripe: Sequence[Hour]
    concurrent: Mapping[int, Hour]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """The hours by which a release may be regressed, up to an age in seconds, and what they are made of."""

    health: Health
    hours: Sequence[Hour]
    seconds: int | None = None


def frozen_base(parts: Sequence[Health]) -> Base:
    """Return the base that is made of the times of several releases: its measures, without the names."""
    hours = _hours_of(parts)
    counts_users = any(hour.users for hour in hours)
    age = comparable_age(parts)
    young = [part.until_age(age) for part in parts]
    young_hours = hours if young == parts else _hours_of(young)
    return Base(
        measures={
            Measure.SESSIONS: _frozen(Measure.SESSIONS, parts, hours, counts_users=counts_users),
            Measure.USERS: _frozen(Measure.USERS, parts, hours, counts_users=counts_users),
            Measure.NEW_ISSUES: _frozen(
                Measure.NEW_ISSUES, young, young_hours, counts_users=counts_users
            ),
        },
        counts_users=counts_users,
        new_issues_seconds=age,
    )


def _hours_of(parts: Sequence[Health]) -> list[Hour]:
    return sorted((hour for part in parts for hour in part.hours()), key=lambda hour: hour.start)


def _frozen(
    measure: Measure, parts: Sequence[Health], hours: Sequence[Hour], *, counts_users: bool
) -> BaseMeasure:
    # Groups are counted in all parts together: the largest of many small samples says too much.
    whole = Health(
        [bucket for part in parts for bucket in part.buckets],
        [sketch for part in parts for sketch in part.sketches],
    )
    counts = counts_of(hours, measure, counts_users=counts_users)
    spread = max(spread_over_time(counts), whole.spread_of_groups(measure, hours))
    return BaseMeasure(count=total(counts), spread=spread)


def evaluate(
    base: Base, new: Health, concurrent: Health, *, start: int, end: int, criteria: Criteria
) -> Evaluation:
    """Return the verdict at a time ``end``, in seconds since 1970 as ``start``.

    ``concurrent`` is the base release since the start: what hits both at once convicts neither.
    """
    hours = new.hours()
    release = _Release(
        start=start,
        end=end,
        health=new,
        hours=hours,
        ripe=_ripe(new, hours, end - int(criteria.ripe.total_seconds())),
        concurrent={hour.start: hour for hour in concurrent.hours()},
    )
    results = [_result(measure, base, release, criteria) for measure in criteria.measures]
    is_young = end - start < criteria.soak.total_seconds()
    status, reason, measure = _decided(results, is_young=is_young)
    sessions = units_of(hours, Measure.SESSIONS, counts_users=base.counts_users).units
    if status == VerdictStatus.UNDECIDED and not sessions:
        reason = VerdictReason.NO_SESSIONS
    together = sum(
        hour.sessions
        for hour in hours
        if (other := release.concurrent.get(hour.start)) and other.sessions >= _CONCURRENT_UNITS_MIN
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


def _result(measure: Measure, base: Base, release: _Release, criteria: Criteria) -> MeasureResult:
    frozen, compared = base.of(measure), _compared(measure, base, release)
    spread = _spread(measure, frozen, release.health, release.hours)
    new = counts_of(release.hours, measure, counts_users=base.counts_users)
    counts = (
        new
        if compared.hours is release.hours
        else counts_of(compared.hours, measure, counts_users=base.counts_users)
    )
    comparison = Comparison(
        base=frozen.count,
        new=total(new),
        days=_days(compared.hours, counts, release.start),
        ripe=units_of(release.ripe, measure, counts_users=base.counts_users),
        spread=spread,
        days_spread=spread
        if compared.seconds is None
        else _spread(measure, frozen, compared.health, compared.hours),
        floor=_floor(measure, base, compared.hours, counts, release.concurrent),
        margin=criteria.margin,
        tolerance=criteria.tolerance,
        thresholds=criteria.thresholds,
    )
    return MeasureResult(
        measure=measure,
        judgement=judge(comparison),
        comparison=comparison,
        compared_seconds=compared.seconds,
    )


def _compared(measure: Measure, base: Base, release: _Release) -> _Compared:
    """Return the hours by which a release may be regressed: by new issues those of an age that the base has reached.

    Once there are none left to come, the evidence stays. When buckets of ten minutes become hours, it is that of the
    last whole hour: as if the comparison had been looked at earlier, which it may be at any time.
    """
    limit = base.new_issues_seconds
    if measure is not Measure.NEW_ISSUES or limit is None or release.start + limit >= release.end:
        return _Compared(health=release.health, hours=release.hours)
    young = release.health.between(hour_of(release.start), release.start + limit)
    return _Compared(health=young, hours=young.hours(), seconds=limit)


def _spread(measure: Measure, frozen: BaseMeasure, health: Health, hours: Sequence[Hour]) -> float:
    return max(frozen.spread, health.spread_of_groups(measure, hours))


def _days(hours: Sequence[Hour], counts: Sequence[UnitCount], start: int) -> list[UnitCount]:
    """Return the units of each day since the start, from the first to the last that has any."""
    of_days: list[list[UnitCount]] = []
    for hour, count in zip(hours, counts, strict=True):
        day = max(0, hour.start - hour_of(start)) // DAY
        of_days += [[] for _ in range(day + 1 - len(of_days))]
        of_days[day].append(count)
    return [total(of_day) for of_day in of_days]


def _floor(
    measure: Measure,
    base: Base,
    hours: Sequence[Hour],
    counts: Sequence[UnitCount],
    concurrent: Mapping[int, Hour],
) -> float:
    """Return the base's rate at the same time, weighted by the units of the release."""
    frozen, expected, units = base.of(measure).count.rate, 0.0, 0.0
    for hour, count in zip(hours, counts, strict=True):
        rate, other = frozen, concurrent.get(hour.start)
        if other is not None:
            then = other.count(measure, counts_users=base.counts_users)
            rate = then.rate if then.units >= _CONCURRENT_UNITS_MIN else frozen
        expected += count.units * rate
        units += count.units
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
