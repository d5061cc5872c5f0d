"""The chart of an issue's events in a range of time, with marks of releases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from markupsafe import Markup
from sqlalchemy import Connection

from shipmark.issues.model import IssueActivityType, Substatus
from shipmark.issues.store import statistics
from shipmark.web.chart_labels import spread
from shipmark.web.charts import Axes, Mark, stacked_chart, step_ticks
from shipmark.web.template_filters import counted, short_version
from shipmark.web.view_models.issue import IssuePage
from shipmark.web.view_models.issue_marks import ReleaseMark, release_marks

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_TICK_PARTS = 4
_CHART_HEIGHT = 148
#: The width of a letter of a label in per cent of the chart's.
_LETTER_PERCENT = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartPeriod:
    """A choice of the range: steps of equal length, the last of which has just begun."""

    name: str
    words: str
    length: timedelta
    count: int

    @property
    def step(self) -> str:
        """Return the name of a step."""
        return "hour" if self.length == _HOUR else "day"

    def begins(self, at: datetime) -> list[datetime]:
        """Return when the steps begin (UTC)."""
        last = at.replace(minute=0, second=0, microsecond=0)
        last = last if self.length == _HOUR else last.replace(hour=0)
        return [last - self.length * age for age in reversed(range(self.count))]


DEFAULT_PERIOD = "30d"
#: The ranges to choose from; any other is the default.
PERIODS: Mapping[str, ChartPeriod] = {
    "24h": ChartPeriod(name="24 h", words="24 hours", length=_HOUR, count=24),
    "30d": ChartPeriod(name="30 d", words="30 days", length=_DAY, count=30),
    "90d": ChartPeriod(name="90 d", words="90 days", length=_DAY, count=90),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartStep:
    """The events of an hour or a day, and the releases that came in it."""

    begins_at: datetime
    event_count: int
    releases: tuple[ReleaseMark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueChart:
    """The events of the range. ``regressed_in`` is the version in which a regressed issue regressed, else empty."""

    chart: Markup
    period: ChartPeriod
    steps: tuple[ChartStep, ...]
    event_count: int
    is_regressed: bool
    regressed_in: str


def issue_chart(
    connection: Connection, content: IssuePage, choice: str, at: datetime, zone: tzinfo
) -> IssueChart:
    """Return the chart of a range for the page of an issue, by four statements, with hours in the zone."""
    period = PERIODS[choice]
    begins = period.begins(at)
    counts = statistics.events_of_issue(connection, content.issue.id, None, begins, period.length)
    marks = release_marks(connection, content, begins[0], at)
    steps = tuple(
        ChartStep(
            begins_at=begin,
            event_count=count,
            releases=tuple(mark for mark in marks if begin <= mark.at < begin + period.length),
        )
        for begin, count in zip(begins, counts, strict=True)
    )
    regressed_at, regressed_in = _regression(content, marks)
    return IssueChart(
        chart=_chart(period, steps, marks, regressed_at, zone),
        period=period,
        steps=steps,
        event_count=sum(counts),
        is_regressed=regressed_at is not None,
        regressed_in=regressed_in,
    )


def _regression(content: IssuePage, marks: Sequence[ReleaseMark]) -> tuple[datetime | None, str]:
    """Return since when an issue is regressed, if it is: since the mark of the release it regressed in, and which."""
    kind = IssueActivityType.SET_REGRESSION
    found = next((item for item in content.activity if item.type is kind), None)
    if found is None or content.issue.substatus is not Substatus.REGRESSED:
        return None, ""
    came = (mark.at for mark in marks if mark.version == found.version)
    return min(found.at, next(came, found.at)), found.version


def _chart(
    period: ChartPeriod,
    steps: Sequence[ChartStep],
    marks: Sequence[ReleaseMark],
    regressed_at: datetime | None,
    zone: tzinfo,
) -> Markup:
    counts = [step.event_count for step in steps]
    names = [_name(period, step, zone) for step in steps]
    first = sum(
        regressed_at is None or step.begins_at + period.length <= regressed_at for step in steps
    )
    begun, rest = counts[:first], counts[first:]
    before = "s-1" if regressed_at is None else "s-past"
    length = period.length * period.count
    placed = [
        Mark(x=100 * ((mark.at - steps[0].begins_at) / length), text=mark.label) for mark in marks
    ]
    total = counted(sum(counts), "event")
    return stacked_chart(
        [(before, [*begun, *(0 for _ in rest)]), ("s-bad", [*(0 for _ in begun), *rest])],
        [_text(name, step) for name, step in zip(names, steps, strict=True)],
        Axes(
            ticks=step_ticks(_ticks(period, steps, zone), _TICK_PARTS),
            marks=spread(placed, lambda text: _LETTER_PERCENT * (len(text) + 1)),
            moments=[(step.begins_at, name) for name, step in zip(names, steps, strict=True)]
            if period.length == _HOUR
            else (),
            height=_CHART_HEIGHT,
        ),
        f"Events of each {period.step} in {period.words}: {total} in all, {counts[-1]:,} in the last.",
    )


def _name(period: ChartPeriod, step: ChartStep, zone: tzinfo) -> str:
    if period.length == _DAY:
        return _day_of(step)
    return f"{step.begins_at.astimezone(zone):%d %b %H:%M %Z}"


def _ticks(period: ChartPeriod, steps: Sequence[ChartStep], zone: tzinfo) -> list[str]:
    """Return the labels of the steps; the first hour has the name of the zone."""
    if period.length == _DAY:
        return [_day_of(step) for step in steps]
    moments = [step.begins_at.astimezone(zone) for step in steps]
    return [f"{moments[0]:%H:%M %Z}", *(f"{moment:%H:%M}" for moment in moments[1:])]


def _day_of(step: ChartStep) -> str:
    return f"{step.begins_at.day} {step.begins_at:%b}"


def _text(name: str, step: ChartStep) -> str:
    releases = (
        f"{short_version(mark.version)} {mark.event}{f', {mark.word}' if mark.word else ''}"
        for mark in step.releases
    )
    return "\n".join([f"{name}: {counted(step.event_count, 'event')}", *releases])
