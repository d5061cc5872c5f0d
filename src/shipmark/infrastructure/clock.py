"""What time is it? Doors ask here and pass the answer on; rooms never ask."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware and in UTC."""
    return datetime.now(UTC)
