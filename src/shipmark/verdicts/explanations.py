"""The reasons of a verdict in sentences, for people who release."""

from collections.abc import Iterator
from dataclasses import dataclass

from shipmark.release_health.model import DAY, BucketWidth
from shipmark.verdicts.judgement import UnitCount, VerdictReason, VerdictStatus
from shipmark.verdicts.model import (
    Criteria,
    Evaluation,
    Measure,
    MeasureResult,
    ReleaseVerdict,
)

_NAMES = {
    Measure.SESSIONS: "Crashed sessions",
    Measure.USERS: "Users with a crash, by the hour",
    Measure.NEW_ISSUES: "Users with a new issue, by the hour",
}
_NO_SESSIONS = "No session of the release has come from this environment yet."
_NO_BASE = "No earlier release of this environment has enough sessions to compare with."
_NOT_CONCURRENT = (
    "The base was hardly in use at the same time: an outage after the switch would look the same."
)
#: A spread of more is worth a sentence: it is what the time until a verdict is multiplied by.
_SPREAD_SHOWN = 1.5


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason of a verdict; ``status`` is that of the measure that it is about, if it is about one."""

    text: str
    status: VerdictStatus | None = None


def reasons(verdict: ReleaseVerdict, evaluation: Evaluation) -> list[Reason]:
    """Return the reasons of a verdict, the deciding one first."""
    return list(_reasons(verdict, evaluation))


def no_sessions() -> list[Reason]:
    """Return the reason of a release without any session."""
    return [Reason(_NO_SESSIONS)]


def _reasons(verdict: ReleaseVerdict, evaluation: Evaluation) -> Iterator[Reason]:
    criteria = verdict.stream.criteria
    if verdict.marked:
        yield Reason(f"A person marked the release as {verdict.marked}.")
    if verdict.regressed_at and evaluation.status != VerdictStatus.REGRESSED:
        at = f"{verdict.regressed_at:%Y-%m-%d %H:%M} UTC"
        yield Reason(f"The release regressed at {at}; that stays, whatever came later.")
    match evaluation.reason:
        case VerdictReason.NO_SESSIONS:
            yield Reason(_NO_SESSIONS)
            return
        case VerdictReason.NO_BASE:
            yield Reason(_NO_BASE)
            return
        case VerdictReason.TOO_YOUNG:
            minutes = int(criteria.soak.total_seconds() // 60)
            yield Reason(
                f"The release is younger than {minutes} minutes, so that it is not called healthy yet."
            )
    order = sorted(evaluation.results, key=lambda result: result.measure != evaluation.measure)
    for result in order:
        yield Reason(_of_measure(result, criteria), result.judgement.status)
    if evaluation.status == VerdictStatus.REGRESSED and not evaluation.is_concurrent:
        yield Reason(_NOT_CONCURRENT)


def _of_measure(result: MeasureResult, criteria: Criteria) -> str:
    name, judgement = _NAMES[result.measure], result.judgement
    if judgement.reason == VerdictReason.NO_BASE:
        return f"{name}: not judged, as the base has only {result.base.units:,.0f}."
    if judgement.reason == VerdictReason.NO_SESSIONS:
        return f"{name}: none of this release yet."
    sentence = f"{name}: {_compared(result, criteria)}"
    if (spread := result.spread) >= _SPREAD_SHOWN:
        sentence += f" Many are of the same users or hours: {spread:.2g} count as one."
    if result.compared_seconds is not None and judgement.status != VerdictStatus.HEALTHY:
        sentence += (
            f" New issues can show it as regressed by its first {_length(result.compared_seconds)}"
            " only, as the base has hardly any later hours."
        )
    return sentence


def _compared(result: MeasureResult, criteria: Criteria) -> str:
    judgement = result.judgement
    sentence = f"{_counted(result.new)}, against {_counted(result.base)} before"
    if judgement.status == VerdictStatus.REGRESSED:
        limit = criteria.margin.allows(max(result.base.rate, result.comparison.floor))
        sentence += f"; that is beyond the margin, {_percent(limit)}."
    elif judgement.status == VerdictStatus.HEALTHY:
        limit = criteria.tolerance.allows(result.base.rate)
        sentence += f"; that is within the tolerance, {_percent(limit)}."
    else:
        sentence += "; not enough to tell."
        if (smallest := result.smallest_regression) is not None:
            seconds = result.compared_seconds
            when = "" if seconds is None else f" in the first {_length(seconds)}"
            sentence += f" From {_percent(smallest)}{when} on it would count as worse."
    return sentence


def _length(seconds: int) -> str:
    """Return a length of time in the largest unit of which there are two."""
    for unit, name in ((DAY, "days"), (int(BucketWidth.HOUR), "hours")):
        if seconds >= 2 * unit:
            return f"{round(seconds / unit, 1):g} {name}"
    return f"{seconds // 60} minutes"


def _counted(count: UnitCount) -> str:
    return f"{count.bad:,.0f} of {count.units:,.0f} ({_percent(count.rate)})"


def _percent(rate: float) -> str:
    return f"{100 * rate:.2f}".rstrip("0").rstrip(".") + "%"
