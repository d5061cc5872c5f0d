"""The periods of the page of delivery, in steps of days, weeks or months that end now (pure). All in UTC."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipmark.web.charts import step_ticks

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_TICK_PARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodChoice:
    """A choice of the period. ``average`` is how many steps are taken together where one has few changes."""

    name: str
    words: str
    step: str
    average: int
    average_words: str
    starts: Callable[[datetime], Sequence[datetime]]
    describe: Callable[[datetime], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPeriod:
    """A period that ends now, by the starts of its steps."""

    choice: PeriodChoice
    starts: Sequence[datetime]
    end: datetime

    @property
    def start(self) -> datetime:
        """Return the start of the first step."""
        return self.starts[0]

    @property
    def previous_start(self) -> datetime:
        """Return the start of the period of the same length before it."""
        return self.start - (self.end - self.start)

    @property
    def steps(self) -> Sequence[tuple[datetime, datetime]]:
        """Return start and end of each step; the last one has just begun."""
        return list(zip(self.starts, [*self.starts[1:], self.end], strict=True))

    @property
    def averages(self) -> Sequence[tuple[datetime, datetime]]:
        """Return for each step the time of as many steps as are taken together, up to its end."""
        back = self.choice.average - 1
        length = self.starts[1] - self.starts[0]
        return [
            (start if not back else start - back * length, step_end)
            for start, step_end in self.steps
        ]

    @property
    def ticks(self) -> Sequence[tuple[float, str]]:
        """Return the labels below a chart, by place in per cent."""
        return step_ticks([_short(start) for start in self.starts], _TICK_PARTS)

    @property
    def texts(self) -> Sequence[str]:
        """Return the name of each step."""
        return [self.choice.describe(start) for start in self.starts]


def period_of(choice: str, at: datetime) -> DeliveryPeriod:
    """Return the period of a choice; an unknown one counts as the default."""
    known = PERIODS.get(choice, PERIODS[DEFAULT_PERIOD])
    return DeliveryPeriod(choice=known, starts=known.starts(at), end=at)


def _days(at: datetime) -> list[datetime]:
    today = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return [today - age * _DAY for age in reversed(range(30))]


def _weeks(at: datetime) -> list[datetime]:
    monday = _days(at)[-1] - timedelta(days=at.weekday())
    return [monday - age * _WEEK for age in reversed(range(12))]


def _months(at: datetime) -> list[datetime]:
    first = _days(at)[-1].replace(day=1)
    months = [first.year * 12 + first.month - 1 - age for age in reversed(range(12))]
    return [first.replace(year=month // 12, month=month % 12 + 1) for month in months]


def _short(day: datetime) -> str:
    return f"{day.day} {day:%b}"


DEFAULT_PERIOD = "12w"
PERIODS: Mapping[str, PeriodChoice] = {
    "30d": PeriodChoice(
        name="30 d",
        words="30 days",
        step="day",
        average=7,
        average_words="7-day average",
        starts=_days,
        describe=_short,
    ),
    "12w": PeriodChoice(
        name="12 weeks",
        words="12 weeks",
        step="week",
        average=4,
        average_words="4-week average",
        starts=_weeks,
        describe=lambda day: f"Week of {_short(day)}",
    ),
    "12m": PeriodChoice(
        name="12 months",
        words="12 months",
        step="month",
        average=1,
        average_words="of each month",
        starts=_months,
        describe=lambda day: f"{day:%B %Y}",
    ),
}
