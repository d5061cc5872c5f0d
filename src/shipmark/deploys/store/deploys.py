"""Tables and queries of deploys."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from shipmark.deploys.model import Deploy, NewDeploy
from shipmark.infrastructure.database import IDS, Id, UtcDateTime, ids_param
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.projects.store import environments
from shipmark.releases.model import Release
from shipmark.releases.store.environments import release_environments
from shipmark.releases.store.projects import release_projects


class DeployColumns(sa.TypedColumns):
    """A deploy. ``is_announced`` is False until its activities are added, after the release's commits are fetched."""

    id = sa.Column(Id, primary_key=True)
    organization_id = parent("organizations")
    release_id = parent("releases")
    environment_id = parent("environments")
    name = sa.Column(sa.String(64))
    url = sa.Column(sa.String(200))
    started_at = sa.Column(UtcDateTime)
    finished_at = sa.Column(UtcDateTime, nullable=False)
    is_announced = sa.Column(sa.Boolean, nullable=False)


deploys = table(
    "deploys",
    DeployColumns,
    sa.Index("ix_deploys_newest", "organization_id", "id"),
    sa.Index("ix_deploys_release_id_finished_at", "release_id", "finished_at", "id"),
    sa.Index("ix_deploys_environment_id_finished_at", "environment_id", "finished_at", "id"),
)

_DEPLOY = RowReader(Deploy, deploys, environment=environments.c.name)
_with_environment = deploys.join(environments, environments.c.id == deploys.c.environment_id)
_MARK_ANNOUNCED = sa.update(deploys).where(deploys.c.id == IDS.c.id).values(is_announced=True)
_BY_IDS = _DEPLOY.select().select_from(_with_environment.join(IDS, IDS.c.id == deploys.c.id))
_LAST_MOMENTS = (
    sa.select(
        release_environments.c.release_id,
        release_environments.c.project_id,
        release_environments.c.environment_id,
        deploys.c.finished_at,
    )
    .join(deploys, deploys.c.id == release_environments.c.last_deploy_id)
    .join(IDS, IDS.c.id == release_environments.c.release_id)
)
_FIRST_MOMENTS = sa.select(
    IDS.c.id,
    sa.select(deploys.c.finished_at)
    .where(deploys.c.release_id == IDS.c.id)
    .order_by(deploys.c.finished_at, deploys.c.id)
    .limit(1)
    .correlate(IDS)
    .scalar_subquery(),
)


def add(
    connection: sa.Connection,
    release: Release,
    environment_id: int,
    new: NewDeploy,
    *,
    is_announced: bool,
) -> Deploy:
    """Insert a deploy of the release. ``is_announced`` is True if this transaction adds its activities."""
    values = asdict(new)
    row = values | {"organization_id": release.organization_id, "release_id": release.id}
    row |= {"environment_id": environment_id, "is_announced": is_announced}
    del row["environment"]
    statement = sa.insert(deploys).values(row).returning(deploys.c.id)
    deploy_id = connection.execute(statement).scalar_one()
    return Deploy(id=deploy_id, release_id=release.id, **values)


def mark_announced(connection: sa.Connection, deploy_ids: Collection[int]) -> None:
    """Record that the activities of these deploys were added."""
    connection.execute(_MARK_ANNOUNCED, ids_param(deploy_ids))


def unannounced(connection: sa.Connection, release_id: int, *, limit: int) -> list[Deploy]:
    """Return the release's deploys that are not announced yet, the oldest first."""
    query = (
        _DEPLOY.select()
        .select_from(_with_environment)
        .where(deploys.c.release_id == release_id, deploys.c.is_announced.is_(False))
        .order_by(deploys.c.finished_at, deploys.c.id)
    )
    return _DEPLOY.all(connection, query.limit(limit))


def page_of(connection: sa.Connection, release_id: int, *, limit: int, offset: int) -> list[Deploy]:
    """Return a page of the release's deploys, the last finished first."""
    query = (
        _DEPLOY.select()
        .select_from(_with_environment)
        .where(deploys.c.release_id == release_id)
        .order_by(deploys.c.finished_at.desc(), deploys.c.id.desc())
    )
    return _DEPLOY.all(connection, query.limit(limit).offset(offset))


def last_moments(
    connection: sa.Connection, release_ids: Collection[int]
) -> dict[tuple[int, int, int], datetime]:
    """Return the moment at which the last deploy of each (release, project, environment) was finished."""
    if not release_ids:
        return {}
    result = connection.execute(_LAST_MOMENTS, ids_param(release_ids))
    return {(row[0], row[1], row[2]): row[3] for row in result}


def first_moments(connection: sa.Connection, release_ids: Collection[int]) -> dict[int, datetime]:
    """Return the moment at which the first deploy of each release was finished; others are left out."""
    if not release_ids:
        return {}
    rows = connection.execute(_FIRST_MOMENTS, ids_param(release_ids))
    return {release_id: at for release_id, at in rows if at is not None}


def is_any(connection: sa.Connection, project_id: int) -> bool:
    """Return True if a release of the project was ever deployed."""
    query = (
        sa.select(deploys.c.id)
        .join(release_projects, release_projects.c.release_id == deploys.c.release_id)
        .where(release_projects.c.project_id == project_id)
    )
    return connection.execute(query.limit(1)).first() is not None


def by_ids(connection: sa.Connection, deploy_ids: Collection[int]) -> dict[int, Deploy]:
    """Return the deploys with these ids."""
    return _DEPLOY.by_ids(connection, _BY_IDS, deploy_ids)
