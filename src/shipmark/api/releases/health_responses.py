"""The health of a release in a project (releases.md 2.2.2)."""

from typing import Final

import msgspec

from shipmark.api.responses import Wire
from shipmark.release_health.overviews import ReleaseHealth

#: The health of a release without sessions.
NO_HEALTH: Final = ReleaseHealth()


class HealthDataResponse(Wire, kw_only=True):
    """What sessions say of a release. Counts are of the period that was asked for, or of the last 24 hours."""

    crash_free_users: float | None
    crash_free_sessions: float | None
    sessions_crashed: int
    sessions_errored: int
    total_users: int
    total_users_24h: int | None = msgspec.field(name="totalUsers24h")
    total_project_users_24h: int | None = msgspec.field(name="totalProjectUsers24h")
    total_sessions: int
    total_sessions_24h: int | None = msgspec.field(name="totalSessions24h")
    total_project_sessions_24h: int | None = msgspec.field(name="totalProjectSessions24h")
    adoption: float | None
    sessions_adoption: float | None
    stats: dict[str, list[tuple[int, int]]]
    has_health_data: bool
    duration_p50: float | None = None
    duration_p90: float | None = None


def health_data_response(health: ReleaseHealth, history_period: str) -> HealthDataResponse:
    """Return the health of a release; the period has the name that the client asked for."""
    summary, day, project_day = health.summary, health.day, health.project_day
    return HealthDataResponse(
        crash_free_users=health.crash_free_users,
        crash_free_sessions=health.crash_free_sessions,
        sessions_crashed=summary.crashed if summary else 0,
        sessions_errored=summary.errored if summary else 0,
        total_users=summary.users if summary else 0,
        total_users_24h=day.users if day else None,
        total_project_users_24h=project_day.users if project_day else None,
        total_sessions=summary.sessions if summary else 0,
        total_sessions_24h=day.sessions if day else None,
        total_project_sessions_24h=project_day.sessions if project_day else None,
        adoption=health.adoption,
        sessions_adoption=health.sessions_adoption,
        stats={history_period: list(zip(health.starts, health.history, strict=True))},
        has_health_data=health.has_data,
    )
