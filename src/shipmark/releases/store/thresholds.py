"""The thresholds of projects, and the releases that they watch."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    TypedColumns,
    delete,
    func,
    insert,
    select,
    update,
)

from shipmark.infrastructure.database import IDS, Id, UtcDateTime, ids_param, metadata
from shipmark.projects.model import Environment
from shipmark.projects.store import environments
from shipmark.releases.model import Release
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import RELEASE, release_of, releases
from shipmark.releases.thresholds import NewThreshold, Threshold, ThresholdType, Trigger


class ThresholdColumns(TypedColumns):
    """A threshold; without an environment it applies to all of them."""

    id = Column(Id, primary_key=True)
    project_id = Column(Id, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False)
    environment_id = Column(Id, ForeignKey("environments.id", ondelete="CASCADE"), index=True)
    type = Column(String(32), nullable=False)
    trigger_type = Column(String(16), nullable=False)
    value = Column(Id, nullable=False)
    window_seconds = Column(Id, nullable=False)
    created_at = Column(UtcDateTime, nullable=False)


thresholds = Table(
    "release_thresholds",
    metadata,
    ThresholdColumns,
    Index("ix_release_thresholds_project_id_created_at", "project_id", "created_at", "id"),
    sqlite_autoincrement=True,
)

_THRESHOLDS = select(
    thresholds.c.id,
    thresholds.c.project_id,
    thresholds.c.type,
    thresholds.c.trigger_type,
    thresholds.c.value,
    thresholds.c.window_seconds,
    thresholds.c.created_at,
    environments.c.id,
    environments.c.name,
).outerjoin_from(thresholds, environments, environments.c.id == thresholds.c.environment_id)
_OF_PROJECTS = _THRESHOLDS.join(IDS, IDS.c.id == thresholds.c.project_id).order_by(
    thresholds.c.created_at, thresholds.c.id
)


def add(connection: Connection, project_id: int, new: NewThreshold, at: datetime) -> Threshold:
    """Insert a threshold of the project."""
    row = _values(new) | {"project_id": project_id, "created_at": at}
    statement = insert(thresholds).values(row).returning(thresholds.c.id)
    made = of_project(connection, project_id, connection.execute(statement).scalar_one())
    assert made is not None
    return made


def change(connection: Connection, threshold: Threshold, new: NewThreshold) -> Threshold:
    """Replace the values of a threshold."""
    connection.execute(
        update(thresholds).where(thresholds.c.id == threshold.id).values(_values(new))
    )
    changed = of_project(connection, threshold.project_id, threshold.id)
    assert changed is not None
    return changed


def remove(connection: Connection, threshold_id: int) -> None:
    """Delete a threshold."""
    connection.execute(delete(thresholds).where(thresholds.c.id == threshold_id))


def of_project(connection: Connection, project_id: int, threshold_id: int) -> Threshold | None:
    """Return the project's threshold with this id, or None."""
    query = _THRESHOLDS.where(
        thresholds.c.project_id == project_id, thresholds.c.id == threshold_id
    )
    row = connection.execute(query).first()
    return _threshold(*row) if row else None


def count(connection: Connection, project_id: int) -> int:
    """Return the number of the project's thresholds."""
    query = select(func.count()).where(thresholds.c.project_id == project_id)
    return connection.execute(query).scalar_one()


def page_of(
    connection: Connection,
    project_ids: Collection[int],
    *,
    environments_named: Collection[str] = (),
    limit: int,
    offset: int = 0,
) -> list[Threshold]:
    """Return a page of the projects' thresholds, oldest first; only those of the named environments, if any."""
    query = _OF_PROJECTS.limit(limit).offset(offset)
    if environments_named:
        query = query.where(environments.c.name.in_(list(environments_named)))
    return [_threshold(*row) for row in connection.execute(query, ids_param(project_ids))]


def watched(
    connection: Connection,
    organization_id: int,
    project_ids: Collection[int],
    between: tuple[datetime, datetime],
    *,
    versions: Collection[str] = (),
    limit: int,
) -> list[tuple[Release, int]]:
    """Return the releases created between two dates, each with the ids of its projects, newest first."""
    query = (
        select(*RELEASE, release_projects.c.project_id)
        .join(release_projects, release_projects.c.release_id == releases.c.id)
        .where(
            releases.c.organization_id == organization_id,
            releases.c.created_at >= between[0],
            releases.c.created_at <= between[1],
            release_projects.c.project_id.in_(list(project_ids)),
        )
        .order_by(releases.c.created_at.desc(), releases.c.id.desc(), release_projects.c.project_id)
        .limit(limit)
    )
    if versions:
        query = query.where(releases.c.version.in_(list(versions)))
    return [(release_of(row), row[-1]) for row in connection.execute(query)]


def _values(new: NewThreshold) -> dict[str, object]:
    return {
        "environment_id": new.environment.id if new.environment else None,
        "type": new.type.value,
        "trigger_type": new.trigger.value,
        "value": new.value,
        "window_seconds": new.window_seconds,
    }


def _threshold(
    threshold_id: int,
    project_id: int,
    kind: str,
    trigger: str,
    value: int,
    window_seconds: int,
    created_at: datetime,
    environment_id: int | None,
    environment_name: str | None,
) -> Threshold:
    environment = None
    if environment_id is not None and environment_name is not None:
        environment = Environment(id=environment_id, name=environment_name)
    return Threshold(
        id=threshold_id,
        project_id=project_id,
        type=ThresholdType(kind),
        trigger=Trigger(trigger),
        value=value,
        window_seconds=window_seconds,
        environment=environment,
        created_at=created_at,
    )
