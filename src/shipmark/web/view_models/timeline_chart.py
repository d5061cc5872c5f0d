"""The geometry of the timeline's chart: positions across in per cent of its range."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shipmark.deploys.model import ProjectDeploy
from shipmark.web.template_filters import short_version
from shipmark.web.view_models.timeline_range import TimelineRange

#: The position of now: its line must not be cut at the edge.
NOW_PERCENT = 99.6
#: The least width of the chart in pixels, which decides whether a text fits into its bar.
_WIDTH_PIXELS = 640
_LETTER_PIXELS = 6.6
_PADDING_PIXELS = 16
#: A narrower bar can neither be seen nor clicked.
_BAR_LEAST = 0.5
_DAY = timedelta(days=1)
_SATURDAY = 5
#: Labels past this position would be cut.
_LAST_LABEL = 92


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """The time for which a deploy was live. ``text`` is empty if it doesn't fit; ``kind`` is a class of the sheet.

    Its tooltip has the ``version`` and ``environment``, when it was ``deployed_at``, and its ``state`` in words.
    """

    version: str
    x: float
    width: float
    text: str
    kind: str
    environment: str
    deployed_at: datetime
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The labelled days as (position, label), and the weekends as (position, width)."""

    ticks: tuple[tuple[float, str], ...]
    weekends: tuple[tuple[float, float], ...]


def axis_of(start: datetime, end: datetime) -> Axis:
    """Return the axis of a range: every day of a week, else Mondays, every second one of a long range. In UTC."""
    days = (end - start) // _DAY
    first = (start + _DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    midnights = [first + number * _DAY for number in range(days)]
    labelled = midnights
    if days > 7:
        mondays = [day for day in midnights if day.weekday() == 0]
        labelled = mondays[:: 2 if days > 60 else 1]
    ticks = ((_percent(day, start, end), f"{day:%a} {day.day} {day:%b}") for day in labelled)
    weekends = [day for day in midnights if day.weekday() == _SATURDAY]
    width = _percent(start + 2 * _DAY, start, end)
    return Axis(
        ticks=tuple(tick for tick in ticks if tick[0] < _LAST_LABEL),
        weekends=tuple((_percent(day, start, end), width) for day in weekends),
    )


def bars_of(
    deploys: Sequence[ProjectDeploy], live: ProjectDeploy | None, shown: TimelineRange
) -> tuple[Bar, ...]:
    """Return the bars of a lane, the earliest deploy first: each lasts until the next one, the last until the end."""
    start, end = shown.start, shown.end
    ends = [*(deploy.finished_at for deploy in deploys[1:]), None]
    bars = []
    for deploy, until in zip(deploys, ends, strict=True):
        x = min(_percent(deploy.finished_at, start, end), NOW_PERCENT - _BAR_LEAST)
        width = max(_percent(until or end, start, end) - x, _BAR_LEAST)
        is_live = live is not None and live.id == deploy.id
        kind = "" if not is_live else "bad" if deploy.regressed_issue_count else "live"
        text = short_version(deploy.version)
        needed = len(text) * _LETTER_PIXELS + _PADDING_PIXELS
        bar = Bar(
            version=deploy.version,
            x=round(x, 2),
            width=round(width, 2),
            text=text if width * _WIDTH_PIXELS / 100 >= needed else "",
            kind=kind,
            environment=deploy.environment,
            deployed_at=deploy.finished_at,
            state=_state(
                deploy, shown.live_for(deploy.finished_at, until, is_live=is_live), is_live
            ),
        )
        bars.append(bar)
    return tuple(bars)


def _state(deploy: ProjectDeploy, length: str, is_live: bool) -> str:
    state = f"live now, for {length}" if is_live else f"live for {length}"
    return f"{state}, regressed" if deploy.regressed_issue_count else state


def _percent(moment: datetime, start: datetime, end: datetime) -> float:
    """Return the position of a moment, within the range."""
    share = (moment - start) / (end - start)
    return round(min(max(share, 0.0), 1.0) * NOW_PERCENT, 2)
