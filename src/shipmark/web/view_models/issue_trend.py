"""The trend of an issue in lists: its events of the last hours or days, which are kept with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from markupsafe import Markup

from shipmark.issues.model import Issue, IssueStatus, Substatus
from shipmark.issues.recent_counts import Point, by_day, by_hour
from shipmark.web.charts import spark_bars
from shipmark.web.template_filters import counted

_FORTNIGHT_DAYS = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPeriod:
    """A period of trends, with its name on a button and in a sentence."""

    name: str
    words: str
    counts: Callable[[str | None, datetime], Sequence[Point]]


DAY = "24h"
#: The periods to choose from; any other is the first.
PERIODS: Mapping[str, TrendPeriod] = {
    DAY: TrendPeriod(name="24 h", words="24 hours", counts=by_hour),
    "14d": TrendPeriod(name="14 d", words="14 days", counts=partial(by_day, days=_FORTNIGHT_DAYS)),
}


def issue_trend(issue: Issue, at: datetime, period: str = DAY) -> Markup:
    """Return small bars of the issue's events before the moment, with their number; red of one that regressed."""
    chosen = PERIODS[period]
    counts = [count for _, count in chosen.counts(issue.recent_counts, at)]
    is_bad = issue.status is IssueStatus.UNRESOLVED and issue.substatus is Substatus.REGRESSED
    return Markup('<span title="{} in {}">{}</span>').format(
        counted(sum(counts), "event"), chosen.words, spark_bars(counts, is_bad=is_bad)
    )
