"""The hours of a release, made of buckets: users are distinct within an hour, so that hours may be added.

A user who is seen for an hour had less chance to crash than one who is seen for a week. So users are counted by the
hour (verdict.md 1.3), and those of the six buckets of an hour are united by their sketches.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shipmark.release_health.model import DAY, BucketWidth, SketchKind
from shipmark.release_health.sketches import distinct
from shipmark.verdicts.judgement import (
    UnitCount,
    spread_of_groups,
    spread_of_periods,
    total,
)
from shipmark.verdicts.model import Measure, hour_of

#: The lengths of periods, in hours, over which the rate of a base may vary.
_PERIOD_HOURS = (1, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """The counts of a bucket of a series. Users are distinct within it."""

    series_id: int
    width: int
    start: int
    sessions: int
    crashed: int
    users: int
    users_crashed: int
    users_new_issue: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSketch:
    """An encoded set of users of a bucket."""

    series_id: int
    width: int
    start: int
    kind: SketchKind
    encoded: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """The counts of an hour."""

    start: int
    sessions: int
    crashed: int
    users: int
    users_crashed: int
    users_new_issue: int

    def count(self, measure: Measure, *, counts_users: bool) -> UnitCount:
        """Return the units of a measure. Sessions may crash whose beginning was never seen: units are the limit."""
        match measure:
            case Measure.SESSIONS:
                bad, units = self.crashed, self.sessions
            case Measure.USERS:
                bad, units = self.users_crashed, self.users
            case Measure.NEW_ISSUES:
                bad, units = self.users_new_issue, self.users if counts_users else self.sessions
        return UnitCount(min(bad, units), units)


@dataclass(frozen=True, slots=True)
class Health:
    """The buckets of a release in a time, and the sketches of their users.

    ``first_start`` is when the release had its first session there, from which ages are counted: None without buckets.
    """

    buckets: Sequence[Bucket]
    sketches: Sequence[BucketSketch]
    first_start: int | None = None

    def between(self, start: int, end: int) -> "Health":
        """Return the buckets that begin after a time and end by another."""
        return Health(
            [each for each in self.buckets if _is_between(each, start, end)],
            [each for each in self.sketches if _is_between(each, start, end)],
            self.first_start,
        )

    def until_age(self, seconds: int | None) -> "Health":
        """Return the buckets in which the release was at most so old, all of them for None."""
        if seconds is None or self.first_start is None:
            return self
        return self.between(0, self.first_start + seconds)

    def hours(self) -> list[Hour]:
        """Return the hours that have a bucket, in their order."""
        by_hour: dict[int, list[Bucket]] = defaultdict(list)
        for bucket in self.buckets:
            by_hour[hour_of(bucket.start)].append(bucket)
        users = _users_by_hour(self.sketches)
        return [_hour(start, by_hour[start], users) for start in sorted(by_hour)]

    def spread_of_groups(self, measure: Measure, hours: Sequence[Hour]) -> float:
        """Return the spread by how bad units come in groups: of a user in an hour, or on a day."""
        match measure:
            case Measure.SESSIONS:
                bad = sum(hour.crashed for hour in hours)
                groups = sum(hour.users_crashed for hour in hours)
            case Measure.USERS:
                bad = sum(hour.users_crashed for hour in hours)
                groups = self._user_days(SketchKind.CRASHED)
            case Measure.NEW_ISSUES:
                bad = sum(hour.users_new_issue for hour in hours)
                groups = self._user_days(SketchKind.NEW_ISSUE)
        return spread_of_groups(bad, groups)

    def _user_days(self, kind: SketchKind) -> int:
        days: dict[int, list[bytes]] = defaultdict(list)
        for sketch in self.sketches:
            if sketch.kind == kind:
                days[sketch.start // DAY].append(sketch.encoded)
        return sum(map(distinct, days.values()))


def _is_between(bucket: Bucket | BucketSketch, start: int, end: int) -> bool:
    return start <= bucket.start and bucket.start + bucket.width <= end


def spread_over_time(hours: Sequence[UnitCount]) -> float:
    """Return the spread by how the rate varies between hours, and between longer periods."""
    return max(spread_of_periods(hours, length) for length in _PERIOD_HOURS)


def counts_of(hours: Iterable[Hour], measure: Measure, *, counts_users: bool) -> list[UnitCount]:
    """Return the units of each hour."""
    return [hour.count(measure, counts_users=counts_users) for hour in hours]


def units_of(hours: Iterable[Hour], measure: Measure, *, counts_users: bool) -> UnitCount:
    """Return the units of all hours."""
    return total(counts_of(hours, measure, counts_users=counts_users))


def _users_by_hour(sketches: Sequence[BucketSketch]) -> dict[tuple[int, SketchKind], int]:
    """Return the distinct users of the hours that are counted by ten minutes."""
    encoded: dict[tuple[int, SketchKind], list[bytes]] = defaultdict(list)
    for sketch in sketches:
        if sketch.width == BucketWidth.TEN_MINUTES:
            encoded[hour_of(sketch.start), sketch.kind].append(sketch.encoded)
    return {key: distinct(each) for key, each in encoded.items()}


def _hour(start: int, buckets: Sequence[Bucket], users: dict[tuple[int, SketchKind], int]) -> Hour:
    def in_hour(kind: SketchKind, numbers: Iterable[int]) -> int:
        number = sum(numbers)
        return min(number, users.get((start, kind), number))

    return Hour(
        start=start,
        sessions=sum(each.sessions for each in buckets),
        crashed=sum(each.crashed for each in buckets),
        users=in_hour(SketchKind.ALL, (each.users for each in buckets)),
        users_crashed=in_hour(SketchKind.CRASHED, (each.users_crashed for each in buckets)),
        users_new_issue=in_hour(SketchKind.NEW_ISSUE, (each.users_new_issue for each in buckets)),
    )
