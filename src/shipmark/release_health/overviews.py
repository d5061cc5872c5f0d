"""What lists and details show of the health of releases (releases.md 2.2.2, 6.4)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from shipmark.release_health import hourly_numbers
from shipmark.release_health.hourly_numbers import HOUR
from shipmark.release_health.model import DAY, crash_free
from shipmark.release_health.periods import (
    ADOPTION_HOURS,
    DEFAULT_HISTORY,
    DEFAULT_SUMMARY,
    PERIODS,
    RETENTION_SECONDS,
    hours_of,
)
from shipmark.release_health.standings import (
    ALL_ENVIRONMENTS,
    StandingTotals,
    standings_of,
    totals_of,
)
from shipmark.release_health.store import history, pair_buckets, standing_store
from shipmark.release_health.store.pair_buckets import Bounds, Pair, project_pair
from shipmark.release_health.store.standing_store import PairStandings

_NONE = PairStandings()


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthRequest:
    """What is asked for: names of periods (`PERIODS`), and whether the history counts sessions or users.

    Without environments all of them count.
    """

    summary_period: str = DEFAULT_SUMMARY
    history_period: str = DEFAULT_HISTORY
    counts_users: bool = False
    environment_ids: Collection[int] | None = None

    @property
    def scope(self) -> int | None:
        """Return the environment that standings are kept for, `ALL_ENVIRONMENTS`, or None for a choice of them."""
        if self.environment_ids is None:
            return ALL_ENVIRONMENTS
        return next(iter(self.environment_ids)) if len(self.environment_ids) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseHealth:
    """The health of a release in a project. ``summary`` is None without sessions in its period, and so on.

    ``history`` has the numbers of the buckets that begin at ``starts``; ``has_data`` is True if there were sessions, as
    long as they are kept.
    """

    summary: StandingTotals | None = None
    day: StandingTotals | None = None
    project_day: StandingTotals | None = None
    starts: Sequence[int] = ()
    history: Sequence[int] = ()
    has_data: bool = False

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
    """Return the health of releases in projects, by at most four statements; those of the last day mostly by one."""
    if not pairs:
        return {}
    projects = {project_pair(project_id) for project_id, _ in pairs}
    known = _standings(connection, {*pairs, *projects}, request, at)
    starts = PERIODS[request.history_period].starts(at.timestamp())
    histories = _kept_histories(pairs, known, request, starts)
    oldest = at.timestamp() - RETENTION_SECONDS
    used = {pair for pair in pairs if _shows_use(known.get(pair, _NONE), request, oldest)}
    bounds = pair_buckets.bounds_of(
        connection, [pair for pair in pairs if pair not in used or pair not in histories]
    )
    used |= {pair for pair, each in bounds.items() if each.last > oldest}
    histories |= _counted_histories(connection, bounds, histories, request, at)
    nothing = [0] * len(starts)
    return {
        pair: ReleaseHealth(
            summary=known.get(pair, _NONE).summary,
            day=known.get(pair, _NONE).day,
            project_day=known.get(project_pair(pair[0]), _NONE).day,
            starts=starts,
            history=histories.get(pair, nothing),
            has_data=pair in used,
        )
        for pair in pairs
    }


def _standings(
    connection: sa.Connection, pairs: Collection[Pair], request: HealthRequest, at: datetime
) -> Mapping[Pair, PairStandings]:
    hours = hours_of(request.summary_period)
    if request.scope is not None:
        return standing_store.of_pairs(connection, pairs, request.scope, hours)
    # Standings are kept for each environment and for all, not for any choice of them.
    members = [
        member
        for member in pair_buckets.series_of(connection, pairs)
        if member.environment_id in (request.environment_ids or ())
    ]
    longest = max(hours, ADOPTION_HOURS)
    since = int(at.timestamp()) - longest * HOUR
    by_pair = pair_buckets.buckets_of(connection, members, since)
    periods = sorted({hours, ADOPTION_HOURS})
    found: dict[Pair, PairStandings] = {}
    for pair, buckets in by_pair.items():
        totals = {
            standing.hours: totals_of(standing)
            for standing in standings_of(*pair, buckets, at.timestamp(), periods)
            if standing.environment_id == ALL_ENVIRONMENTS
        }
        found[pair] = PairStandings(summary=totals.get(hours), day=totals.get(ADOPTION_HOURS))
    return found


def _kept_histories(
    pairs: Collection[Pair],
    known: Mapping[Pair, PairStandings],
    request: HealthRequest,
    starts: Sequence[int],
) -> dict[Pair, Sequence[int]]:
    """Return the histories that standings of the last day have."""
    if request.counts_users or PERIODS[request.history_period] != PERIODS[DEFAULT_HISTORY]:
        return {}
    nothing, first_hour = [0] * len(starts), starts[0] // HOUR
    histories: dict[Pair, Sequence[int]] = {}
    for pair in pairs:
        day = known.get(pair, _NONE).day
        if day is None:
            histories[pair] = nothing
        elif day.sessions_by_hour is not None:
            numbers = hourly_numbers.decode(
                day.sessions_by_hour, day.sessions, first_hour, len(starts)
            )
            # They do not add up where an older node computed the rest of the standing since.
            if numbers is not None:
                histories[pair] = numbers
    return histories


def _shows_use(standings: PairStandings, request: HealthRequest, oldest: float) -> bool:
    """Return True if a standing shows that there were sessions after a moment; others may have had some, too."""
    for totals, hours in (
        (standings.day, ADOPTION_HOURS),
        (standings.summary, hours_of(request.summary_period)),
    ):
        # The standing is due when the oldest of its buckets has left the period. That one was a day wide at most.
        if totals is not None and totals.due_at - hours * HOUR - DAY > oldest:
            return True
    return False


def _counted_histories(
    connection: sa.Connection,
    bounds: Mapping[Pair, Bounds],
    kept: Mapping[Pair, Sequence[int]],
    request: HealthRequest,
    at: datetime,
) -> dict[Pair, list[int]]:
    """Return the histories that are not kept, counted from the buckets."""
    period = PERIODS[request.history_period]
    # Most releases of a list have had no sessions since then.
    since = period.starts(at.timestamp())[0] - DAY
    recent = [pair for pair, each in bounds.items() if pair not in kept and each.last > since]
    return history.numbers(
        connection,
        recent,
        period,
        at.timestamp(),
        environment_ids=request.environment_ids,
        counts_users=request.counts_users,
    )


def _percent(part: int, whole: int) -> float | None:
    return part / whole * 100 if whole else None
