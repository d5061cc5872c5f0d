"""The numbers of an issue's events in each of the last hours and days, kept as one text with the issue.

The text is a JSON array: the last hour with an event, in hours since 1970, the numbers of that hour and of those before
it, and the same by day. A list of issues shows the numbers of each, for which counting events would take too long.
"""

import json
from collections.abc import Collection
from datetime import datetime

#: The hours and days that are kept, those of the issue's last event included.
HOURS = 24
DAYS = 30

_HOUR_SECONDS = 3600
_DAY_SECONDS = 86_400
#: The start of an interval in seconds since 1970, and its number of events.
Point = tuple[int, int]


def add(text: str | None, moments: Collection[datetime]) -> str:
    """Return the text with events of these moments added. Those too old for it are left out."""
    last_hour, hours, last_day, days = _read(text)
    seconds = [int(moment.timestamp()) for moment in moments]
    last_hour, hours = _added(last_hour, hours, [at // _HOUR_SECONDS for at in seconds], HOURS)
    last_day, days = _added(last_day, days, [at // _DAY_SECONDS for at in seconds], DAYS)
    return json.dumps([last_hour, hours, last_day, days], separators=(",", ":"))


def merged(texts: Collection[str | None]) -> str | None:
    """Return the text with the events of all of them, or None if there are none."""
    read = [_read(text) for text in texts if text is not None]
    if not read:
        return None
    hours = _summed([(last, counts) for last, counts, _, _ in read], HOURS)
    days = _summed([(last, counts) for _, _, last, counts in read], DAYS)
    return json.dumps([*hours, *days], separators=(",", ":"))


def by_hour(text: str | None, now: datetime) -> list[Point]:
    """Return the numbers of the last `HOURS`, this one included, the oldest first."""
    last, counts, _, _ = _read(text)
    return _points(last, counts, now, _HOUR_SECONDS, HOURS)


def in_hour_of(text: str | None, moment: datetime) -> int:
    """Return the number of events in the hour of that moment, 0 if it is older than the hours that are kept."""
    last, counts, _, _ = _read(text)
    age = last - int(moment.timestamp()) // _HOUR_SECONDS
    return counts[age] if 0 <= age < len(counts) else 0


def by_day(text: str | None, now: datetime, days: int = DAYS) -> list[Point]:
    """Return the numbers of the last days (UTC), today included, the oldest first."""
    _, _, last, counts = _read(text)
    return _points(last, counts, now, _DAY_SECONDS, days)


def _read(text: str | None) -> tuple[int, list[int], int, list[int]]:
    if text is None:
        return 0, [], 0, []
    last_hour, hours, last_day, days = json.loads(text)
    return last_hour, hours, last_day, days


def _summed(series: Collection[tuple[int, list[int]]], most: int) -> tuple[int, list[int]]:
    """Return the last interval of all series, and the sums of their numbers."""
    newest = max(last for last, _ in series)
    sums = [0] * most
    for last, counts in series:
        for age, count in enumerate(counts, newest - last):
            if age < most:
                sums[age] += count
    return newest, _without_trailing_zeros(sums)


def _without_trailing_zeros(counts: list[int]) -> list[int]:
    while counts and not counts[-1]:
        counts.pop()
    return counts


def _added(
    last: int, counts: list[int], intervals: Collection[int], most: int
) -> tuple[int, list[int]]:
    """Return the last interval with an event and the numbers, newest first, without zeros behind the oldest event."""
    newest = max(last, *intervals)
    moved = [0] * min(newest - last, most) + counts
    for interval in intervals:
        age = newest - interval
        if age < most:
            moved += [0] * (age + 1 - len(moved))
            moved[age] += 1
    return newest, _without_trailing_zeros(moved[:most])


def _points(last: int, counts: list[int], now: datetime, length: int, most: int) -> list[Point]:
    current = int(now.timestamp()) // length
    by_interval = {last - age: count for age, count in enumerate(counts)}
    intervals = range(current - most + 1, current + 1)
    return [(interval * length, by_interval.get(interval, 0)) for interval in intervals]
