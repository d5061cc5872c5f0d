"""The clock, and the moments that clients send by theirs. Interfaces read the clock; domain packages never do."""

import re
from datetime import UTC, datetime, timedelta

#: The drift of a client's clock up to which it is not corrected (ingest.md 6).
DRIFT_MIN = timedelta(minutes=55)
#: Fewer digits are the date of ISO's basic format.
_SECONDS = re.compile(r"\d{9,19}(?:\.\d+)?", re.ASCII)
#: From here on, the year 5138, a number is one of milliseconds, as clients of JavaScript's clock send it; a thousand
#: times that, one of microseconds, and so on.
_MILLISECONDS_MIN = 100_000_000_000
#: No date is longer, and no blanks within it take long to look through.
_DATE_MAX = 64
#: Programs in Ruby and Go write a blank before the zone, and its name.
_BLANK_BEFORE_ZONE = re.compile(r"\s+(?=[+-]\d{2}:?\d{2}\b)", re.ASCII)
_NAME_OF_ZONE = re.compile(r"(?:(?<=[+-]\d{4})\s+|\s*)(?:UTC|GMT)$", re.ASCII)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """Return the current time, aware and in UTC."""
    return datetime.now(UTC)


def wire_text(moment: datetime) -> str:
    """Return a moment in UTC as responses have it, for JSON objects that are stored as they are sent."""
    return moment.isoformat().replace("+00:00", "Z")


def moment_of(value: object) -> datetime | None:
    """Parse RFC 3339, or a number since 1970, of seconds down to nanoseconds, also as a text.

    A moment without an offset is UTC.
    """
    try:
        if isinstance(value, str):
            text = value.strip()
            if _SECONDS.fullmatch(text):
                return _since_1970(float(text))
            moment = _iso_moment(text)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _since_1970(value)
    except (ValueError, OverflowError):
        return None
    return None


def _iso_moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        if len(text) > _DATE_MAX:
            raise
        return datetime.fromisoformat(
            _NAME_OF_ZONE.sub("", _BLANK_BEFORE_ZONE.sub("", text.upper()))
        )


def _since_1970(number: float) -> datetime:
    for _ in range(3):
        if number >= _MILLISECONDS_MIN:
            number /= 1000
    return EPOCH + timedelta(seconds=number)
