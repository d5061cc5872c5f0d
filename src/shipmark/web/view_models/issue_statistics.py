"""The trend of an issue's events."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup
from sqlalchemy import Connection

from shipmark.issues.store import statistics
from shipmark.web.charts import Axes, bar_chart, step_ticks
from shipmark.web.template_filters import counted

TREND_DAYS = 14
_DAY = timedelta(days=1)
_TICK_PARTS = 4
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
            ticks=step_ticks(names, _TICK_PARTS),
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
