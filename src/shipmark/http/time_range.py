"""Time ranges of requests, and their intervals (releases.md 0.6)."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from shipmark.infrastructure.errors import BadRequest

Range = tuple[datetime, datetime]

_PERIOD = re.compile(r"(\d{1,9})([smhdw]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST_SECONDS = 36_500 * 86_400

#: The most intervals of a response (releases.md 2.21).
STEPS_MAX = 1000
_SHORTEST_STEP = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TOO_MANY_STEPS = (
    "Your interval and date range would create too many results."
    " Use a larger interval, or a smaller date range."
)


def requested_range(parameters: Mapping[str, str], now: datetime) -> Range | None:
    """Return the range of ``statsPeriod``, or ``start`` and ``end``, or None. Raise `BadRequest` if it is invalid."""
    if period := parameters.get("statsPeriod"):
        return now - _length(period), now
    start, end = parameters.get("start"), parameters.get("end")
    if not start and not end:
        return None
    if not start or not end:
        raise BadRequest("Invalid date range: start and end are both required")
    begins_at, ends_at = _moment(start), _moment(end)
    if begins_at >= ends_at:
        raise BadRequest("Invalid date range: start must be before end")
    return begins_at, ends_at


def _length(text: str) -> timedelta:
    match = _PERIOD.fullmatch(text)
    seconds = int(match[1]) * _SECONDS[match[2]] if match else _LONGEST_SECONDS
    if seconds >= _LONGEST_SECONDS:
        raise BadRequest(f"Invalid date range: Invalid statsPeriod: '{text}'")
    return timedelta(seconds=seconds)


def _moment(text: str) -> datetime:
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
        begin = _EPOCH + (requested[0] - _EPOCH) // length * length
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
