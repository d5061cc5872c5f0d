"""The chart of a release's events since its first deploy, beside those of the previous release at the same age."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup
from sqlalchemy import Connection

from shipmark.deploys import store as deploys
from shipmark.issues.store import statistics
from shipmark.issues.store.statistics import EVENTS_MAX, Span
from shipmark.web.charts import Axes, empty_chart, line_chart
from shipmark.web.template_filters import counted, duration
from shipmark.web.view_models.chart_scale import ChartScale, scale_of
from shipmark.web.view_models.charted_release import ChartedRelease

#: Lengths of a step with their number of steps: the first that reaches from the beginning to now, else the last.
_SCALES = (
    (timedelta(minutes=5), 24),
    (timedelta(hours=1), 24),
    (timedelta(hours=3), 24),
    (timedelta(hours=6), 28),
    (timedelta(days=1), 30),
)
#: The most projects of a release whose events are counted.
_PROJECTS_MAX = 20
NO_EVENTS = "No events in this time"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseStep:
    """The events of a step; None in the future, or without a previous release."""

    begins_at: datetime
    age: str
    current: int | None
    previous: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseChart:
    """The events of a release in steps of equal length since it was first deployed, else shipped.

    Without events of either release there are no steps to read, only the frame.
    """

    chart: Markup
    steps: tuple[ReleaseStep, ...]
    step_length: str
    is_deployed: bool
    event_count: int
    is_cut: bool


def release_chart(connection: Connection, charted: ChartedRelease) -> ReleaseChart:
    """Return the chart by two statements."""
    compared = charted.compared
    moments = deploys.first_moments(connection, [each.id for each in compared])
    starts = [min(moments.get(each.id, each.shipped_at), charted.now) for each in compared]
    scale = scale_of(_SCALES, starts[0], charted.now)
    counts = statistics.events_of_releases(connection, _spans(charted, starts, scale))
    steps = _steps(starts, counts, scale)
    return ReleaseChart(
        chart=_chart(charted, steps, scale),
        steps=steps if counts.total() else (),
        step_length=duration(scale.length),
        is_deployed=charted.release.id in moments,
        event_count=_total(steps),
        is_cut=any(value >= EVENTS_MAX for value in counts.values()),
    )


def _total(steps: Sequence[ReleaseStep]) -> int:
    return sum(step.current or 0 for step in steps)


def _chart(charted: ChartedRelease, steps: Sequence[ReleaseStep], scale: ChartScale) -> Markup:
    names, ticks, marks = charted.names, scale.ticks(), scale.marks(charted.deploys)
    if not any(step.current or step.previous for step in steps):
        axes = Axes(ticks=ticks, marks=marks)
        return empty_chart(NO_EVENTS, axes, f"Events of {names[0]} by its age: none.")
    label = f"Events of {names[0]} by its age: {counted(_total(steps), 'event')} in all"
    label += f", beside those of {names[1]}." if len(names) > 1 else "."
    times = [charted.time(step.begins_at) for step in steps]
    moments = [(step.begins_at, time) for step, time in zip(steps, times, strict=True)]
    return line_chart(
        [
            ("ser", [step.current for step in steps]),
            ("ser past", [step.previous for step in steps]),
        ],
        [_text(step, time, names) for step, time in zip(steps, times, strict=True)],
        Axes(ticks=ticks, marks=marks, moments=moments),
        label,
    )


def _spans(charted: ChartedRelease, starts: Sequence[datetime], scale: ChartScale) -> list[Span]:
    """Return the spans that have begun; those of the second release follow those of the first in their numbers."""
    return [
        Span(
            number=index * scale.count + number,
            project_id=project_id,
            release_id=release.id,
            begins_at=start + scale.length * number,
            ends_at=start + scale.length * (number + 1),
        )
        for index, (release, start) in enumerate(zip(charted.compared, starts, strict=True))
        for number in range(scale.begun_since(start))
        for project_id in sorted(charted.project_ids)[:_PROJECTS_MAX]
    ]


def _steps(
    starts: Sequence[datetime], counts: Counter[int], scale: ChartScale
) -> tuple[ReleaseStep, ...]:
    begun = [scale.begun_since(start) for start in starts] + [0]
    return tuple(
        ReleaseStep(
            begins_at=scale.begins_at(number),
            age=scale.age(number),
            current=counts[number] if number < begun[0] else None,
            previous=counts[scale.count + number] if number < begun[1] else None,
        )
        for number in range(scale.count)
    )


def _text(step: ReleaseStep, time: str, names: Sequence[str]) -> str:
    parts = [f"{time}, {step.age} old"]
    if step.current is not None:
        parts.append(f"{names[0]}: {counted(step.current, 'event')}")
    if step.previous is not None:
        parts.append(f"{names[1]}: {counted(step.previous, 'event')}")
    return "\n".join(parts)
