"""The thresholds of projects, and the releases that they watch."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure.database import IDS, Id, UtcDateTime, ids_param
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.projects.model import Environment
from shipmark.projects.store import environments
from shipmark.releases.model import Release
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import RELEASE, release_of, releases
from shipmark.releases.thresholds import NewThreshold, Threshold, ThresholdType, Trigger


class ThresholdColumns(sa.TypedColumns):
    """A threshold; without an environment it applies to all of them."""

    id = sa.Column(Id, primary_key=True)
    project_id = parent("projects")
    environment_id = parent("environments", nullable=True, index=True)
    type = sa.Column(sa.String(32), nullable=False)
    trigger_type = sa.Column(sa.String(16), nullable=False)
    value = sa.Column(Id, nullable=False)
    window_seconds = sa.Column(Id, nullable=False)
    created_at = sa.Column(UtcDateTime, nullable=False)


thresholds = table(
    "release_thresholds",
    ThresholdColumns,
    sa.Index("ix_release_thresholds_project_id_created_at", "project_id", "created_at", "id"),
)


def _environment(environment_id: int | None, name: str) -> Environment | None:
    return None if environment_id is None else Environment(id=environment_id, name=name)


_THRESHOLD = RowReader(
    Threshold,
    thresholds,
    type=ThresholdType,
    trigger=(Trigger, thresholds.c.trigger_type),
    environment=(_environment, environments.c.id, environments.c.name),
)
_THRESHOLDS = _THRESHOLD.select().outerjoin_from(
    thresholds, environments, environments.c.id == thresholds.c.environment_id
)
_OF_PROJECTS = _THRESHOLDS.join(IDS, IDS.c.id == thresholds.c.project_id).order_by(
    thresholds.c.created_at, thresholds.c.id
)


def add(connection: sa.Connection, project_id: int, new: NewThreshold, at: datetime) -> Threshold:
    """Insert a threshold of the project."""
    row = _values(new) | {"project_id": project_id, "created_at": at}
    statement = sa.insert(thresholds).values(row).returning(thresholds.c.id)
    threshold = of_project(connection, project_id, connection.execute(statement).scalar_one())
    assert threshold is not None
    return threshold


def change(connection: sa.Connection, threshold: Threshold, new: NewThreshold) -> Threshold:
    """Replace the values of a threshold."""
    statement = sa.update(thresholds).where(thresholds.c.id == threshold.id)
    connection.execute(statement.values(_values(new)))
    changed = of_project(connection, threshold.project_id, threshold.id)
    assert changed is not None
    return changed


def remove(connection: sa.Connection, threshold_id: int) -> None:
    """Delete a threshold."""
    connection.execute(sa.delete(thresholds).where(thresholds.c.id == threshold_id))


def of_project(connection: sa.Connection, project_id: int, threshold_id: int) -> Threshold | None:
    """Return the project's threshold with this id, or None."""
    query = _THRESHOLDS.where(
        thresholds.c.project_id == project_id, thresholds.c.id == threshold_id
    )
    return _THRESHOLD.first(connection, query)


def count(connection: sa.Connection, project_id: int) -> int:
    """Return the number of the project's thresholds."""
    query = sa.select(sa.func.count()).where(thresholds.c.project_id == project_id)
    return connection.execute(query).scalar_one()


def page_of(
    connection: sa.Connection,
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
    return _THRESHOLD.all(connection, query, ids_param(project_ids))


def watched(
    connection: sa.Connection,
    organization_id: int,
    project_ids: Collection[int],
    between: tuple[datetime, datetime],
    *,
    versions: Collection[str] = (),
    limit: int,
) -> list[tuple[Release, int]]:
    """Return the releases created between two dates, each with the ids of its projects, newest first."""
    query = (
        sa.select(*RELEASE, release_projects.c.project_id)
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
    environment_id = new.environment.id if new.environment else None
    values = {"environment_id": environment_id, "type": new.type, "trigger_type": new.trigger}
    return {**values, "value": new.value, "window_seconds": new.window_seconds}
