"""The range of the timeline: the days until now, or until an earlier day, and those before and after it (pure)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from shipmark.web.template_filters import duration

_DAY = timedelta(days=1)
#: No deploy is older; days before it are none that moments can be computed with.
_FIRST_DAY = date(2000, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRange:
    """A range of days that ends now, or of whole days (UTC) that end with ``until``."""

    days: int
    until: date | None
    now: datetime

    @property
    def end(self) -> datetime:
        """Return the end: no deploy of the range is later."""
        if self.until is None:
            return self.now
        return datetime.combine(self.until + _DAY, time(), UTC)

    @property
    def start(self) -> datetime:
        """Return the start."""
        return self.end - timedelta(days=self.days)

    @property
    def last_moment(self) -> datetime:
        """Return the last moment of the range, which is of its last day."""
        return self.end - timedelta.resolution

    @property
    def last_day(self) -> date:
        """Return the last day."""
        return self.until or self.now.date()

    @property
    def earlier(self) -> date:
        """Return the last day of the range before this one, which begins with it if this one begins within a day."""
        return self.start.date() - _DAY if self.until else self.start.date()

    @property
    def later(self) -> date | None:
        """Return the last day of the range after this one, None for the range that ends now."""
        return day_of((self.last_day + timedelta(days=self.days)).isoformat(), self.now)

    def live_for(self, deployed_at: datetime, until: datetime | None, *, is_live: bool) -> str:
        """Return how long a deploy was live, until the next one, if there is one in the range, or is live now."""
        if until is not None:
            return duration(until - deployed_at)
        if is_live or self.until is None:
            return duration(self.now - deployed_at)
        return f"over {duration(self.end - deployed_at)}"


def day_of(text: str, now: datetime) -> date | None:
    """Return the day that is named, or None for any other text, and for days that are not over."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _FIRST_DAY <= day < now.date() else None
