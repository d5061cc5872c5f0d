"""How a release fared in a project, step by step (releases.md 2.16)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.api.releases.path_release import ReleaseInProject, VisibleProjectRelease
from shipmark.api.releases.queries import ReleaseStatisticsQuery
from shipmark.api.responses import Wire
from shipmark.http import endpoint, time_range
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import RELEASE_READ
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest
from shipmark.release_health.model import BucketWidth, crash_free
from shipmark.release_health.store import session_rows
from shipmark.release_health.store.session_rows import Selection
from shipmark.release_health.sums import HealthSum, IntervalSums

BASE_PATH = "/api/0/projects/{organization:str}/{project:str}/releases"
_STATISTICS = ("sessions", "users")
_LENGTH = timedelta(days=90)
_STEP = timedelta(days=1)
#: The days after the creation of the release up to which users and sessions are summed up.
_DAYS = (1, 2, 7, 14, 30)

Numbers = dict[str, int | float | None]


class UsersBreakdownResponse(Wire):
    """All that used a release from its creation up to a moment. Shares are percent."""

    date: datetime
    total_users: int
    crash_free_users: float | None
    total_sessions: int
    crash_free_sessions: float | None


class ReleaseStatsResponse(Wire):
    """How a release fared, step by step and as a whole."""

    stats: list[tuple[int, Numbers]]
    stat_totals: Numbers
    users_breakdown: list[UsersBreakdownResponse]


@endpoint.get("/{version:str}/stats/", scopes=RELEASE_READ)
def get_statistics(
    context: RequestContext, release: VisibleProjectRelease, query: ReleaseStatisticsQuery
) -> ReleaseStatsResponse:
    """Show the sessions or users of a release over time."""
    statistic = query.type or _STATISTICS[0]
    if statistic not in _STATISTICS:
        raise BadRequest("invalid stat")
    at = now()
    requested = query.time_range_or(_LENGTH, at)
    steps = time_range.steps(requested, query.interval, _STEP)
    interval = int((steps[1] - steps[0]).total_seconds()) if len(steps) > 1 else _seconds(_LENGTH)
    created_at = min(release.release.created_at, at)
    moments = _reported_at(created_at, at)
    with context.database.snapshot() as connection:
        environment_ids = query.environment_ids(connection, context.access)
        sums = _sums(
            connection, _selection(release, environment_ids, steps[0], requested[1], interval)
        )
        since_created = _sums(
            connection,
            _selection(release, environment_ids, created_at, moments[-1], BucketWidth.TEN_MINUTES),
        )
    empty = HealthSum()
    starts = [int(step.timestamp()) for step in steps]
    return ReleaseStatsResponse(
        stats=[(start, _numbers(statistic, sums.intervals.get(start, empty))) for start in starts],
        stat_totals=_numbers(statistic, sums.total),
        users_breakdown=_breakdown(moments, since_created.intervals),
    )


def _selection(
    release: ReleaseInProject,
    environment_ids: tuple[int, ...] | None,
    start: datetime,
    end: datetime,
    interval: int,
) -> Selection:
    return Selection(
        project_ids=[release.project.id],
        release_ids=[release.release.id],
        environment_ids=environment_ids,
        start=int(start.timestamp()),
        end=int(end.timestamp()) + 1,
        interval=interval,
    )


def _sums(connection: Connection, selection: Selection) -> IntervalSums:
    """Return what the sessions of a release come to."""
    keys, sums = session_rows.keys_of(connection, selection), IntervalSums()
    for (_, start), counts in session_rows.counts_of(connection, keys, selection).items():
        sums.add_counts(start, counts)
    sketches = session_rows.sketches_of(connection, keys, selection, users=True, durations=True)
    for _, start, kind, encoded in sketches:
        sums.add_sketch(start, kind, encoded)
    return sums


def _numbers(statistic: str, total: HealthSum) -> Numbers:
    """Return the numbers of sessions or users by outcome; durations are of sessions that ended normally, in seconds."""
    counts, users = total.counts, total.user_counts
    if statistic == "users":
        numbers = (users.all, users.healthy, users.crashed, users.abnormal, users.errored)
    else:
        numbers = (
            counts.sessions,
            counts.healthy,
            counts.crashed,
            counts.abnormal,
            counts.errored,
        )
    names = ("", "_healthy", "_crashed", "_abnormal", "_errored")
    result: Numbers = {
        f"{statistic}{name}": number for name, number in zip(names, numbers, strict=True)
    }
    durations = total.durations
    return result | {
        "duration_p50": durations.quantile(0.5),
        "duration_p90": durations.quantile(0.9),
    }


def _reported_at(created_at: datetime, at: datetime) -> list[datetime]:
    """Return the moments up to which is summed up: each that has passed, and now before the next one."""
    moments = [created_at + timedelta(days=days) for days in _DAYS]
    past = [moment for moment in moments if moment <= at]
    return past if len(past) == len(moments) else [*past, at]


def _breakdown(
    moments: Sequence[datetime], sums: Mapping[int, HealthSum]
) -> list[UsersBreakdownResponse]:
    """Return what came together up to each moment, the oldest first."""
    result, total, waiting = [], HealthSum(), sorted(sums.items())
    for moment in moments:
        while waiting and waiting[0][0] <= moment.timestamp():
            total.add(waiting.pop(0)[1])
        counts, users = total.counts, total.user_counts
        result.append(
            UsersBreakdownResponse(
                date=moment,
                total_users=users.all,
                crash_free_users=crash_free(users.crashed, users.all),
                total_sessions=counts.sessions,
                crash_free_sessions=crash_free(counts.crashed, counts.sessions),
            )
        )
    return result


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())
