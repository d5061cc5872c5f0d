"""The trend of an issue's events, and the shares of the values of their tags."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.events import parsing
from shipmark.events import store as events
from shipmark.infrastructure.settings import MEBIBYTE
from shipmark.issues.store import statistics
from shipmark.web.charts import even_ceiling
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
#: The height of the chart, and of what stands above and below its bars, in pixels.
CHART_HEIGHT = 132
_TOP, _BOTTOM = 12, 22
_BAR_SHARE = 0.7
_GUTTER_PIXELS, _DIGIT_PIXELS = 10, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendDay:
    """The events of a day (UTC), with its zone and its bar: per cent across, pixels down."""

    day: datetime
    event_count: int
    zone_x: float
    zone_width: float
    x: float
    width: float
    y: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A line of the chart at a number of events."""

    event_count: int
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The events of each of the last days, today included."""

    days: tuple[TrendDay, ...]
    ticks: tuple[Tick, ...]
    event_count: int
    gutter: int
    height: int = CHART_HEIGHT
    top: int = _TOP
    base: int = CHART_HEIGHT - _BOTTOM


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
    high = even_ceiling(max(counts))
    step = 100 / len(days)
    shown = []
    for index, (day, count) in enumerate(zip(days, counts, strict=True)):
        # A bar of few events is still seen.
        y = min(_y_of(count, high), _y_of(0, high) - 1.5) if count else _y_of(0, high)
        trend_day = TrendDay(
            day=day,
            event_count=count,
            zone_x=round(index * step, 2),
            zone_width=round(step, 2),
            x=round(index * step + step * (1 - _BAR_SHARE) / 2, 2),
            width=round(step * _BAR_SHARE, 2),
            y=round(y, 1),
            height=round(_y_of(0, high) - y, 1),
        )
        shown.append(trend_day)
    return Trend(
        days=tuple(shown),
        ticks=tuple(Tick(event_count=n, y=_y_of(n, high)) for n in (0, high // 2, high)),
        event_count=sum(counts),
        gutter=_GUTTER_PIXELS + _DIGIT_PIXELS * len(f"{high:,}"),
    )


def shares_of(connection: Connection, issue_id: int) -> Shares:
    """Return the shares of values among the issue's newest events, by three statements.

    Releases and environments are columns of events; other tags are in their payloads, of which fewer are read.
    """
    origins = statistics.origins_of_issue(connection, issue_id, limit=SHARED_EVENTS_MAX)
    counted: dict[str, Counter[str]] = {"release": Counter(), "environment": Counter()}
    for origin in origins:
        counted["release"][origin.version] += origin.event_count
        counted["environment"][origin.environment] += origin.event_count
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
        *(_tag_shares(name, total, total.total()) for name, total in counted.items()),
        *(_tag_shares(name, values[name], sampled) for name in sorted(frequent)),
    ]
    return Shares(
        tags=tuple(tag for tag in tags if tag.shares),
        event_count=sum(origin.event_count for origin in origins),
        tagged_event_count=sampled,
    )


def _tag_shares(name: str, counts: Counter[str], event_count: int) -> TagShares:
    ordered = sorted(counts.items(), key=lambda counted: (-counted[1], counted[0]))
    shares = [
        Share(value=value, percent=round(100 * count / event_count))
        for value, count in ordered
        if value
    ]
    return TagShares(name=name, shares=tuple(shares[:_SHARES_MAX]))


def _y_of(count: int, high: int) -> float:
    base = CHART_HEIGHT - _BOTTOM
    return round(base - (base - _TOP) * count / high, 1)
