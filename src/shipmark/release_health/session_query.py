"""Questions about sessions: fields, by groups, over time (releases.md 2.21). Pure."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from shipmark.infrastructure.wildcards import expression_of
from shipmark.release_health.model import SessionCounts, UserCounts
from shipmark.release_health.sums import HealthSum
from shipmark.releases.versions import LATEST

Value = int | float | None


class SessionOutcome(StrEnum):
    """The outcome that sessions and users are divided by. Those that run are healthy."""

    HEALTHY = "healthy"
    ABNORMAL = "abnormal"
    CRASHED = "crashed"
    ERRORED = "errored"


class GroupKey(StrEnum):
    """What sessions are grouped by."""

    PROJECT = "project"
    ENVIRONMENT = "environment"
    RELEASE = "release"
    STATUS = "session.status"


@dataclass(frozen=True, slots=True)
class Field:
    """A field: its value without regard to the outcome, and that of one outcome, if it has any."""

    value: Callable[[HealthSum], Value]
    of_status: Callable[[HealthSum, SessionOutcome], Value] | None = None
    is_about_users: bool = False
    is_about_durations: bool = False

    @property
    def empty(self) -> Value:
        """Return the value without sessions: counts are 0, rates and durations null."""
        return self.value(HealthSum())


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _rest(part: int, whole: int) -> float | None:
    # Crashes count without the beginning of their session.
    return max(0.0, 1 - part / whole) if whole else None


def _sessions_of(total: HealthSum, status: SessionOutcome) -> Value:
    counts = total.counts
    return {
        SessionOutcome.HEALTHY: counts.healthy,
        SessionOutcome.ABNORMAL: counts.abnormal,
        SessionOutcome.CRASHED: counts.crashed,
        SessionOutcome.ERRORED: counts.errored,
    }[status]


def _users_of(total: HealthSum, status: SessionOutcome) -> Value:
    users = total.user_counts
    return {
        SessionOutcome.HEALTHY: users.healthy,
        SessionOutcome.ABNORMAL: users.abnormal,
        SessionOutcome.CRASHED: users.crashed,
        SessionOutcome.ERRORED: users.errored,
    }[status]


def _duration(read: Callable[[HealthSum], float | None]) -> Field:
    """Return a field of durations, in milliseconds; only sessions that ended normally have one."""

    def value(total: HealthSum) -> Value:
        seconds = read(total)
        return None if seconds is None else seconds * 1000

    def of_status(total: HealthSum, status: SessionOutcome) -> Value:
        return value(total) if status is SessionOutcome.HEALTHY else None

    return Field(value, of_status, is_about_durations=True)


def _quantile(share: float) -> Field:
    return _duration(lambda total: total.durations.quantile(share))


def _share_of_sessions(part: Callable[[SessionCounts], int]) -> Field:
    return Field(lambda total: _share(part(total.counts), total.counts.sessions))


def _share_of_users(part: Callable[[UserCounts], int]) -> Field:
    return Field(
        lambda total: _share(part(total.user_counts), total.user_counts.all), is_about_users=True
    )


FIELDS: Mapping[str, Field] = {
    "sum(session)": Field(lambda total: total.counts.sessions, _sessions_of),
    "count_unique(user)": Field(
        lambda total: total.user_counts.all, _users_of, is_about_users=True
    ),
    "avg(session.duration)": _duration(lambda total: total.durations.average),
    **{f"p{rank}(session.duration)": _quantile(rank / 100) for rank in (50, 75, 90, 95, 99)},
    "max(session.duration)": _duration(
        lambda total: total.durations.maximum if total.durations.number else None
    ),
    "crash_rate(session)": _share_of_sessions(lambda counts: counts.crashed),
    "errored_rate(session)": _share_of_sessions(lambda counts: counts.errored),
    "abnormal_rate(session)": _share_of_sessions(lambda counts: counts.abnormal),
    "unhandled_rate(session)": _share_of_sessions(lambda counts: counts.unhandled),
    "unhealthy_rate(session)": _share_of_sessions(lambda counts: counts.sessions - counts.healthy),
    "crash_free_rate(session)": Field(
        lambda total: _rest(total.counts.crashed, total.counts.sessions)
    ),
    "crash_rate(user)": _share_of_users(lambda counts: counts.crashed),
    "errored_rate(user)": _share_of_users(lambda counts: counts.errored),
    "abnormal_rate(user)": _share_of_users(lambda counts: counts.abnormal),
    "crash_free_rate(user)": Field(
        lambda total: _rest(total.user_counts.crashed, total.user_counts.all), is_about_users=True
    ),
    "anr_rate()": _share_of_users(lambda counts: counts.anr),
    "foreground_anr_rate()": _share_of_users(lambda counts: counts.anr_foreground),
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on a key: one of the values, or none of them; ``*`` matches any text."""

    key: GroupKey
    values: tuple[str, ...]
    is_negated: bool = False

    def matches(self, text: str) -> bool:
        """Return whether a value of the key meets the condition."""
        return any(_pattern(value).fullmatch(text) for value in self.values) is not self.is_negated

    @property
    def is_of_latest(self) -> bool:
        """Return whether one of the values is the latest release, which no release is called."""
        return self.key is GroupKey.RELEASE and LATEST in self.values


def _pattern(value: str) -> re.Pattern[str]:
    return re.compile(expression_of(value), re.DOTALL)


def _with_latest(values: Iterable[str], versions: Collection[str]) -> Iterator[str]:
    for value in values:
        yield from versions if value == LATEST else (value,)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionQuery:
    """What is asked for. ``statuses`` are those that are selected, or None without a condition on them."""

    fields: Sequence[str]
    group_by: Sequence[GroupKey] = ()
    conditions: Sequence[Condition] = ()
    statuses: frozenset[SessionOutcome] | None = None

    @property
    def reads_users(self) -> bool:
        """Return whether users must be read."""
        return any(FIELDS[name].is_about_users for name in self.fields)

    @property
    def reads_durations(self) -> bool:
        """Return whether durations must be read."""
        return any(FIELDS[name].is_about_durations for name in self.fields)

    @property
    def by_release(self) -> bool:
        """Return whether each release is counted by itself."""
        keys = {condition.key for condition in self.conditions}
        return GroupKey.RELEASE in keys | set(self.group_by)

    @property
    def names_latest(self) -> bool:
        """Return whether a condition names the latest release of each project."""
        return any(each.is_of_latest for each in self.conditions)

    def with_latest(self, versions: Collection[str]) -> "SessionQuery":
        """Return the query in which the latest releases are these versions."""
        conditions = [
            replace(each, values=tuple(_with_latest(each.values, versions)))
            if each.is_of_latest
            else each
            for each in self.conditions
        ]
        return replace(self, conditions=conditions)

    def value(self, name: str, total: HealthSum, status: SessionOutcome | None = None) -> Value:
        """Return the value of a field, of one outcome in a group by outcomes, or of all that are selected."""
        field = FIELDS[name]
        if status is not None:
            if self.statuses is not None and status not in self.statuses:
                return field.empty
            return field.of_status(total, status) if field.of_status else None
        if self.statuses is None or field.of_status is None:
            return field.value(total)
        values = [field.of_status(total, each) for each in sorted(self.statuses)]
        numbers = [value for value in values if value is not None]
        return sum(numbers) if numbers else field.empty
