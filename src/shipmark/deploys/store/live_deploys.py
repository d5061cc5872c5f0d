"""Queries of the deploys to environments of projects: those that are live, and those of a time range.

Live is the last recorded one, not the last finished: deploys that a pipeline backfills are rare, and
`Release.last_deploy_id` means the same.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shipmark.deploys.model import EnvironmentOfRelease, ProjectDeploy
from shipmark.deploys.store.deploys import deploys
from shipmark.infrastructure import database as db
from shipmark.infrastructure.groups import grouped
from shipmark.infrastructure.row_reader import RowReader
from shipmark.projects.store import environments
from shipmark.projects.store.environments import project_environments
from shipmark.releases.store.environments import release_environments
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import releases

#: Deploys to an environment before a time range that are checked for one of a project.
_CHECKED_MAX = 100

_any = release_environments.alias("any_release")


def _last_deploy_id(
    project_id: sa.Column[int], environment_id: sa.Column[int]
) -> sa.ScalarSelect[int | None]:
    """Return the id of the last recorded deploy to an environment of a project."""
    return (
        sa.select(sa.func.max(_any.c.last_deploy_id))
        .where(
            _any.c.project_id == project_id,
            _any.c.environment_id == environment_id,
            _any.c.last_deploy_id.is_not(None),
        )
        .scalar_subquery()
    )


_OF_RELEASES = (
    sa.select(
        release_environments.c.release_id,
        release_environments.c.project_id,
        environments.c.name,
        release_environments.c.last_deploy_id,
        _last_deploy_id(release_environments.c.project_id, release_environments.c.environment_id),
    )
    .join(db.IDS, db.IDS.c.id == release_environments.c.release_id)
    .join(environments, environments.c.id == release_environments.c.environment_id)
    .where(release_environments.c.last_deploy_id.is_not(None))
    .order_by(db.in_binary_order(environments.c.name), release_environments.c.project_id)
)
_last_id = _last_deploy_id(project_environments.c.project_id, project_environments.c.environment_id)


_DEPLOY = RowReader(
    ProjectDeploy,
    deploys,
    project_id=release_projects.c.project_id,
    environment=environments.c.name,
    version=releases.c.version,
    commit_count=releases.c.commit_count,
    regressed_issue_count=release_projects.c.regressed_issue_count,
)


def _with_release(
    project_id: sa.ColumnElement[int], source: sa.FromClause
) -> sa.Select[*tuple[Any, ...]]:
    """Return the query of the deploys in a source that also has this column."""
    return (
        _DEPLOY.select()
        .select_from(source)
        .join(environments, environments.c.id == deploys.c.environment_id)
        .join(releases, releases.c.id == deploys.c.release_id)
        .join(
            release_projects,
            sa.and_(
                release_projects.c.release_id == deploys.c.release_id,
                release_projects.c.project_id == project_id,
            ),
        )
    )


_LIVE = (
    _with_release(
        project_environments.c.project_id,
        project_environments.join(db.IDS, db.IDS.c.id == project_environments.c.project_id).join(
            deploys, deploys.c.id == _last_id
        ),
    )
    .order_by(deploys.c.id.desc(), project_environments.c.project_id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_there = sa.and_(
    release_environments.c.release_id == deploys.c.release_id,
    release_environments.c.environment_id == deploys.c.environment_id,
    release_environments.c.last_deploy_id.is_not(None),
)
_BETWEEN = (
    _with_release(
        release_environments.c.project_id,
        deploys.join(release_environments, _there),
    )
    .where(
        # No join, which SQLite would begin with all releases that the projects have in the environments.
        db.in_ids(release_environments.c.project_id),
        environments.c.organization_id == sa.bindparam("organization_id", type_=db.Id),
        deploys.c.finished_at >= sa.bindparam("start", type_=db.UtcDateTime()),
        deploys.c.finished_at <= sa.bindparam("end", type_=db.UtcDateTime()),
    )
    .order_by(deploys.c.finished_at.desc(), deploys.c.id.desc(), release_environments.c.project_id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_LANES = db.json_rows("lanes", project_id=db.Id, environment_id=db.Id)
# Other projects may deploy to an environment of the same name: only its last deploys are checked for the project's.
_earlier = (
    sa.select(deploys.c.id, deploys.c.release_id, deploys.c.finished_at)
    .where(
        deploys.c.environment_id == _LANES.c.environment_id,
        deploys.c.finished_at < sa.bindparam("before", type_=db.UtcDateTime()),
    )
    .order_by(deploys.c.finished_at.desc(), deploys.c.id.desc())
    .limit(_CHECKED_MAX)
    .correlate(_LANES)
    .subquery("found")
)
# A value and no join, which PostgreSQL would begin with all releases of the project there.
_deployed_there = (
    sa.select(release_environments.c.last_deploy_id)
    .where(
        release_environments.c.release_id == _earlier.c.release_id,
        release_environments.c.project_id == _LANES.c.project_id,
        release_environments.c.environment_id == _LANES.c.environment_id,
    )
    .correlate(_earlier, _LANES)
    .scalar_subquery()
)
_earlier_id = (
    sa.select(_earlier.c.id)
    .where(_deployed_there.is_not(None))
    .order_by(_earlier.c.finished_at.desc(), _earlier.c.id.desc())
    .limit(1)
    .correlate(_LANES)
    .scalar_subquery()
)
_BEFORE = sa.select(_LANES.c.project_id, _earlier_id).order_by(
    _LANES.c.project_id, _LANES.c.environment_id
)
_CHOSEN = db.json_rows("chosen", project_id=db.Id, deploy_id=db.Id)
_BY_IDS = _with_release(
    _CHOSEN.c.project_id, _CHOSEN.join(deploys, deploys.c.id == _CHOSEN.c.deploy_id)
).order_by(deploys.c.id, _CHOSEN.c.project_id)


def environments_of_releases(
    connection: sa.Connection, release_ids: Collection[int]
) -> dict[int, list[EnvironmentOfRelease]]:
    """Return the environments that each release was deployed to, per project, by name."""
    if not release_ids:
        return {}
    rows = connection.execute(_OF_RELEASES, db.ids_param(release_ids))
    return grouped(
        (
            release_id,
            EnvironmentOfRelease(
                project_id=project_id, environment=environment, is_live=deploy_id == last_id
            ),
        )
        for release_id, project_id, environment, deploy_id, last_id in rows
    )


def live_in(
    connection: sa.Connection, project_ids: Collection[int], *, limit: int
) -> list[ProjectDeploy]:
    """Return the live deploys of these projects, the last recorded first."""
    if not project_ids:
        return []
    return _DEPLOY.all(connection, _LIVE, db.ids_param(project_ids) | {"most": limit})


def between(
    connection: sa.Connection,
    organization_id: int,
    project_ids: Collection[int],
    start: datetime,
    end: datetime,
    *,
    limit: int,
) -> list[ProjectDeploy]:
    """Return the deploys of these projects that were finished in the range, the last finished first."""
    parameters: dict[str, object] = {
        "organization_id": organization_id,
        "start": start,
        "end": end,
        "most": limit,
    }
    return _DEPLOY.all(connection, _BETWEEN, db.ids_param(project_ids) | parameters)


def last_before(
    connection: sa.Connection, lanes: Collection[tuple[int, int]], before: datetime
) -> list[ProjectDeploy]:
    """Return the last deploy before a moment to each (project, environment), where it is among the last ones there."""
    if not lanes:
        return []
    parameters = db.rows_param("lanes", sorted(lanes)) | {"before": before}
    rows = connection.execute(_BEFORE, parameters)
    # Two statements: PostgreSQL would read all deploys to join them with these.
    chosen = [(project_id, deploy_id) for project_id, deploy_id in rows if deploy_id is not None]
    return _DEPLOY.all(connection, _BY_IDS, db.rows_param("chosen", chosen))
