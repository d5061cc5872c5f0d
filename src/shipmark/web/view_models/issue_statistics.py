"""The trend of an issue's events, and the shares of its releases and environments."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.issues.store import statistics

TREND_DAYS = 14
#: The newest events whose releases and environments are counted.
SHARED_EVENTS_MAX = 500
_SHARES_MAX = 5
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


def trend_of(connection: Connection, issue_id: int, at: datetime) -> Trend:
    """Return the trend of the issue's events, by one statement."""
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - _DAY * age for age in reversed(range(TREND_DAYS))]
    counts = statistics.events_of_issue(connection, issue_id, None, days, _DAY)
    high = _even(max(counts))
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


def shares_of(connection: Connection, issue_id: int) -> tuple[TagShares, ...]:
    """Return the shares of releases and environments among the issue's newest events, by one statement."""
    origins = statistics.origins_of_issue(connection, issue_id, limit=SHARED_EVENTS_MAX)
    tags = (
        _tag_shares("release", ((origin.version, origin.event_count) for origin in origins)),
        _tag_shares(
            "environment", ((origin.environment, origin.event_count) for origin in origins)
        ),
    )
    return tuple(tag for tag in tags if tag.shares)


def _tag_shares(name: str, counts: Iterable[tuple[str, int]]) -> TagShares:
    total: Counter[str] = Counter()
    for value, count in counts:
        total[value] += count
    ordered = sorted(total.items(), key=lambda counted: (-counted[1], counted[0]))
    shares = [
        Share(value=value, percent=round(100 * count / total.total()))
        for value, count in ordered
        if value
    ]
    return TagShares(name=name, shares=tuple(shares[:_SHARES_MAX]))


def _y_of(count: int, high: int) -> float:
    base = CHART_HEIGHT - _BOTTOM
    return round(base - (base - _TOP) * count / high, 1)


def _even(count: int) -> int:
    """Return the even number of at most two digits before zeros that is not below the count, to be halved."""
    scale = int("1".ljust(len(str(count)) - 1, "0"))
    return max(-(-count // (2 * scale)) * 2 * scale, 2)
