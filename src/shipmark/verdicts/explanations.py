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
    Measure.SESSIONS: "Crash-free sessions",
    Measure.USERS: "Crash-free users, by the hour",
    Measure.NEW_ISSUES: "Users without a new issue, by the hour",
}
#: What bad units of a measure did.
_BAD = {Measure.SESSIONS: "crashed", Measure.USERS: "crashed", Measure.NEW_ISSUES: "met one"}
_NO_SESSIONS = "No session of the release has come from this environment yet."
_NO_BASE = "No earlier release of this environment has enough sessions to compare with."
_NOT_CONCURRENT = (
    "The base was hardly in use at the same time: an outage after the switch would look the same."
)
#: A spread of more is worth a sentence: it is what the time until a verdict is multiplied by.
_SPREAD_SHOWN = 1.5


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason of a verdict; ``status`` is that of the measure that it is about, if it is about one.

    Without ``decides`` it is about a measure that the verdict is not by.
    """

    text: str
    status: VerdictStatus | None = None
    decides: bool = True


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
    deciding = _deciding(evaluation)
    for result in sorted(evaluation.results, key=lambda result: result.measure != deciding):
        text, status = _of_measure(result, criteria), result.judgement.status
        yield Reason(text, status, decides=result.measure == deciding)
    if evaluation.status == VerdictStatus.REGRESSED and not evaluation.is_concurrent:
        yield Reason(_NOT_CONCURRENT)


def _deciding(evaluation: Evaluation) -> Measure | None:
    """Return the measure that the verdict is by, of a healthy one the first that is healthy."""
    if evaluation.status != VerdictStatus.HEALTHY:
        return evaluation.measure
    agreeing = (each for each in evaluation.results if each.judgement.status == evaluation.status)
    return next((each.measure for each in agreeing), None)


def _of_measure(result: MeasureResult, criteria: Criteria) -> str:
    name, judgement = _NAMES[result.measure], result.judgement
    if judgement.reason == VerdictReason.NO_BASE:
        return f"{name}: not judged, as the base has only {result.base.units:,.0f} to compare with."
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
    new, base, status = result.new, result.base, result.judgement.status
    shares = f"{_percent(1 - new.rate)}, was {_percent(1 - base.rate)}"
    counts = f"{_counted(new)} {_BAD[result.measure]}, {_counted(base)} before"
    if status == VerdictStatus.REGRESSED:
        limit = criteria.margin.allows(max(base.rate, result.comparison.floor))
        judged = f", {_points(limit - base.rate)} allowed"
    elif status == VerdictStatus.HEALTHY:
        judged = f", surely within the {_points(criteria.tolerance.allows(base.rate) - base.rate)} allowed"
    else:
        judged = ", not enough to tell"
    sentence = f"{shares}: {_difference(new.rate - base.rate)}{judged} ({counts})."
    smallest = result.smallest_regression
    if status == VerdictStatus.UNDECIDED and smallest is not None:
        seconds = result.compared_seconds
        when = "" if seconds is None else f" in the first {_length(seconds)}"
        sentence += f" {_points(smallest - base.rate)} points lower{when} would count as worse."
    return sentence


def _difference(rise: float) -> str:
    """Return by how much the share of good units is lower, from the rise of the bad ones."""
    points = _points(abs(rise))
    if points == "0":
        return "no difference"
    return f"{points} points {'lower' if rise > 0 else 'higher'}"


def _length(seconds: int) -> str:
    """Return a length of time in the largest unit of which there are two."""
    for unit, name in ((DAY, "days"), (int(BucketWidth.HOUR), "hours")):
        if seconds >= 2 * unit:
            return f"{round(seconds / unit, 1):g} {name}"
    return f"{seconds // 60} minutes"


def _counted(count: UnitCount) -> str:
    return f"{count.bad:,.0f} of {count.units:,.0f}"


def _points(difference: float) -> str:
    """Return a difference of rates in percentage points."""
    return f"{100 * difference:.2f}".rstrip("0").rstrip(".")


def _percent(rate: float) -> str:
    return f"{_points(rate)}%"
