"""The environments of releases: where and when events and deploys came, per project."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.schema import parent, partial_index, table
from shipmark.projects.store.projects import IS_VISIBLE, platforms, projects
from shipmark.releases.model import Release, ReleasedProject, SeenRange
from shipmark.releases.store.projects import release_projects


class ReleaseEnvironmentColumns(sa.TypedColumns):
    """A release in an environment of a project: seen by events there, or deployed there.

    ``status`` and ``created_at`` are copies of the release's, which lists are filtered and ordered by. `adoption.py`
    writes ``adopted_at`` and ``unadopted_at``.
    """

    release_id = parent("releases", primary_key=True)
    project_id = parent("projects", primary_key=True)
    environment_id = parent("environments", primary_key=True)
    new_issue_count = sa.Column(sa.Integer, nullable=False)
    first_seen_at = sa.Column(db.UtcDateTime)
    last_seen_at = sa.Column(db.UtcDateTime)
    last_deploy_id = sa.Column(db.Id)
    adopted_at = sa.Column(db.UtcDateTime)
    unadopted_at = sa.Column(db.UtcDateTime)
    status = sa.Column(sa.String(16), nullable=False, server_default=sa.text("'open'"))
    created_at = sa.Column(
        db.UtcDateTime, nullable=False, server_default=sa.text("CURRENT_TIMESTAMP")
    )


release_environments = table(
    "release_environments",
    ReleaseEnvironmentColumns,
    sa.Index(
        "ix_release_environments_by_date",
        "environment_id",
        "project_id",
        "status",
        "created_at",
        "release_id",
    ),
    sa.Index("ix_release_environments_project_id_first_seen_at", "project_id", "first_seen_at"),
)
# The last deploy to an environment of a project is the last entry of a range of it.
partial_index(
    "ix_release_environments_deployed",
    release_environments.c.project_id,
    release_environments.c.environment_id,
    release_environments.c.last_deploy_id,
    where=release_environments.c.last_deploy_id.is_not(None),
)
partial_index(
    "ix_release_environments_adopted",
    release_environments.c.project_id,
    release_environments.c.environment_id,
    release_environments.c.adopted_at,
    release_environments.c.release_id,
    where=release_environments.c.adopted_at.is_not(None),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRelease:
    """A release that events came from, in an environment of a project, from the first of them to the last.

    The caller has locked the release, unless it has a row for the environment already.
    """

    release: Release
    project_id: int
    environment_id: int
    first_at: datetime
    last_at: datetime


#: Ids as one parameter with a list, or as several parameters.
IdParameters = sa.BindParameter[Any] | Sequence[sa.BindParameter[Any]]

_KEY = ["release_id", "project_id", "environment_id"]
_there = sa.and_(
    release_environments.c.release_id == release_projects.c.release_id,
    release_environments.c.project_id == release_projects.c.project_id,
)
_KEYS = (release_projects.c.release_id, release_projects.c.project_id)
# Platforms are few and short, so that one text holds them: no statement of their own for each page.
_SEPARATOR = ","
_PLATFORMS = (
    sa.select(sa.func.aggregate_strings(platforms.c.platform, _SEPARATOR))
    .where(platforms.c.project_id == release_projects.c.project_id)
    .scalar_subquery()
)
_SEEN = (
    sa.select(
        *_KEYS,
        release_projects.c.new_issue_count,
        release_projects.c.regressed_issue_count,
        sa.func.count(release_environments.c.release_id),
        sa.func.min(release_environments.c.first_seen_at, type_=db.UtcDateTime()),
        sa.func.max(release_environments.c.last_seen_at, type_=db.UtcDateTime()),
        sa.func.sum(release_environments.c.new_issue_count, type_=sa.Integer()),
        _PLATFORMS,
    )
    .join(db.IDS, db.IDS.c.id == release_projects.c.release_id)
    .join(projects, projects.c.id == release_projects.c.project_id)
    .where(IS_VISIBLE)
    .group_by(*_KEYS, release_projects.c.new_issue_count, release_projects.c.regressed_issue_count)
    .order_by(*_KEYS)
)
_SEEN_ANYWHERE = _SEEN.outerjoin(release_environments, _there)
_ENVIRONMENTS = db.json_rows("environments", id=db.Id)
_SEEN_SOMEWHERE = _SEEN.outerjoin(
    release_environments,
    sa.and_(_there, release_environments.c.environment_id.in_(sa.select(_ENVIRONMENTS.c.id))),
)
_DEPLOYED = db.upsert(release_environments).from_select(
    [
        "release_id",
        "project_id",
        "environment_id",
        "new_issue_count",
        "last_deploy_id",
        "status",
        "created_at",
    ],
    sa.select(
        sa.bindparam("release_id", type_=db.Id),
        db.IDS.c.id,
        sa.bindparam("environment_id", type_=db.Id),
        sa.literal_column("0"),
        sa.bindparam("deploy_id", type_=db.Id),
        sa.bindparam("status", type_=sa.Text),
        sa.bindparam("created_at", type_=db.UtcDateTime()),
    ).order_by(db.IDS.c.id),
)
_NOTE_DEPLOY = _DEPLOYED.on_conflict_do_update(
    index_elements=_KEY, set_={"last_deploy_id": _DEPLOYED.excluded.last_deploy_id}
)
#: Copies a changed status to the rows of releases.
SET_STATUS = (
    sa.update(release_environments)
    .where(db.in_ids(release_environments.c.release_id))
    .values(status=sa.bindparam("given_status", type_=sa.String()))
)
_EVENTS = insert_rows(
    release_environments,
    "seen",
    (
        *_KEY,
        "new_issue_count",
        "first_seen_at",
        "last_seen_at",
        "status",
        "created_at",
    ),
    order_by=_KEY,
)
_ENSURE = insert_rows(
    release_environments,
    "added",
    (*_KEY, "new_issue_count", "status", "created_at"),
    order_by=_KEY,
).on_conflict_do_nothing()
_is_later = sa.or_(
    release_environments.c.last_seen_at.is_(None),
    _EVENTS.excluded.last_seen_at > release_environments.c.last_seen_at,
)
_RECORD_EVENTS = _EVENTS.on_conflict_do_update(
    index_elements=_KEY,
    set_={
        "first_seen_at": sa.func.coalesce(
            release_environments.c.first_seen_at, _EVENTS.excluded.first_seen_at
        ),
        "last_seen_at": sa.case(
            (_is_later, _EVENTS.excluded.last_seen_at), else_=release_environments.c.last_seen_at
        ),
    },
)
_BROUGHT = db.json_rows(
    "brought", release_id=db.Id, project_id=db.Id, environment_id=db.Id, number=sa.Integer()
)
_COUNT_BROUGHT = (
    sa.update(release_environments)
    .where(
        release_environments.c.release_id == _BROUGHT.c.release_id,
        release_environments.c.project_id == _BROUGHT.c.project_id,
        release_environments.c.environment_id == _BROUGHT.c.environment_id,
    )
    .values(new_issue_count=release_environments.c.new_issue_count + _BROUGHT.c.number)
)


def ensure(connection: sa.Connection, places: Collection[tuple[Release, int, int]]) -> None:
    """Record that locked releases are in environments of projects, given by their ids, without any event of them."""
    rows = [
        (release.id, project_id, environment_id, 0, release.status, release.created_at)
        for release, project_id, environment_id in places
    ]
    rows.sort(key=lambda row: row[:3])
    connection.execute(_ENSURE, db.rows_param("added", rows))


def record_events(connection: sa.Connection, seen_releases: Collection[SeenRelease]) -> None:
    """Record events of releases; the date of the last one never moves back."""
    rows = [
        (
            seen.release.id,
            seen.project_id,
            seen.environment_id,
            0,
            seen.first_at,
            seen.last_at,
            seen.release.status,
            seen.release.created_at,
        )
        for seen in seen_releases
    ]
    # In one order, in which other transactions lock these rows, too.
    rows.sort(key=lambda row: row[:3])
    connection.execute(_RECORD_EVENTS, db.rows_param("seen", rows))


def record_deploy(
    connection: sa.Connection,
    release: Release,
    project_ids: Collection[int],
    environment_id: int,
    deploy_id: int,
) -> None:
    """Record the latest deploy to the environment for each of the projects."""
    parameters = {
        "release_id": release.id,
        "environment_id": environment_id,
        "deploy_id": deploy_id,
        "status": release.status.value,
        "created_at": release.created_at,
    }
    connection.execute(_NOTE_DEPLOY, db.ids_param(project_ids) | parameters)


def sync_status(connection: sa.Connection, release: Release) -> None:
    """Copy the changed status of the release to its rows."""
    connection.execute(
        sa.update(release_environments)
        .where(release_environments.c.release_id == release.id)
        .values(status=release.status.value)
    )


def newest_of(
    connection: sa.Connection, project_id: int, environment_ids: Collection[int] | None
) -> int | None:
    """Return the id of the project's newest release, in one of the environments, or in any if None."""
    columns = release_environments.c
    query = sa.select(columns.release_id).where(
        columns.project_id == project_id, columns.first_seen_at.is_not(None)
    )
    if environment_ids is not None:
        query = query.where(columns.environment_id.in_(list(environment_ids)))
    query = query.order_by(columns.first_seen_at.desc(), columns.release_id.desc()).limit(1)
    return connection.execute(query).scalar_one_or_none()


def count_new_issues(
    connection: sa.Connection, numbers: Mapping[tuple[int, int, int], int]
) -> None:
    """Add to the numbers of new issues, by (release, project, environment)."""
    if numbers:
        rows = ((*place, number) for place, number in sorted(numbers.items()))
        connection.execute(_COUNT_BROUGHT, db.rows_param("brought", rows))


def seen(
    connection: sa.Connection,
    release_ids: Collection[int],
    environment_ids: Collection[int] | None = None,
) -> dict[int, list[ReleasedProject]]:
    """Return the projects of each release, oldest first, with its events in these environments or in any."""
    if not release_ids:
        return {}
    query, parameters = _SEEN_ANYWHERE, db.ids_param(release_ids)
    if environment_ids is not None:
        query = _SEEN_SOMEWHERE
        parameters |= db.values_param("environments", environment_ids)
    attached: dict[int, list[ReleasedProject]] = {}
    for row in connection.execute(query, parameters).all():
        release_id, project_id, brought, regressed, places, first, last, new, names = row
        seen_range = (
            SeenRange(first_at=first, last_at=last, new_issue_count=new) if places else None
        )
        released = ReleasedProject(
            project_id=project_id,
            new_issue_count=brought,
            regressed_issue_count=regressed,
            seen=seen_range,
            platforms=tuple(sorted(names.split(_SEPARATOR))) if names else (),
        )
        attached.setdefault(release_id, []).append(released)
    return attached


def seen_in(
    release_id: sa.ColumnElement[int],
    project_ids: IdParameters,
    environment_ids: IdParameters,
) -> sa.ColumnElement[bool]:
    """Return the condition that a release was seen in, or deployed to, one of the environments."""
    columns = release_environments.c
    return sa.exists().where(
        columns.release_id == release_id,
        columns.project_id.in_(project_ids),
        columns.environment_id.in_(environment_ids),
    )
