"""The clock. Interfaces read it and pass the time on; domain packages never read it."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current time, aware and in UTC."""
    return datetime.now(UTC)
