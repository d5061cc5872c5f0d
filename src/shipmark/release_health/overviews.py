"""What lists and details show of the health of releases (releases.md 2.2.2, 6.4)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from shipmark.release_health.model import DAY, crash_free
from shipmark.release_health.periods import (
    ADOPTION_HOURS,
    DEFAULT_HISTORY,
    DEFAULT_SUMMARY,
    PERIODS,
    RETENTION_SECONDS,
    hours_of,
)
from shipmark.release_health.standings import ALL_ENVIRONMENTS, Standing, standings_of
from shipmark.release_health.store import history, pair_buckets, standing_store
from shipmark.release_health.store.pair_buckets import Bounds, Pair, project_pair


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthRequest:
    """What is asked for: names of periods (`PERIODS`), and whether the history counts sessions or users.

    Without environments all of them count.
    """

    summary_period: str = DEFAULT_SUMMARY
    history_period: str = DEFAULT_HISTORY
    counts_users: bool = False
    environment_ids: Collection[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseHealth:
    """The health of a release in a project. ``summary`` is None without sessions in its period, and so on."""

    summary: Standing | None = None
    day: Standing | None = None
    project_day: Standing | None = None
    history: Sequence[tuple[int, int]] = ()
    bounds: Bounds | None = None
    at: float = 0

    @property
    def has_data(self) -> bool:
        """Return whether there were sessions, as long as they are kept."""
        return self.bounds is not None and self.bounds.last > self.at - RETENTION_SECONDS

    @property
    def crash_free_sessions(self) -> float | None:
        """Return the percent of sessions that did not crash."""
        return crash_free(self.summary.crashed, self.summary.sessions) if self.summary else None

    @property
    def crash_free_users(self) -> float | None:
        """Return the percent of users without a crash."""
        return crash_free(self.summary.users_crashed, self.summary.users) if self.summary else None

    @property
    def adoption(self) -> float | None:
        """Return the percent of the project's users of the last day who used the release."""
        users = self.day.users if self.day else 0
        return _percent(users, self.project_day.users if self.project_day else 0)

    @property
    def sessions_adoption(self) -> float | None:
        """Return the percent of the project's sessions of the last day."""
        sessions = self.day.sessions if self.day else 0
        return _percent(sessions, self.project_day.sessions if self.project_day else 0)


def projects_with_sessions(
    connection: sa.Connection, project_ids: Collection[int]
) -> frozenset[int]:
    """Return which of these projects have ever had sessions."""
    bounds = pair_buckets.bounds_of(connection, set(map(project_pair, project_ids)))
    return frozenset(project_id for project_id, _ in bounds)


def of_pairs(
    connection: sa.Connection, pairs: Collection[Pair], request: HealthRequest, at: datetime
) -> dict[Pair, ReleaseHealth]:
    """Return the health of releases in projects, by at most four statements."""
    if not pairs:
        return {}
    projects = {project_pair(project_id) for project_id, _ in pairs}
    summary_hours = hours_of(request.summary_period)
    hours = {summary_hours, ADOPTION_HOURS}
    known = _standings(connection, {*pairs, *projects}, request.environment_ids, hours, at)
    bounds = pair_buckets.bounds_of(connection, pairs)
    period = PERIODS[request.history_period]
    starts = period.starts(at.timestamp())
    # Most releases of a list have had no sessions since then.
    recent = [pair for pair, each in bounds.items() if each.last > starts[0] - DAY]
    counted = history.numbers(
        connection,
        recent,
        period,
        at.timestamp(),
        environment_ids=request.environment_ids,
        counts_users=request.counts_users,
    )
    nothing = [0] * len(starts)
    return {
        pair: ReleaseHealth(
            summary=known.get((*pair, summary_hours)),
            day=known.get((*pair, ADOPTION_HOURS)),
            project_day=known.get((*project_pair(pair[0]), ADOPTION_HOURS)),
            history=list(zip(starts, counted.get(pair, nothing), strict=True)),
            bounds=bounds.get(pair),
            at=at.timestamp(),
        )
        for pair in pairs
    }


def _standings(
    connection: sa.Connection,
    pairs: Collection[Pair],
    environment_ids: Collection[int] | None,
    hours: Collection[int],
    at: datetime,
) -> Mapping[tuple[int, int, int], Standing]:
    if environment_ids is None:
        return standing_store.of_pairs(connection, pairs, ALL_ENVIRONMENTS, hours)
    if len(environment_ids) == 1:
        [environment_id] = environment_ids
        return standing_store.of_pairs(connection, pairs, environment_id, hours)
    # Standings are kept for each environment and for all, not for any choice of them.
    members = [
        member
        for member in pair_buckets.series_of(connection, pairs)
        if member.environment_id in environment_ids
    ]
    since = int(at.timestamp()) - max(hours) * 3600
    by_pair = pair_buckets.buckets_of(connection, members, since, with_users=True)
    return {
        (*pair, standing.hours): standing
        for pair, found in by_pair.items()
        for standing in standings_of(*pair, found, at.timestamp(), sorted(hours))
        if standing.environment_id == ALL_ENVIRONMENTS
    }


def _percent(part: int, whole: int) -> float | None:
    return part / whole * 100 if whole else None
