"""The steps of a chart of a release by its age, with what stands below and in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipmark.web.chart_labels import spread
from shipmark.web.charts import Mark
from shipmark.web.template_filters import duration
from shipmark.web.view_models.release_facts import DeployLine

_TICKS = 6
_MARKS_MAX = 6
#: The width that a label of a deploy takes, in per cent, and its most characters.
_LABEL_PERCENT = 16.0
_LABEL_MAX = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartScale:
    """Steps of equal length from a moment on, of which those that begin after ``end`` are in the future."""

    start: datetime
    length: timedelta
    count: int
    end: datetime

    def place(self, at: datetime) -> float:
        """Return the place of a moment, in per cent."""
        return 100 * ((at - self.start) / (self.length * self.count))

    def begun_since(self, start: datetime) -> int:
        """Return the number of steps that have begun, of those that begin at this moment."""
        return min(self.count, (self.end - start) // self.length + 1)

    def begins_at(self, number: int) -> datetime:
        """Return when a step begins."""
        return self.start + self.length * number

    def age(self, number: int) -> str:
        """Return the age of the release at the beginning of a step, in words."""
        return duration(self.length * number) if number else "0h"

    def ticks(self) -> list[tuple[float, str]]:
        """Return the labels below the chart, by place in per cent."""
        numbers = range(0, self.count, self.count // _TICKS)
        return [(100 * number / self.count, self.age(number)) for number in numbers]

    def marks(self, lines: Sequence[DeployLine]) -> list[Mark]:
        """Return the first deploys to each environment, of which those close to another one have no label."""
        # The deploys are listed with the last one first.
        first = {line.deploy.environment: line.deploy.finished_at for line in lines}
        places = (
            Mark(x=self.place(at), text=environment[:_LABEL_MAX])
            for environment, at in sorted(first.items(), key=lambda item: item[1])[:_MARKS_MAX]
        )
        return spread([mark for mark in places if 0 <= mark.x <= 100], lambda _: _LABEL_PERCENT)


def scale_of(choices: Sequence[tuple[timedelta, int]], start: datetime, at: datetime) -> ChartScale:
    """Return the scale of the first length and number of steps that reach until now, else of the last."""
    length, count = next(
        (choice for choice in choices if start + choice[0] * choice[1] > at), choices[-1]
    )
    return ChartScale(start=start, length=length, count=count, end=at)
