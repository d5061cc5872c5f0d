"""Charts as inline SVG (pure). Across: per cent. Down: pixels. Text never scales; only nested plots are stretched.

A chart has a zone for each of its steps, with the step's text; the arrow keys move from one to the next by script.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from markupsafe import Markup

_HEIGHT = 200
_TOP, _BOTTOM = 24, 22
_GUTTER_PIXELS, _DIGIT_PIXELS = 10, 6
_BAR_SHARE = 0.7
#: The least height of a bar, in pixels.
_BAR_LEAST = 1.5
#: How far below 100 % a baseline may be.
_SHARE_STEPS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
_SPARK_WIDTH, _SPARK_BARS_WIDTH = 56, 72


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A moment with a label after it or before it, in per cent of the width; a minor label is left out on phones."""

    x: float
    text: str
    is_before: bool = False
    is_minor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Axes:
    """What stands around a chart, ``height`` pixels high: labels below it, by place in per cent, and marks in it.

    ``moments`` are those of the steps with the words for them in the texts, which a script writes in the zone of the
    reader's browser.
    """

    ticks: Sequence[tuple[float, str]]
    marks: Sequence[Mark] = ()
    moments: Sequence[tuple[datetime, str]] = ()
    height: int = _HEIGHT

    @property
    def base(self) -> int:
        """Return the place of the number 0."""
        return self.height - _BOTTOM

    def y_of(self, value: float, high: float, low: float = 0) -> float:
        """Return the place of a number, if ``high`` is the highest, and ``low`` that on the baseline."""
        return self.base - (self.base - _TOP) * (value - low) / (high - low)


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The numbers beside a chart: on the baseline, at the top, and halfway between."""

    low: float
    high: float
    unit: str = ""

    @property
    def values(self) -> tuple[float, float, float]:
        return self.low, (self.low + self.high) / 2, self.high

    def text(self, value: float) -> str:
        return f"{value:,.4g}{self.unit}" if self.unit else f"{value:,.0f}"


def step_ticks(names: Sequence[str], parts: int) -> list[tuple[float, str]]:
    """Return the labels of the first step, of the last, and of some at equal distances between them.

    Those between stand below the middle of their step, the others at the edges.
    """
    last = len(names) - 1
    between = {round(last * part / parts) for part in range(1, parts)} - {0, last}
    middle = 100 / len(names)
    return [
        (0.0, names[0]),
        *((middle * (number + 0.5), names[number]) for number in sorted(between)),
        (99.5, names[last]),
    ]


def even_ceiling(count: int) -> int:
    """Return the even number of at most two digits before zeros that is not below the count, to be halved."""
    scale = int("1".ljust(len(str(count)) - 1, "0"))
    return max(-(-count // (2 * scale)) * 2 * scale, 2)


def line_chart(
    series: Sequence[tuple[str, Sequence[float | None]]],
    texts: Sequence[str],
    axes: Axes,
    label: str,
    *,
    unit: str = "",
) -> Markup:
    """Return a chart with a line for each series, named by its class; a step with None is a gap.

    The first series has a light area below it. ``texts`` are those of the steps, ``label`` says what the chart shows,
    and the ``unit`` follows the numbers beside it.
    """
    high = _highest(value for _, values in series for value in values)
    return _lines(series, _Numbers(0, high, unit), texts, axes, label)


def share_chart(
    series: Sequence[tuple[str, Sequence[float | None]]],
    texts: Sequence[str],
    axes: Axes,
    label: str,
    *,
    begins_at_zero: bool,
) -> Markup:
    """Return a chart as `line_chart` does, of values in per cent; its baseline may be above zero."""
    lowest = min(
        (value for _, values in series for value in values if value is not None), default=0
    )
    low = 0.0 if begins_at_zero else _floor_of(lowest)
    return _lines(series, _Numbers(low, 100, "%"), texts, axes, label)


def _floor_of(share: float) -> float:
    """Return the baseline for a lowest share: as far below 100 as a step of 1, 2, 5 and so on that holds it."""
    distance = 100 - share
    return next((100 - step for step in _SHARE_STEPS if step >= distance), 0.0)


def _lines(
    series: Sequence[tuple[str, Sequence[float | None]]],
    numbers: _Numbers,
    texts: Sequence[str],
    axes: Axes,
    label: str,
) -> Markup:
    paths = Markup()
    for number, (kind, values) in enumerate(series):
        for points in _unbroken_parts(values, numbers):
            line = "L".join(f"{_n(x * 10)} {_n(y)}" for x, y in points)
            if number == 0:
                first, last = points[0][0] * 10, points[-1][0] * 10
                paths += Markup('<path class="area" d="M{}L{} 100L{} 100z"/>').format(
                    line, _n(last), _n(first)
                )
            # A line of one point has no length: its round end is drawn.
            paths += Markup('<path class="{}" d="M{}"/>').format(
                kind, line if len(points) > 1 else f"{line}h.01"
            )
    plot = Markup(
        '<svg x="0" y="{}" width="100%" height="{}" viewBox="0 0 1000 100"'
        ' preserveAspectRatio="none">{}</svg>'
    ).format(_TOP, axes.base - _TOP, paths)
    return _frame(plot, numbers, texts, axes, label)


def _unbroken_parts(
    values: Sequence[float | None], numbers: _Numbers
) -> Iterable[list[tuple[float, float]]]:
    """Yield the points of each part of a line between gaps, in per cent."""
    step, points = 100 / len(values), list[tuple[float, float]]()
    height = numbers.high - numbers.low
    for index, value in enumerate(values):
        if value is not None:
            points.append((step * (index + 0.5), 100 - 100 * (value - numbers.low) / height))
        elif points:
            yield points
            points = []
    if points:
        yield points


def sparkline(values: Sequence[float]) -> Markup:
    """Return a small line without axes, from 0 to the highest value, for what a number beside it says."""
    high = max([*values, 1e-9])
    step = _SPARK_WIDTH / max(len(values) - 1, 1)
    line = "L".join(
        f"{_n(step * index)} {_n(20 - 18 * value / high)}" for index, value in enumerate(values)
    )
    return Markup(
        '<svg class="spark" viewBox="0 0 56 22" preserveAspectRatio="none" aria-hidden="true">'
        '<path class="fl" d="M0 21L{0}L56 21z"/><path class="ln" d="M{0}"/></svg>'
    ).format(line)


def spark_bars(values: Sequence[int], *, is_bad: bool = False) -> Markup:
    """Return small bars without axes, from 0 to the highest value, for what a number beside them says."""
    high, step = max([*values, 1]), _SPARK_BARS_WIDTH / max(len(values), 1)
    bars = "".join(
        # A bar of few is still seen.
        f"M{_n(step * (index + 0.5))} 21v-{_n(max(19 * value / high, 1))}"
        for index, value in enumerate(values)
        if value
    )
    return Markup(
        '<svg class="spark{}" viewBox="0 0 72 22" aria-hidden="true">'
        '<path class="base" d="M0 21.5h72"/><path d="{}"/></svg>'
    ).format(" hot" if is_bad else "", bars)


def bar_chart(
    series: Sequence[tuple[str, Sequence[float]]],
    texts: Sequence[str],
    axes: Axes,
    label: str,
    *,
    unit: str = "",
) -> Markup:
    """Return a chart with a group of bars for each step, one for each series, named by its class."""
    high = _highest(value for _, values in series for value in values)
    width = 100 / len(texts) * _BAR_SHARE / len(series)
    bars = Markup().join(
        _bar(kind, _left(index, len(texts)) + width * number, width * 0.92, (0, value), high, axes)
        for number, (kind, values) in enumerate(series)
        for index, value in enumerate(values)
        if value
    )
    return _frame(bars, _Numbers(0, high, unit), texts, axes, label)


def stacked_chart(
    series: Sequence[tuple[str, Sequence[int]]], texts: Sequence[str], axes: Axes, label: str
) -> Markup:
    """Return a chart with one bar for each step, of a part for each series, the first at the bottom."""
    totals = [0] * len(texts)
    parts = []
    for kind, values in series:
        for index, value in enumerate(values):
            if value:
                parts.append((kind, index, (totals[index], value)))
                totals[index] += value
    high = _highest(totals)
    width = 100 / len(texts) * _BAR_SHARE
    bars = Markup().join(
        _bar(kind, _left(index, len(texts)), width, part, high, axes) for kind, index, part in parts
    )
    return _frame(bars, _Numbers(0, high), texts, axes, label)


def _left(index: int, count: int) -> float:
    """Return the place where the bars of a step begin, in per cent."""
    return 100 / count * (index + (1 - _BAR_SHARE) / 2)


def _bar(
    kind: str, x: float, width: float, part: tuple[float, float], high: float, axes: Axes
) -> Markup:
    """Return a bar from a number on, by another number high; one of few is still seen."""
    begin, value = part
    base = axes.y_of(begin, high)
    y = min(axes.y_of(begin + value, high), base - _BAR_LEAST)
    return Markup('<rect class="{}" x="{}%" width="{}%" y="{}" height="{}" rx="1"/>').format(
        kind, _n(x), _n(width), _n(y), _n(base - y)
    )


def empty_chart(sentence: str, axes: Axes, label: str) -> Markup:
    """Return the frame of a chart without data, with a sentence in its middle."""
    plot = Markup('<text class="none mid" x="50%" y="{}">{}</text>').format(
        _n(axes.y_of(1, 2) - 8), sentence
    )
    return _frame(plot, _Numbers(0, even_ceiling(0)), (), axes, label)


def _frame(plot: Markup, shown: _Numbers, texts: Sequence[str], axes: Axes, label: str) -> Markup:
    lengths = [len(shown.text(value)) for value in shown.values]
    gutter = _GUTTER_PIXELS + _DIGIT_PIXELS * max(lengths)
    places = [(value, axes.y_of(value, shown.high, shown.low)) for value in shown.values]
    numbers = Markup().join(
        Markup('<text class="end" x="{}" y="{}">{}</text>').format(
            gutter - 8, _n(y + 4), shown.text(value)
        )
        for value, y in places
    )
    grid = Markup().join(
        Markup('<line class="{}" x1="0" x2="100%" y1="{y}" y2="{y}"/>').format(
            "axis" if value == shown.low else "grid", y=_n(y)
        )
        for value, y in places
    )
    drawn = grid + plot + _marks(axes) + _ticks(axes) + _zones(texts, axes)
    return Markup(
        '<div class="plot"><svg width="{gutter}" height="{height}" aria-hidden="true">{numbers}</svg>'
        '<svg width="100%" height="{height}" role="{role}" aria-label="{label}" data-zones>{drawn}</svg></div>'
    ).format(
        gutter=gutter,
        height=axes.height,
        numbers=numbers,
        role="group" if texts else "img",
        label=label,
        drawn=drawn,
    )


def _marks(axes: Axes) -> Markup:
    return Markup().join(
        Markup(
            '<g class="deploy"><line x1="{x}%" x2="{x}%" y1="16" y2="{base}"/>'
            '<circle cx="{x}%" cy="{base}" r="3.5"/>'
            '<text class="{kind}" x="{x}%" y="11">{text}</text></g>'
        ).format(
            x=_n(mark.x),
            base=axes.base,
            kind=("minor " if mark.is_minor else "") + ("end" if mark.is_before else ""),
            text=mark.text,
        )
        for mark in axes.marks
    )


def _ticks(axes: Axes) -> Markup:
    """Return the labels below; those at the edges are aligned inwards, and phones show every second one of the rest."""
    shown = Markup()
    for index, (x, text) in enumerate(axes.ticks):
        side = "" if x <= 1 else "end" if x >= 99 else "mid"
        kind = f"{side} alt".strip() if index % 2 and side != "end" else side
        shown += Markup('<text class="{}" x="{}%" y="{}">{}</text>').format(
            kind, _n(x), axes.height - 5, text
        )
    return shown


def _zones(texts: Sequence[str], axes: Axes) -> Markup:
    step = 100 / max(len(texts), 1)
    return Markup().join(
        Markup(
            '<rect class="hit" x="{x}%" width="{width}%" y="{y}" height="{height}" role="img"'
            ' tabindex="{tab}" aria-label="{text}"{moment}><title>{text}</title></rect>'
        ).format(
            x=_n(step * index),
            width=_n(step),
            y=_TOP,
            height=axes.base - _TOP,
            # The last step is the newest: Tab leads to it, and the arrow keys to the others.
            tab=0 if index == len(texts) - 1 else -1,
            text=text,
            moment=_moment(*axes.moments[index]) if axes.moments else "",
        )
        for index, text in enumerate(texts)
    )


def _moment(at: datetime, words: str) -> Markup:
    return Markup(' data-at="{}" data-words="{}"').format(at.isoformat(), words)


def _highest(values: Iterable[float | None]) -> int:
    return even_ceiling(ceil(max((value for value in values if value is not None), default=0)))


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
