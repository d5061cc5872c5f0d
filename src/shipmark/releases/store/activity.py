"""The table of activities of releases, per project."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    TypedColumns,
    bindparam,
    delete,
    select,
)

from shipmark.infrastructure.database import (
    Id,
    UtcDateTime,
    json_rows,
    metadata,
    rows_param,
    upsert,
)
from shipmark.projects.store.projects import IS_VISIBLE, projects
from shipmark.releases.model import Release, ReleaseActivity, ReleaseActivityType
from shipmark.releases.store.projects import release_projects


class ReleaseActivityColumns(TypedColumns):
    """An activity. It names the release by its version, and so outlives it."""

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    project_id = Column(Id, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False)
    type = Column(String(32), nullable=False)
    version = Column(String(250), nullable=False)
    user_id = Column(Id, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    happened_at = Column(UtcDateTime, nullable=False)
    details = Column(Text, nullable=False)


activities = Table(
    "release_activities",
    metadata,
    ReleaseActivityColumns,
    Index("ix_release_activities_project_id_happened_at", "project_id", "happened_at"),
    Index("ix_release_activities_organization_id_version", "organization_id", "version"),
    sqlite_autoincrement=True,
)

#: How many activities of a project are deleted at a time.
_BATCH = 1000

_HAPPENED = json_rows(
    "happened",
    project_id=Id,
    type=Text(),
    version=Text(),
    user_id=Id,
    at=UtcDateTime(),
    details=Text(),
    place=Id,
)
_COLUMNS = (
    "organization_id",
    "project_id",
    "type",
    "version",
    "user_id",
    "happened_at",
    "details",
)
_ADD = upsert(activities).from_select(
    _COLUMNS,
    select(
        bindparam("organization_id", type_=Id),
        _HAPPENED.c.project_id,
        _HAPPENED.c.type,
        _HAPPENED.c.version,
        _HAPPENED.c.user_id,
        _HAPPENED.c.at,
        _HAPPENED.c.details,
    ).order_by(_HAPPENED.c.place),
)

_ADD_FOR_PROJECTS = upsert(activities).from_select(
    _COLUMNS,
    select(
        bindparam("organization_id", type_=Id),
        release_projects.c.project_id,
        bindparam("type", type_=Text()),
        bindparam("version", type_=Text()),
        bindparam("user_id", type_=Id),
        bindparam("at", type_=UtcDateTime()),
        bindparam("details", type_=Text()),
    )
    .join(projects, projects.c.id == release_projects.c.project_id)
    .where(release_projects.c.release_id == bindparam("release_id", type_=Id), IS_VISIBLE)
    .order_by(release_projects.c.project_id),
)


def add(connection: Connection, organization_id: int, happened: Sequence[ReleaseActivity]) -> None:
    """Insert activities, in one statement."""
    if not happened:
        return
    rows = (
        (
            release_activity.project_id,
            release_activity.type.value,
            release_activity.version,
            release_activity.user_id,
            release_activity.at,
            json.dumps(release_activity.details),
            place,
        )
        for place, release_activity in enumerate(happened)
    )
    connection.execute(_ADD, rows_param("happened", rows) | {"organization_id": organization_id})


def add_for_projects(
    connection: Connection,
    release: Release,
    kind: ReleaseActivityType,
    at: datetime,
    **more: object,
) -> None:
    """Insert an activity for every project of a locked release, with ``user_id`` and other details.

    The same statement reads the projects, so that none is missed which was attached before the lock.
    """
    user_id = more.pop("user_id", None)
    parameters = {
        "organization_id": release.organization_id,
        "release_id": release.id,
        "type": kind.value,
        "version": release.version,
        "user_id": user_id,
        "at": at,
        "details": json.dumps(more),
    }
    connection.execute(_ADD_FOR_PROJECTS, parameters)


def of_version(
    connection: Connection, organization_id: int, version: str, *, limit: int
) -> list[ReleaseActivity]:
    """Return the activities of the release, newest first."""
    table = activities.c
    query = (
        select(
            table.project_id,
            table.type,
            table.version,
            table.happened_at,
            table.user_id,
            table.details,
        )
        .where(table.organization_id == organization_id, table.version == version)
        .order_by(table.happened_at.desc(), table.id.desc())
        .limit(limit)
    )
    return [
        ReleaseActivity(
            project_id=project_id,
            type=ReleaseActivityType(kind),
            version=text,
            at=at,
            user_id=user_id,
            details=json.loads(details),
        )
        for project_id, kind, text, at, user_id, details in connection.execute(query)
    ]


def remove_of_project(connection: Connection, project_id: int) -> bool:
    """Delete a batch of activities of a deleted project. Return True if there were any."""
    batch = select(activities.c.id).where(activities.c.project_id == project_id).limit(_BATCH)
    return connection.execute(delete(activities).where(activities.c.id.in_(batch))).rowcount > 0
