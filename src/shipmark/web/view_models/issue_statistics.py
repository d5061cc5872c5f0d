"""The trend of an issue's events, and the shares of the values of their tags."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup
from sqlalchemy import Connection

from shipmark.events import parsing
from shipmark.events import store as events
from shipmark.infrastructure.settings import MEBIBYTE
from shipmark.issues.store import statistics
from shipmark.web.charts import Axes, bar_chart
from shipmark.web.template_filters import counted
from shipmark.web.view_models.redaction import is_sensitive

TREND_DAYS = 14
#: The newest events whose releases and environments are counted.
SHARED_EVENTS_MAX = 500
_SHARES_MAX = 5
#: The newest events whose other tags are counted, and the most bytes of their payloads that are read.
TAGGED_EVENTS_MAX = 100
_PAYLOAD_BYTES_MAX = 4 * MEBIBYTE
_TAGS_MAX = 15
_VALUE_MAX = 200
#: Tags that are counted elsewhere, and the user, of whom there are as many as values.
_OTHER_TAGS = frozenset({"environment", "sentry:release", "sentry:user"})
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A value and the per cent of events that have it, rounded."""

    value: str
    percent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TagShares:
    """The most frequent values of a tag."""

    name: str
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """The tags, and the numbers of events that are counted: for releases and environments, and for the others."""

    tags: tuple[TagShares, ...]
    event_count: int
    tagged_event_count: int


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


def shares_of(connection: Connection, issue_id: int) -> Shares:
    """Return the shares of values among the issue's newest events, by three statements.

    Releases and environments are columns of events; other tags are in their payloads, of which fewer are read.
    """
    origins = statistics.origins_of_issue(connection, issue_id, limit=SHARED_EVENTS_MAX)
    origin_counts: dict[str, Counter[str]] = {"release": Counter(), "environment": Counter()}
    for origin in origins:
        origin_counts["release"][origin.version] += origin.event_count
        origin_counts["environment"][origin.environment] += origin.event_count
    payloads = events.newest_payloads(
        connection, issue_id, limit=TAGGED_EVENTS_MAX, bytes_max=_PAYLOAD_BYTES_MAX
    )
    sampled, values = 0, dict[str, Counter[str]]()
    for payload in payloads:
        sampled += 1
        for name, value in parsing.tags_of(payload):
            if name not in _OTHER_TAGS and not is_sensitive(name):
                values.setdefault(name.removeprefix("sentry:"), Counter())[value[:_VALUE_MAX]] += 1
    # The most frequent tags, in the order of their names.
    frequent = sorted(values, key=lambda name: (-values[name].total(), name))[:_TAGS_MAX]
    tags = [
        *(_tag_shares(name, total, total.total()) for name, total in origin_counts.items()),
        *(_tag_shares(name, values[name], sampled) for name in sorted(frequent)),
    ]
    return Shares(
        tags=tuple(tag for tag in tags if tag.shares),
        event_count=sum(origin.event_count for origin in origins),
        tagged_event_count=sampled,
    )


def _tag_shares(name: str, counts: Counter[str], event_count: int) -> TagShares:
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    shares = [
        Share(value=value, percent=round(100 * count / event_count))
        for value, count in ordered
        if value
    ]
    return TagShares(name=name, shares=tuple(shares[:_SHARES_MAX]))
