"""How the sessions of environments are divided among releases, by which these are adopted (releases.md 6.6)."""

from typing import NamedTuple

import sqlalchemy as sa

from shipmark.projects.store.environments import environments
from shipmark.release_health.model import ALL_RELEASES, BucketWidth
from shipmark.release_health.store.tables import counts, series, total_of

_since = sa.bindparam("since", type_=sa.BigInteger())
_SESSIONS = (
    sa.select(
        series.c.project_id,
        series.c.environment_id,
        series.c.release_id,
        total_of(counts.c.sessions),
    )
    .join(environments, environments.c.id == series.c.environment_id)
    .join(counts, counts.c.series_id == series.c.id)
    .where(
        series.c.last_start >= _since,
        series.c.release_id != ALL_RELEASES,
        # Sessions without an environment are adopted nowhere.
        environments.c.name != "",
        counts.c.width.in_([BucketWidth.TEN_MINUTES, BucketWidth.HOUR]),
        counts.c.start >= _since,
        counts.c.sessions > 0,
    )
    .group_by(series.c.project_id, series.c.environment_id, series.c.release_id)
)


class ReleaseSessions(NamedTuple):
    """The number of sessions of a release in an environment of a project."""

    project_id: int
    environment_id: int
    release_id: int
    sessions: int


def sessions_since(connection: sa.Connection, since: int) -> list[ReleaseSessions]:
    """Return the sessions of all releases from a moment on, in seconds since 1970."""
    return [ReleaseSessions(*row) for row in connection.execute(_SESSIONS, {"since": since})]
