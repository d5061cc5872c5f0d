"""The clock, and the moments that clients send by theirs. Interfaces read the clock; domain packages never do."""

import re
from datetime import UTC, datetime, timedelta

#: The drift of a client's clock up to which it is not corrected (ingest.md 6).
DRIFT_MIN = timedelta(minutes=55)
#: Fewer digits are the date of ISO's basic format.
_SECONDS = re.compile(r"\d{9,14}(?:\.\d+)?", re.ASCII)
#: From here on, the year 5138, a number is one of milliseconds, as clients of JavaScript's clock send it.
_MILLISECONDS_MIN = 100_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """Return the current time, aware and in UTC."""
    return datetime.now(UTC)


def wire_text(moment: datetime) -> str:
    """Return a moment in UTC as responses have it, for JSON objects that are stored as they are sent."""
    return moment.isoformat().replace("+00:00", "Z")


def moment_of(value: object) -> datetime | None:
    """Parse RFC 3339, or seconds or milliseconds since 1970, also as a text; a moment without an offset is UTC."""
    try:
        if isinstance(value, str):
            text = value.strip()
            if _SECONDS.fullmatch(text):
                return _since_1970(float(text))
            moment = datetime.fromisoformat(text)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _since_1970(value)
    except (ValueError, OverflowError):
        return None
    return None


def _since_1970(number: float) -> datetime:
    return _EPOCH + timedelta(seconds=number if number < _MILLISECONDS_MIN else number / 1000)
