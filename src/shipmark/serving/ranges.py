"""Which stretch of time is asked for? (releases.md 0.6)"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from shipmark.ground.errors import BadRequest

Range = tuple[datetime, datetime]

_PERIOD = re.compile(r"(\d{1,9})([smhdw]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST_SECONDS = 36_500 * 86_400


def asked(parameters: Mapping[str, str], now: datetime) -> Range | None:
    """The range of ``statsPeriod``, or ``start`` and ``end``; null where none is given. Raises `BadRequest`."""
    if period := parameters.get("statsPeriod"):
        return now - _length(period), now
    start, end = parameters.get("start"), parameters.get("end")
    if not start and not end:
        return None
    if not start or not end:
        raise BadRequest("Invalid date range: start and end are both required")
    found = _moment(start), _moment(end)
    if found[0] >= found[1]:
        raise BadRequest("Invalid date range: start must be before end")
    return found


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
