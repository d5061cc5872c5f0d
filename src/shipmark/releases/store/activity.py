"""The table of activities of releases, per project."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.projects.store.projects import IS_VISIBLE, projects
from shipmark.releases.model import Release, ReleaseActivity, ReleaseActivityType
from shipmark.releases.store.projects import release_projects


class ReleaseActivityColumns(sa.TypedColumns):
    """An activity. It names the release by its version, and so outlives it."""

    id = sa.Column(db.Id, primary_key=True)
    organization_id = parent("organizations")
    project_id = parent("projects")
    type = sa.Column(sa.String(32), nullable=False)
    version = sa.Column(sa.String(250), nullable=False)
    user_id = sa.Column(db.Id, sa.ForeignKey("users.id", ondelete="SET NULL"), index=True)
    happened_at = sa.Column(db.UtcDateTime, nullable=False)
    details = sa.Column(sa.Text, nullable=False)


activities = table(
    "release_activities",
    ReleaseActivityColumns,
    sa.Index("ix_release_activities_project_id_happened_at", "project_id", "happened_at"),
    sa.Index("ix_release_activities_organization_id_version", "organization_id", "version"),
)

#: How many activities of a project are deleted at a time.
_BATCH = 1000
_COLUMNS = ("project_id", "type", "version", "user_id", "happened_at", "details")
_ADD = insert_rows(
    activities, "happened", _COLUMNS, shared=("organization_id",), order_by=("position",)
)
_ADD_FOR_PROJECTS = db.upsert(activities).from_select(
    ["organization_id", *_COLUMNS],
    sa.select(
        sa.bindparam("organization_id", type_=db.Id),
        release_projects.c.project_id,
        sa.bindparam("type", type_=sa.Text()),
        sa.bindparam("version", type_=sa.Text()),
        sa.bindparam("user_id", type_=db.Id),
        sa.bindparam("at", type_=db.UtcDateTime()),
        sa.bindparam("details", type_=sa.Text()),
    )
    .join(projects, projects.c.id == release_projects.c.project_id)
    .where(release_projects.c.release_id == sa.bindparam("release_id", type_=db.Id), IS_VISIBLE)
    .order_by(release_projects.c.project_id),
)
_ACTIVITY = RowReader(
    ReleaseActivity,
    activities,
    type=ReleaseActivityType,
    at=activities.c.happened_at,
    details=json.loads,
)
_MOMENTS = db.json_rows("moments", project_id=db.Id, at=db.UtcDateTime())
_OF_DEPLOYS = (
    _ACTIVITY.select()
    .join(
        _MOMENTS,
        sa.and_(
            activities.c.project_id == _MOMENTS.c.project_id,
            activities.c.happened_at == _MOMENTS.c.at,
        ),
    )
    .where(activities.c.type == ReleaseActivityType.DEPLOYED.value)
)


def add(
    connection: sa.Connection, organization_id: int, happened: Sequence[ReleaseActivity]
) -> None:
    """Insert activities, in one statement."""
    if not happened:
        return
    rows = [
        (new.project_id, new.type, new.version, new.user_id, new.at, json.dumps(new.details), index)
        for index, new in enumerate(happened)
    ]
    connection.execute(_ADD, db.rows_param("happened", rows) | {"organization_id": organization_id})


def add_for_projects(
    connection: sa.Connection,
    release: Release,
    kind: ReleaseActivityType,
    at: datetime,
    **more: object,
) -> None:
    """Insert an activity for every project of a locked release, with ``user_id`` and other details.

    The same statement reads the projects, so that none is missed which was attached before the lock.
    """
    parameters: dict[str, object] = {
        "organization_id": release.organization_id,
        "release_id": release.id,
    }
    parameters |= {"type": kind.value, "version": release.version, "at": at}
    parameters |= {"user_id": more.pop("user_id", None), "details": json.dumps(more)}
    connection.execute(_ADD_FOR_PROJECTS, parameters)


def of_version(
    connection: sa.Connection, organization_id: int, version: str, *, limit: int
) -> list[ReleaseActivity]:
    """Return the activities of the release, newest first."""
    query = (
        _ACTIVITY.select()
        .where(activities.c.organization_id == organization_id, activities.c.version == version)
        .order_by(activities.c.happened_at.desc(), activities.c.id.desc())
        .limit(limit)
    )
    return _ACTIVITY.all(connection, query)


def of_deploys(
    connection: sa.Connection, moments: Mapping[tuple[int, int], datetime]
) -> dict[tuple[int, int], ReleaseActivity]:
    """Return the activities of deploys by project and deploy, of which the moments are given.

    An activity has the moment of its deploy, by which an index finds it.
    """
    if not moments:
        return {}
    keys = {(project_id, at) for (project_id, _), at in moments.items()}
    listed = _ACTIVITY.all(connection, _OF_DEPLOYS, db.rows_param("moments", sorted(keys)))
    by_deploy = {(each.project_id, each.details.get("deploy_id")): each for each in listed}
    return {key: by_deploy[key] for key in moments if key in by_deploy}


def remove_of_project(connection: sa.Connection, project_id: int) -> bool:
    """Delete a batch of activities of a deleted project. Return True if there were any."""
    batch = sa.select(activities.c.id).where(activities.c.project_id == project_id).limit(_BATCH)
    return connection.execute(sa.delete(activities).where(activities.c.id.in_(batch))).rowcount > 0
