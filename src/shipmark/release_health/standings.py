"""Standings: what the sessions of a release in a project come to, in each period and environment (verdict.md 3.2).

Lists are ordered by them and show them. They are computed from buckets, a pair of project and release at a time: all
periods in one walk from the newest bucket to the oldest.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from shipmark.infrastructure.groups import grouped
from shipmark.release_health import hourly_numbers
from shipmark.release_health.hourly_numbers import HOUR
from shipmark.release_health.model import SessionCounts, SketchKind
from shipmark.release_health.periods import ADOPTION_HOURS, STANDING_HOURS
from shipmark.release_health.sums import HealthSum

#: The environment of a standing that is about all of them.
ALL_ENVIRONMENTS = 0
#: The kinds of sketches that standings need.
STANDING_KINDS = (SketchKind.ALL, SketchKind.ERRORED, SketchKind.CRASHED, SketchKind.ABNORMAL)


@dataclass(frozen=True, slots=True)
class SeriesBucket:
    """A bucket of a series: its environment, when it began and its length in seconds, and what is in it."""

    environment_id: int
    start: int
    width: int
    counts: SessionCounts
    #: Encoded sets of users by kind; those that are empty are missing.
    users: Mapping[str, bytes]

    @property
    def end(self) -> int:
        """Return when it ended or will end."""
        return self.start + self.width


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the sessions of a release, or of all (0), in a project come to in the hours before a moment."""

    project_id: int
    release_id: int
    environment_id: int
    hours: int
    sessions: int
    crashed: int
    errored: int
    abnormal: int
    users: int
    users_crashed: int
    users_errored: int
    #: The moment (seconds since 1970) at which a bucket leaves the period.
    due_at: int
    #: What `hourly_numbers` makes of the sessions of each hour, in the standing of the last day.
    sessions_by_hour: str | None = None

    @property
    def crash_rate_sessions(self) -> float | None:
        """Return the share of sessions that crashed, or None without sessions."""
        return self.crashed / self.sessions if self.sessions else None

    @property
    def crash_rate_users(self) -> float | None:
        """Return the share of users with a crash, or None without users."""
        return self.users_crashed / self.users if self.users else None


class StandingTotals(NamedTuple):
    """What lists show of a standing: a page has hundreds."""

    sessions: int
    crashed: int
    errored: int
    users: int
    users_crashed: int
    due_at: int
    sessions_by_hour: str | None


def totals_of(standing: Standing) -> StandingTotals:
    """Return what lists show of a standing."""
    return StandingTotals(*(getattr(standing, name) for name in StandingTotals._fields))


def standings_of(
    project_id: int,
    release_id: int,
    buckets: Iterable[SeriesBucket],
    at: float,
    hours: Sequence[int] = STANDING_HOURS,
) -> list[Standing]:
    """Return the standings of a release in a project, in each environment and in all, where it has any buckets.

    A bucket counts in a period that it overlaps. ``hours`` are the lengths of the periods, the shortest first.
    """
    newest_first = sorted(buckets, key=lambda bucket: bucket.start, reverse=True)
    by_environment = grouped((bucket.environment_id, bucket) for bucket in newest_first)
    standings = [
        standing
        for environment_id, members in sorted(by_environment.items())
        for standing in _of_scope((project_id, release_id, environment_id), members, at, hours)
    ]
    if len(by_environment) == 1:
        return standings + [replace(each, environment_id=ALL_ENVIRONMENTS) for each in standings]
    key = (project_id, release_id, ALL_ENVIRONMENTS)
    return [*standings, *_of_scope(key, newest_first, at, hours)]


def _of_scope(
    key: tuple[int, int, int], newest_first: Sequence[SeriesBucket], at: float, hours: Sequence[int]
) -> Iterable[Standing]:
    total, index, last_end = HealthSum(), 0, 0
    for length in hours:
        since = at - length * HOUR
        while index < len(newest_first) and newest_first[index].end > since:
            total.counts += newest_first[index].counts
            for kind, encoded in newest_first[index].users.items():
                total.add_sketch(kind, encoded)
            last_end = newest_first[index].end
            index += 1
        if index and (total.counts.sessions or total.counts.crashed or total.users):
            standing = _standing(key, length, total, due_at=last_end + length * HOUR)
            is_of_day = length == ADOPTION_HOURS
            yield _with_hours(standing, newest_first[:index]) if is_of_day else standing


def _with_hours(standing: Standing, buckets: Iterable[SeriesBucket]) -> Standing:
    """Return a standing with the sessions of each hour, given the buckets that it counts."""
    by_hour = Counter[int]()
    for bucket in buckets:
        by_hour[bucket.start // HOUR] += bucket.counts.sessions
    return replace(standing, sessions_by_hour=hourly_numbers.encode(by_hour))


def _standing(key: tuple[int, int, int], hours: int, total: HealthSum, due_at: int) -> Standing:
    project_id, release_id, environment_id = key
    counts, users = total.counts, total.user_counts
    return Standing(
        project_id=project_id,
        release_id=release_id,
        environment_id=environment_id,
        hours=hours,
        sessions=counts.sessions,
        crashed=counts.crashed,
        errored=counts.errored,
        abnormal=counts.abnormal,
        users=users.all,
        users_crashed=users.crashed,
        users_errored=users.errored,
        due_at=due_at,
    )
