"""The charts of delivery: deploys, lead times, failed changes and repairs, step by step (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from shipmark.delivery.metrics import DeliveryMetrics, metrics
from shipmark.delivery.model import ClassifiedDeploy
from shipmark.web.charts import Axes, bar_chart, empty_chart, line_chart, stacked_chart
from shipmark.web.template_filters import counted, duration
from shipmark.web.view_models.delivery_periods import DeliveryPeriod

_HEIGHT = 190
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
#: Units of lengths of time, each from a length on.
_UNITS = ((4 * _DAY, _DAY, "d"), (2 * _HOUR, _HOUR, "h"), (timedelta(), timedelta(minutes=1), "m"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryChart:
    """A chart, and its steps as rows of a table: the name of each step, and its numbers in words."""

    chart: Markup
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryCharts:
    """The charts of a period."""

    deploys: DeliveryChart
    lead_time: DeliveryChart
    fail_rate: DeliveryChart
    recovery: DeliveryChart


def delivery_charts(
    deploys: Sequence[ClassifiedDeploy], period: DeliveryPeriod, environment: str
) -> DeliveryCharts:
    """Return the charts of the deploys of a period to an environment."""
    measured = [metrics(deploys, *step) for step in period.steps]
    averages = [metrics(deploys, *step) for step in period.averages]
    return DeliveryCharts(
        deploys=_deploys(measured, period, environment),
        lead_time=_lead_time(measured, period),
        fail_rate=_fail_rate(averages, period),
        recovery=_recovery(measured, period),
    )


def _deploys(
    measured: Sequence[DeliveryMetrics], period: DeliveryPeriod, environment: str
) -> DeliveryChart:
    changes = [each.frequency.changes for each in measured]
    failed = [each.fail_rate.failed for each in measured]
    restored = [each.recovery.recovered for each in measured]
    words = [
        (
            counted(change, "deploy"),
            f"{bad:,} failed",
            f"{mended:,} of them restored" if bad else "",
        )
        for change, bad, mended in zip(changes, failed, restored, strict=True)
    ]
    chart = stacked_chart(
        [
            ("s-1", [change - bad for change, bad in zip(changes, failed, strict=True)]),
            ("s-2", restored),
            ("s-bad", [bad - mended for bad, mended in zip(failed, restored, strict=True)]),
        ],
        _texts(period, words),
        _axes(period),
        f"Deploys to {environment} a {period.choice.step} for {period.choice.words}:"
        f" {sum(changes):,} in all, {sum(failed):,} failed, {sum(restored):,} of them restored.",
    )
    return _chart(chart, ("Deploys", "Failed", "Restored"), period, words)


def _lead_time(measured: Sequence[DeliveryMetrics], period: DeliveryPeriod) -> DeliveryChart:
    medians = [each.lead_time.median for each in measured]
    slowest = [each.lead_time.p90 for each in measured]
    words = [
        (f"median {_in_words(middle)}", f"90th percentile {_in_words(slow)}")
        if middle is not None
        else ("no lead times", "")
        for middle, slow in zip(medians, slowest, strict=True)
    ]
    label = f"Time from commit to deploy, median and 90th percentile a {period.choice.step}."
    known = [length for length in [*medians, *slowest] if length is not None]
    if not known:
        return _empty("No commits with lead times in this time", label, period)
    unit, letter = _unit_of(known)
    chart = line_chart(
        [("ser", _numbers(medians, unit)), ("ser past", _numbers(slowest, unit))],
        _texts(period, words),
        _axes(period),
        label,
        unit=letter,
    )
    return _chart(chart, ("Median", "90th percentile"), period, words)


def _fail_rate(averages: Sequence[DeliveryMetrics], period: DeliveryPeriod) -> DeliveryChart:
    rates = [each.fail_rate.rate for each in averages]
    words = [
        (f"{100 * rate:.1f}%", f"{each.fail_rate.failed:,} of {each.fail_rate.known:,}")
        if (rate := each.fail_rate.rate) is not None
        else ("no known outcome", "")
        for each in averages
    ]
    label = f"Share of changes that failed, {period.choice.average_words}."
    if all(rate is None for rate in rates):
        return _empty("No changes with a known outcome in this time", label, period)
    percent = [None if rate is None else 100 * rate for rate in rates]
    chart = line_chart([("ser", percent)], _texts(period, words), _axes(period), label, unit="%")
    return _chart(chart, ("Failure rate", "Changes"), period, words)


def _recovery(measured: Sequence[DeliveryMetrics], period: DeliveryPeriod) -> DeliveryChart:
    restored = [each.recovery.median for each in measured]
    ages = [_longest_open(each, period.end) for each in measured]
    words = [
        (
            f"restored in {_in_words(length)}" if length is not None else "none restored",
            f"open for {_in_words(age)}" if age is not None else "none open",
        )
        for length, age in zip(restored, ages, strict=True)
    ]
    label = f"Time from a failed deploy to its recovery, the median of each {period.choice.step}."
    known = [length for length in [*restored, *ages] if length is not None]
    if not known:
        return _empty("No failed changes in this time", label, period)
    unit, letter = _unit_of(known)
    chart = bar_chart(
        [
            ("s-2", [number or 0 for number in _numbers(restored, unit)]),
            ("s-bad", [number or 0 for number in _numbers(ages, unit)]),
        ],
        _texts(period, words),
        _axes(period),
        label,
        unit=letter,
    )
    return _chart(chart, ("Restored", "Still open"), period, words)


def _longest_open(measured: DeliveryMetrics, at: datetime) -> timedelta | None:
    moments = [each.deploy.finished_at for each in measured.recovery.open]
    return at - min(moments) if moments else None


def _chart(
    chart: Markup,
    columns: tuple[str, ...],
    period: DeliveryPeriod,
    words: Sequence[tuple[str, ...]],
) -> DeliveryChart:
    named = zip(period.texts, words, strict=True)
    return DeliveryChart(
        chart=chart, columns=columns, rows=tuple((name, *cells) for name, cells in named)
    )


def _empty(sentence: str, label: str, period: DeliveryPeriod) -> DeliveryChart:
    return DeliveryChart(
        chart=empty_chart(sentence, _axes(period), f"{label} {sentence}."), columns=(), rows=()
    )


def _axes(period: DeliveryPeriod) -> Axes:
    return Axes(ticks=period.ticks, height=_HEIGHT)


def _texts(period: DeliveryPeriod, words: Sequence[tuple[str, ...]]) -> list[str]:
    named = zip(period.texts, words, strict=True)
    return ["\n".join(part for part in (name, *cells) if part) for name, cells in named]


def _unit_of(lengths: Sequence[timedelta]) -> tuple[timedelta, str]:
    longest = max(lengths)
    return next((unit, letter) for least, unit, letter in _UNITS if longest >= least)


def _numbers(lengths: Sequence[timedelta | None], unit: timedelta) -> list[float | None]:
    return [None if length is None else length / unit for length in lengths]


def _in_words(length: timedelta | None) -> str:
    return "unknown" if length is None else duration(length)
