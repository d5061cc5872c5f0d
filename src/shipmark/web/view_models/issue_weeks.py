"""The chart of new and resolved issues of each week."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup
from sqlalchemy import Connection

from shipmark.issues.store import statistics
from shipmark.issues.store.statistics import Span
from shipmark.web.charts import Axes, bar_chart, step_ticks
from shipmark.web.template_filters import counted

WEEKS = 12
#: The most projects whose issues are counted.
_PROJECTS_MAX = 100
_WEEK = timedelta(days=7)
_TICK_PARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueWeek:
    """A week from Monday (UTC), with its numbers of issues."""

    begins_at: datetime
    new: int
    resolved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueWeeks:
    """The last weeks, this one included."""

    chart: Markup
    weeks: tuple[IssueWeek, ...]


def issue_weeks(
    connection: Connection, project_ids: Collection[int], at: datetime
) -> IssueWeeks | None:
    """Return the weeks, or None if no issue was new or resolved in them, by one statement."""
    monday = at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=at.weekday())
    begins = [monday - _WEEK * age for age in reversed(range(WEEKS))]
    spans = [
        Span(number=number, project_id=project_id, begins_at=begin, ends_at=begin + _WEEK)
        for number, begin in enumerate(begins)
        for project_id in sorted(project_ids)[:_PROJECTS_MAX]
    ]
    new, resolved = statistics.new_and_resolved(connection, spans)
    if not (new.total() or resolved.total()):
        return None
    weeks = tuple(
        IssueWeek(begins_at=begin, new=new[number], resolved=resolved[number])
        for number, begin in enumerate(begins)
    )
    ticks = step_ticks([_day_of(week) for week in weeks], _TICK_PARTS)
    chart = bar_chart(
        [("s-2", [week.new for week in weeks]), ("s-1", [week.resolved for week in weeks])],
        [_text(week) for week in weeks],
        Axes(ticks=ticks),
        f"New and resolved issues a week in {WEEKS} weeks: {new.total():,} new,"
        f" {resolved.total():,} resolved.",
    )
    return IssueWeeks(chart=chart, weeks=weeks)


def _day_of(week: IssueWeek) -> str:
    return f"{week.begins_at.day} {week.begins_at:%b}"


def _text(week: IssueWeek) -> str:
    return f"Week of {_day_of(week)}\n{counted(week.new, 'new issue')}\n{week.resolved:,} resolved"
