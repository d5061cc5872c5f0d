"""The periods that health is summed up over, and their buckets (releases.md 6.3)."""

from dataclasses import dataclass

from shipmark.release_health.model import DAY

_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Period:
    """A number of buckets of a length in seconds, the last of which is the present one."""

    bucket: int
    number: int

    @property
    def seconds(self) -> int:
        """Return the length of the period."""
        return self.bucket * self.number

    def starts(self, at: float) -> list[int]:
        """Return the starts of the buckets, from the first boundary after the beginning of the period on."""
        first = int((at - self.seconds) // self.bucket + 1) * self.bucket
        return [first + index * self.bucket for index in range(self.number)]


#: The names that clients use. Two that mean the same are shown as they were asked for.
PERIODS = {
    "1h": Period(_HOUR, 1),
    "24h": Period(_HOUR, 24),
    "1d": Period(_HOUR, 24),
    "48h": Period(_HOUR, 48),
    "2d": Period(_HOUR, 48),
    "7d": Period(DAY, 7),
    "14d": Period(DAY, 14),
    "30d": Period(DAY, 30),
    "90d": Period(3 * DAY, 30),
}
DEFAULT_SUMMARY, DEFAULT_HISTORY = "14d", "24h"
#: The different lengths in hours, the shortest first: standings are kept for each.
STANDING_HOURS = tuple(sorted({period.seconds // _HOUR for period in PERIODS.values()}))
#: The window of adoption, whatever the period (releases.md 6.4).
ADOPTION_HOURS = 24
#: A release is adopted in an environment with this share of the sessions of the last hours, divided by the number of
#: releases that have any there (releases.md 6.6).
ADOPTION_SECONDS, ADOPTION_SHARE = 6 * _HOUR, 0.1
#: What is older is deleted, and what has been longer ago is no health data any more.
RETENTION_SECONDS = 90 * DAY


def hours_of(name: str) -> int:
    """Return the length of a period in hours."""
    return PERIODS[name].seconds // _HOUR
