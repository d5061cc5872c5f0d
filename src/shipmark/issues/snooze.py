"""Snoozes: until when, or until what, issues are ignored (groups-api.md 4.4, ingest.md 12).

The condition that is met first reopens the issue. Numbers of events and users count from the snooze on. Within a window
they are counted by buckets of a sixtieth of it, of at least a minute: such a condition may be met early by one bucket,
and never late.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

WINDOW_MINUTES_MAX = 7 * 24 * 60
#: Ten years.
DURATION_MINUTES_MAX = 10 * 365 * 24 * 60
COUNT_MAX = 1_000_000_000
#: The users of a window are stored with the snooze.
WINDOW_USERS_MAX = 10_000
#: An issue escalates by this number of events in an hour at the least, by so many times those of the busiest hour of
#: the last day, and by so many times those of the average hour of the last week: the largest of the three.
_HOURLY_MIN = 10
_BUSIEST_FACTOR = 2
_AVERAGE_FACTOR = 3
_WEEK_HOURS = 7 * 24
_BUCKETS = 60
_MINUTE_SECONDS = 60
#: The digits of users' digests that tell them apart: of 10,000 users two are the same once in 10^11 times.
_USER_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SnoozeConditions:
    """The conditions as requested, of which there is at least one. A window needs its count."""

    duration_minutes: int | None = None
    event_count: int | None = None
    event_window_minutes: int | None = None
    user_count: int | None = None
    user_window_minutes: int | None = None

    def ends_at(self, now: datetime) -> datetime | None:
        """Return the moment until which an issue is ignored from now on, or None without a duration."""
        minutes = self.duration_minutes
        return None if minutes is None else now + timedelta(minutes=minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snooze:
    """The conditions under which an ignored issue is reopened, and who set them.

    ``times_seen`` and ``users_seen`` are those of the issue at that time. ``hourly_event_count`` is the number of
    events in an hour of the clock by which an issue escalates that is ignored until then: its only condition.
    """

    issue_id: int
    user_id: int | None
    created_at: datetime
    ends_at: datetime | None = None
    event_count: int | None = None
    event_window_minutes: int | None = None
    user_count: int | None = None
    user_window_minutes: int | None = None
    hourly_event_count: int | None = None
    times_seen: int
    users_seen: int

    @property
    def is_counting(self) -> bool:
        """Return True if events change the snooze: they are counted within a window."""
        return self.event_window_minutes is not None or self.user_window_minutes is not None

    def events_left(self, times_seen: int) -> int | None:
        """Return how many events of an issue with this number reopen it; within a window, the whole number."""
        if self.event_count is None or self.event_window_minutes is not None:
            return self.event_count
        return max(self.event_count - (times_seen - self.times_seen), 0)

    def users_left(self, users_seen: int) -> int | None:
        """Return how many users of an issue with this number reopen it; within a window, the whole number."""
        if self.user_count is None or self.user_window_minutes is not None:
            return self.user_count
        return max(self.user_count - (users_seen - self.users_seen), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SnoozeWindows:
    """What has happened within the windows of a snooze: events by bucket, and the last bucket of each user."""

    events: Mapping[int, int] = field(default_factory=dict)
    users: Mapping[str, int] = field(default_factory=dict)


class LapseReason(StrEnum):
    """What ends a snooze: its time is over, or the issue has happened, or hit users, so often."""

    TIME = "time"
    OCCURRENCES = "occurrences"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnoozedEvent:
    """An event of an ignored issue; ``times_seen`` and ``users_seen`` are those of the issue with this event.

    So is ``hour_events``, the number of events in its hour of the clock, which is 0 for an event of long ago.
    """

    event_id: str
    received_at: datetime
    times_seen: int
    users_seen: int
    user_hash: str | None
    hour_events: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    """The end of a snooze, by an event or, without one, by the clock."""

    snooze: Snooze
    reason: LapseReason
    at: datetime
    event_id: str | None = None


def hourly_limit(*, busiest_hour: int, week: int) -> int:
    """Return the number of events in an hour by which an issue escalates that is ignored now.

    It had ``busiest_hour`` events in one of the last 24 hours, and ``week`` events in the last seven days.
    """
    average = -(-week * _AVERAGE_FACTOR // _WEEK_HOURS)
    return max(_HOURLY_MIN, busiest_hour * _BUSIEST_FACTOR, average)


def observe(
    snooze: Snooze, windows: SnoozeWindows, events: Sequence[SnoozedEvent]
) -> SnoozeWindows | Lapse:
    """Return the windows after these events, in the order of their receipt, or the lapse by the first that ends it."""
    recent_events = _RecentEvents(windows.events, snooze.event_window_minutes)
    recent_users = _RecentUsers(windows.users, snooze.user_window_minutes)
    for event in events:
        recent_events.add(event.received_at)
        recent_users.add(event.received_at, event.user_hash)
        reason = _reason(snooze, event, recent_events.count, recent_users.count)
        if reason is not None:
            return Lapse(
                snooze=snooze, reason=reason, at=event.received_at, event_id=event.event_id
            )
    return SnoozeWindows(events=recent_events.counts, users=recent_users.buckets)


def _reason(
    snooze: Snooze, event: SnoozedEvent, recent_events: int, recent_users: int
) -> LapseReason | None:
    if snooze.ends_at is not None and event.received_at >= snooze.ends_at:
        return LapseReason.TIME
    events, users = event.times_seen - snooze.times_seen, event.users_seen - snooze.users_seen
    if snooze.event_window_minutes is not None:
        events = recent_events
    if snooze.user_window_minutes is not None:
        users = recent_users
    is_met = _is_reached(snooze.event_count, events) or _is_reached(snooze.user_count, users)
    is_met = is_met or _is_reached(snooze.hourly_event_count, event.hour_events)
    return LapseReason.OCCURRENCES if is_met else None


def _is_reached(limit: int | None, number: int) -> bool:
    return limit is not None and number >= limit


class _Window:
    """The buckets of a window, the last of which is that of the latest event. Without a window nothing is counted."""

    def __init__(self, minutes: int | None, last: int) -> None:
        self._bucket_minutes = -(-(minutes or 0) // _BUCKETS)
        self._last = last
        # One more than fit: the oldest is partly in the window.
        self._most = -(-(minutes or 0) // (self._bucket_minutes or 1)) + 1

    def bucket_of(self, at: datetime) -> int | None:
        """Return the bucket of the moment, or None if it is not counted; the window moves up to it."""
        if not self._bucket_minutes:
            return None
        bucket = int(at.timestamp()) // (_MINUTE_SECONDS * self._bucket_minutes)
        if bucket > self._last:
            self._last = bucket
            self.forget_before(bucket - self._most + 1)
        return bucket if bucket > self._last - self._most else None

    def forget_before(self, bucket: int) -> None:
        """Leave out what was counted in earlier buckets."""
        raise NotImplementedError


class _RecentEvents(_Window):
    """The numbers of events by bucket."""

    def __init__(self, counts: Mapping[int, int], minutes: int | None) -> None:
        super().__init__(minutes, max(counts, default=0))
        self.counts = dict(counts)
        self.count = sum(counts.values())

    def add(self, at: datetime) -> None:
        """Count an event."""
        bucket = self.bucket_of(at)
        if bucket is not None:
            self.counts[bucket] = self.counts.get(bucket, 0) + 1
            self.count += 1

    def forget_before(self, bucket: int) -> None:
        """Leave out the events of earlier buckets."""
        self.counts = {at: count for at, count in self.counts.items() if at >= bucket}
        self.count = sum(self.counts.values())


class _RecentUsers(_Window):
    """The last bucket of each user."""

    def __init__(self, buckets: Mapping[str, int], minutes: int | None) -> None:
        super().__init__(minutes, max(buckets.values(), default=0))
        self.buckets = dict(buckets)

    @property
    def count(self) -> int:
        """Return the number of users in the window."""
        return len(self.buckets)

    def add(self, at: datetime, user_hash: str | None) -> None:
        """Count the user of an event, if it has one."""
        bucket = self.bucket_of(at)
        if bucket is not None and user_hash is not None:
            user = user_hash[:_USER_DIGITS]
            self.buckets[user] = max(self.buckets.get(user, 0), bucket)

    def forget_before(self, bucket: int) -> None:
        """Leave out the users who were hit in earlier buckets only."""
        self.buckets = {user: at for user, at in self.buckets.items() if at >= bucket}
