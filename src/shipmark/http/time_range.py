"""Time ranges of requests, and their intervals (releases.md 0.6)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from shipmark.infrastructure.clock import EPOCH
from shipmark.infrastructure.errors import BadRequest

Range = tuple[datetime, datetime]

_PERIOD = re.compile(r"(\d{1,9})([smhdw]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST_SECONDS = 36_500 * 86_400
#: A period up to now, and the ends of one before, under each of their two names.
_RELATIVE = (
    ("statsPeriod", "statsPeriodStart", "statsPeriodEnd"),
    ("timeframe", "timeframeStart", "timeframeEnd"),
)

#: The most intervals of a response (releases.md 2.21).
STEPS_MAX = 1000
_SHORTEST_STEP = timedelta(hours=1)
TOO_MANY_STEPS = (
    "Your interval and date range would create too many results."
    " Use a larger interval, or a smaller date range."
)


def requested_range(parameters: Mapping[str, str], now: datetime) -> Range | None:
    """Return the range that the parameters name, or None. Raise `BadRequest` if it is invalid.

    The first that is given counts: ``statsPeriod``, or ``statsPeriodStart`` and ``statsPeriodEnd``, which say how long
    ago, or ``start`` and ``end``. ``timeframe`` is another name of ``statsPeriod``.
    """
    for period, first, last in _RELATIVE:
        if length := parameters.get(period):
            return now - _length(length), now
        if bounds := _both(parameters, first, last):
            return _ordered(*(now - _length(text) for text in bounds))
    if bounds := _both(parameters, "start", "end"):
        return _ordered(*map(parse_moment, bounds))
    return None


def is_relative(parameters: Mapping[str, str]) -> bool:
    """Return whether the range is named by how long ago it is."""
    return any(parameters.get(name) for names in _RELATIVE for name in names)


def _both(parameters: Mapping[str, str], first: str, last: str) -> tuple[str, str] | None:
    """Return two parameters, or None if neither is given. Raise `BadRequest` for one without the other."""
    start, end = parameters.get(first), parameters.get(last)
    if start and end:
        return start, end
    if start or end:
        raise BadRequest(f"Invalid date range: {first} and {last} are both required")
    return None


def _ordered(begins_at: datetime, ends_at: datetime) -> Range:
    if begins_at >= ends_at:
        raise BadRequest("Invalid date range: start must be before end")
    return begins_at, ends_at


def _length(text: str) -> timedelta:
    match = _PERIOD.fullmatch(text)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else _LONGEST_SECONDS
    if seconds >= _LONGEST_SECONDS:
        raise BadRequest(f"Invalid date range: Invalid statsPeriod: '{text}'")
    return timedelta(seconds=seconds)


def parse_moment(text: str) -> datetime:
    """Return the moment, of seconds since 1970 or of a date. Raise `BadRequest` if it is invalid."""
    try:
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return datetime.fromtimestamp(float(text), UTC)
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        detail = f"Invalid date range: {text} is not a valid ISO8601 date query"
        raise BadRequest(detail) from None


def range_or_default(parameters: Mapping[str, str], now: datetime, default: timedelta) -> Range:
    """Return the requested range, or the default one, which ends now."""
    return requested_range(parameters, now) or (now - default, now)


def steps(requested: Range, interval: str | None, default: timedelta) -> list[datetime]:
    """Return the starts of a range's intervals, aligned to whole intervals since 1970 (releases.md 2.16).

    An interval is an hour at least. Raise `BadRequest` for an invalid one, or for too many intervals.
    """
    length = max(_interval(interval) if interval else default, _SHORTEST_STEP)
    try:
        begin = EPOCH + (requested[0] - EPOCH) // length * length
    except OverflowError:
        raise BadRequest("Invalid date range: start is too long ago") from None
    count = -((begin - requested[1]) // length)
    if count > STEPS_MAX:
        raise BadRequest(TOO_MANY_STEPS)
    return [begin + number * length for number in range(count)]


def _interval(text: str) -> timedelta:
    try:
        return _length(text)
    except BadRequest:
        raise BadRequest(f"Invalid interval: '{text}'") from None
