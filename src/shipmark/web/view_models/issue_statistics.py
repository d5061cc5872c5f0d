"""The trend of an issue's events."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup
from sqlalchemy import Connection

from shipmark.issues.store import statistics
from shipmark.web.charts import Axes, bar_chart
from shipmark.web.template_filters import counted

TREND_DAYS = 14
_DAY = timedelta(days=1)
#: Days with a label below them, counted from the first; phones show every second one.
_LABELLED_DAYS = (0, 3, 7, 10, 13)
_CHART_HEIGHT = 132


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendDay:
    """The events of a day (UTC)."""

    day: datetime
    event_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The events of each of the last days, today included."""

    chart: Markup
    days: tuple[TrendDay, ...]
    event_count: int


def trend_of(connection: Connection, issue_id: int, at: datetime) -> Trend:
    """Return the trend of the issue's events, by one statement."""
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - _DAY * age for age in reversed(range(TREND_DAYS))]
    counts = statistics.events_of_issue(connection, issue_id, None, days, _DAY)
    names = [f"{day.day} {day:%b}" for day in days]
    chart = bar_chart(
        [("s-1", counts)],
        [f"{name}: {counted(count, 'event')}" for name, count in zip(names, counts, strict=True)],
        Axes(
            ticks=[(_place_of(index), names[index]) for index in _LABELLED_DAYS],
            height=_CHART_HEIGHT,
        ),
        f"Events a day in {TREND_DAYS} days: {counted(sum(counts), 'event')} in all,"
        f" {counts[-1]:,} today.",
    )
    return Trend(
        chart=chart,
        days=tuple(
            TrendDay(day=day, event_count=count) for day, count in zip(days, counts, strict=True)
        ),
        event_count=sum(counts),
    )


def _place_of(index: int) -> float:
    """Return the place of a day's label in per cent: the middle of its bar, or else the edge, at both ends."""
    ends = {0: 0.0, TREND_DAYS - 1: 99.5}
    return ends.get(index, 100 * (index + 0.5) / TREND_DAYS)
