"""The health of a release over time (releases.md 2.16). There are no sessions yet, so there is nothing to count."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shipmark.api.responses import Wire

#: After how many days users and sessions are told, all since the release was made.
_DAYS = (1, 2, 7, 14, 30)

Numbers = dict[str, int | None]


class UsersBreakdownResponse(Wire):
    """All that used a release up to a moment."""

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


def release_stats_response(
    kind: str, steps: Sequence[datetime], made_at: datetime, now: datetime
) -> ReleaseStatsResponse:
    """The numbers of sessions or users, ``kind``, in each step, and what came together since it was made."""
    return ReleaseStatsResponse(
        stats=[(int(step.timestamp()), _none(kind)) for step in steps],
        stat_totals=_none(kind),
        users_breakdown=[
            UsersBreakdownResponse(
                date=at,
                total_users=0,
                crash_free_users=None,
                total_sessions=0,
                crash_free_sessions=None,
            )
            for at in _told(made_at, now)
        ],
    )


def _none(kind: str) -> Numbers:
    """Nothing counted; of nothing there is no length."""
    counted: Numbers = {kind: 0}
    counted |= {f"{kind}_{each}": 0 for each in ("healthy", "crashed", "abnormal", "errored")}
    return counted | {"duration_p50": None, "duration_p90": None}


def _told(made_at: datetime, now: datetime) -> list[datetime]:
    """The moments at which the sum is told: each that has come, and now before the next one."""
    moments = [made_at + timedelta(days=days) for days in _DAYS]
    past = [moment for moment in moments if moment <= now]
    return past if len(past) == len(moments) or made_at > now else [*past, now]
