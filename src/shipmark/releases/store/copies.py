"""Repair of the rows that copy columns of releases, for lists."""

from sqlalchemy import Connection, or_, select, update

from shipmark.releases.store import locks
from shipmark.releases.store.environments import release_environments
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import releases

_PROJECT_COLUMNS = ("status", "created_at", "shipped_at", "version_key", "build_number")
_ENVIRONMENT_COLUMNS = ("status", "created_at")

#: How many releases are repaired in one statement.
BATCH = 1000

_stale_projects = or_(
    *(release_projects.c[name].is_distinct_from(releases.c[name]) for name in _PROJECT_COLUMNS)
)
_stale_environments = or_(
    *(
        release_environments.c[name].is_distinct_from(releases.c[name])
        for name in _ENVIRONMENT_COLUMNS
    )
)
_STALE = (
    select(releases.c.id)
    .join(release_projects, release_projects.c.release_id == releases.c.id)
    .where(_stale_projects)
    .union(
        select(releases.c.id)
        .join(release_environments, release_environments.c.release_id == releases.c.id)
        .where(_stale_environments)
    )
    .limit(BATCH)
)
_UPDATE_ENVIRONMENTS = (
    update(release_environments)
    .where(release_environments.c.release_id == releases.c.id, _stale_environments)
    .values({name: releases.c[name] for name in _ENVIRONMENT_COLUMNS})
)
_UPDATE_PROJECTS = (
    update(release_projects)
    .where(release_projects.c.release_id == releases.c.id, _stale_projects)
    .values({name: releases.c[name] for name in _PROJECT_COLUMNS})
)


def stale_releases(connection: Connection) -> list[int]:
    """Return the ids of releases with a row that differs from them, at most `BATCH`."""
    return list(connection.execute(_STALE).scalars())


def mend(connection: Connection, release_ids: list[int]) -> int:
    """Copy the columns of these releases to their rows again. Return the number of rows that differed."""
    locks.lock_several(connection, release_ids)
    return sum(
        connection.execute(statement.where(releases.c.id.in_(release_ids))).rowcount
        for statement in (_UPDATE_ENVIRONMENTS, _UPDATE_PROJECTS)
    )
