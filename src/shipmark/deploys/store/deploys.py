"""Tables and queries of deploys."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    TypedColumns,
    insert,
    select,
    update,
)

from shipmark.deploys.model import Deploy, NewDeploy
from shipmark.infrastructure.database import IDS, Id, UtcDateTime, ids_param, metadata
from shipmark.projects.store import environments
from shipmark.releases.model import Release
from shipmark.releases.store.environments import release_environments
from shipmark.releases.store.projects import release_projects


class DeployColumns(TypedColumns):
    """A deploy. ``is_announced`` is False until its activities are added, after the release's commits are fetched."""

    id = Column(Id, primary_key=True)
    organization_id = Column(
        Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False, index=True
    )
    release_id = Column(Id, ForeignKey("releases.id", ondelete="CASCADE"), nullable=False)
    environment_id = Column(Id, ForeignKey("environments.id", ondelete="CASCADE"), nullable=False)
    name = Column(String(64))
    url = Column(String(200))
    started_at = Column(UtcDateTime)
    finished_at = Column(UtcDateTime, nullable=False)
    is_announced = Column(Boolean, nullable=False)


deploys = Table(
    "deploys",
    metadata,
    DeployColumns,
    Index("ix_deploys_release_id_finished_at", "release_id", "finished_at", "id"),
    Index("ix_deploys_environment_id_finished_at", "environment_id", "finished_at", "id"),
    sqlite_autoincrement=True,
)

_DEPLOY = (
    deploys.c.id,
    deploys.c.release_id,
    environments.c.name,
    deploys.c.name,
    deploys.c.url,
    deploys.c.started_at,
    deploys.c.finished_at,
)
_with_environment = deploys.join(environments, environments.c.id == deploys.c.environment_id)
_MARK_ANNOUNCED = update(deploys).where(deploys.c.id == IDS.c.id).values(is_announced=True)
_BY_IDS = select(*_DEPLOY).select_from(_with_environment.join(IDS, IDS.c.id == deploys.c.id))

_LAST_MOMENTS = (
    select(
        release_environments.c.release_id,
        release_environments.c.project_id,
        release_environments.c.environment_id,
        deploys.c.finished_at,
    )
    .join(deploys, deploys.c.id == release_environments.c.last_deploy_id)
    .join(IDS, IDS.c.id == release_environments.c.release_id)
)


def add(
    connection: Connection,
    release: Release,
    environment_id: int,
    new: NewDeploy,
    *,
    is_announced: bool,
) -> Deploy:
    """Insert a deploy of the release. ``is_announced`` is True if this transaction adds its activities."""
    row = {
        "organization_id": release.organization_id,
        "release_id": release.id,
        "environment_id": environment_id,
        "name": new.name,
        "url": new.url,
        "started_at": new.started_at,
        "finished_at": new.finished_at,
        "is_announced": is_announced,
    }
    deploy_id = connection.execute(insert(deploys).values(row).returning(deploys.c.id)).scalar_one()
    return Deploy(
        id=deploy_id,
        release_id=release.id,
        environment=new.environment,
        name=new.name,
        url=new.url,
        started_at=new.started_at,
        finished_at=new.finished_at,
    )


def mark_announced(connection: Connection, deploy_ids: Collection[int]) -> None:
    """Record that the activities of these deploys were added."""
    connection.execute(_MARK_ANNOUNCED, ids_param(deploy_ids))


def unannounced(connection: Connection, release_id: int, *, limit: int) -> list[Deploy]:
    """Return the release's deploys that are not announced yet, the oldest first."""
    query = (
        select(*_DEPLOY)
        .select_from(_with_environment)
        .where(deploys.c.release_id == release_id, deploys.c.is_announced.is_(False))
        .order_by(deploys.c.finished_at, deploys.c.id)
    )
    return [_deploy(*row) for row in connection.execute(query.limit(limit))]


def page_of(connection: Connection, release_id: int, *, limit: int, offset: int) -> list[Deploy]:
    """Return a page of the release's deploys, the last finished first."""
    query = (
        select(*_DEPLOY)
        .select_from(_with_environment)
        .where(deploys.c.release_id == release_id)
        .order_by(deploys.c.finished_at.desc(), deploys.c.id.desc())
    )
    return [_deploy(*row) for row in connection.execute(query.limit(limit).offset(offset))]


def last_moments(
    connection: Connection, release_ids: Collection[int]
) -> dict[tuple[int, int, int], datetime]:
    """Return the moment at which the last deploy of each (release, project, environment) was finished."""
    if not release_ids:
        return {}
    result = connection.execute(_LAST_MOMENTS, ids_param(release_ids))
    return {
        (release_id, project_id, environment_id): at
        for release_id, project_id, environment_id, at in result
    }


def is_any(connection: Connection, project_id: int) -> bool:
    """Return True if a release of the project was ever deployed."""
    query = (
        select(deploys.c.id)
        .join(release_projects, release_projects.c.release_id == deploys.c.release_id)
        .where(release_projects.c.project_id == project_id)
    )
    return connection.execute(query.limit(1)).first() is not None


def by_ids(connection: Connection, deploy_ids: Collection[int]) -> dict[int, Deploy]:
    """Return the deploys with these ids."""
    if not deploy_ids:
        return {}
    return {row[0]: _deploy(*row) for row in connection.execute(_BY_IDS, ids_param(deploy_ids))}


def _deploy(
    deploy_id: int,
    release_id: int,
    environment: str,
    name: str | None,
    url: str | None,
    started_at: datetime | None,
    finished_at: datetime,
) -> Deploy:
    return Deploy(
        id=deploy_id,
        release_id=release_id,
        environment=environment,
        name=name,
        url=url,
        started_at=started_at,
        finished_at=finished_at,
    )
