"""The numbers of events of issues by time: ``stats`` in lists and details (groups-api.md 2, 3.1, 5)."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

from shipmark.issues.model import Issue
from shipmark.issues.recent_counts import Point, by_day, by_hour

_FORTNIGHT_DAYS = 14
_SERIES: dict[str, Callable[[str | None, datetime], list[Point]]] = {
    "24h": by_hour,
    "14d": partial(by_day, days=_FORTNIGHT_DAYS),
    "30d": by_day,
    "auto": partial(by_day, days=_FORTNIGHT_DAYS),
}
#: The periods that lists may show; of none they show no numbers.
LIST_PERIODS = ("", "24h", "14d", "auto")
DETAILS_PERIODS = ("24h", "30d")


def stats_of(issue: Issue, periods: Iterable[str], at: datetime) -> dict[str, list[Point]]:
    """Return the numbers of the issue's events in each period before the moment, by hour or day."""
    return {period: _SERIES[period](issue.recent_counts, at) for period in periods}
