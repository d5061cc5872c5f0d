"""The releases themselves: making, finding, changing, deleting, listing."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    bindparam,
    delete,
    exists,
    func,
    select,
    update,
)

from shipmark.ground.database import WANTED, Id, Moment, metadata, upsert, wanted
from shipmark.releases.model import NewRelease, Release, ReleaseFilter, ReleaseStatus
from shipmark.releases.store.environments import ran_in
from shipmark.releases.store.projects import release_projects


class ReleaseColumns(TypedColumns):
    """``author_ids`` is a JSON list, in the order in which the authors first appear among the commits."""

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    version = Column(String(250), nullable=False)
    status = Column(String(16), nullable=False)
    ref = Column(String(250))
    url = Column(String(200))
    owner_id = Column(Id, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at = Column(Moment, nullable=False)
    released_at = Column(Moment)
    commit_count = Column(Integer, nullable=False)
    last_commit_id = Column(Id)
    author_ids = Column(Text, nullable=False)
    deploy_count = Column(Integer, nullable=False)
    last_deploy_id = Column(Id)
    user_agent = Column(Text)


releases = Table(
    "releases",
    metadata,
    ReleaseColumns,
    UniqueConstraint("organization_id", "version"),
    Index("ix_releases_organization_id_created_at", "organization_id", "created_at", "id"),
    sqlite_autoincrement=True,
)

RELEASE = (
    releases.c.id,
    releases.c.organization_id,
    releases.c.version,
    releases.c.status,
    releases.c.ref,
    releases.c.url,
    releases.c.owner_id,
    releases.c.created_at,
    releases.c.released_at,
    releases.c.commit_count,
    releases.c.last_commit_id,
    releases.c.author_ids,
    releases.c.deploy_count,
    releases.c.last_deploy_id,
    releases.c.user_agent,
)

_FIELDS = tuple(column.name for column in RELEASE)

#: When a release was finalized, or else created.
SHIPPED_AT = func.coalesce(releases.c.released_at, releases.c.created_at, type_=Moment())

_ENSURE = upsert(releases).on_conflict_do_nothing().returning(*RELEASE)
_BY_VERSION = select(*RELEASE).where(
    releases.c.organization_id == bindparam("organization_id"),
    releases.c.version == bindparam("version"),
)
_HELD = _BY_VERSION.with_for_update(read=True, key_share=True)
_BY_IDS = select(*RELEASE).join(WANTED, WANTED.c.id == releases.c.id)
# Whoever deletes waits for all who hold it, and all who want it wait: see `held_by_version`.
_LOCK_TO_DELETE = _BY_IDS.order_by(releases.c.id).with_for_update(of=releases)
_REMOVE = delete(releases).where(releases.c.id.in_(select(WANTED.c.id)))


def ensure(connection: Connection, organization_id: int, new: NewRelease) -> tuple[Release, bool]:
    """The release of that version and whether it is new. The constraint decides who made it.

    Nobody can delete it until the unit of work ends.
    """
    row = {
        "organization_id": organization_id,
        "version": new.version,
        "status": new.status.value,
        "ref": new.ref,
        "url": new.url,
        "owner_id": new.owner_id,
        "created_at": new.created_at,
        "released_at": new.released_at,
        "commit_count": 0,
        "author_ids": "[]",
        "deploy_count": 0,
        "user_agent": new.user_agent,
    }
    while True:
        if made := connection.execute(_ENSURE, row).first():
            return release_of(made), True
        # The one that the insert met may have been deleted since.
        if known := held_by_version(connection, organization_id, new.version):
            return known, False


def by_version(connection: Connection, organization_id: int, version: str) -> Release | None:
    """The organization's release of exactly that version."""
    parameters = {"organization_id": organization_id, "version": version}
    row = connection.execute(_BY_VERSION, parameters).first()
    return release_of(row) if row else None


def held_by_version(connection: Connection, organization_id: int, version: str) -> Release | None:
    """The same, and nobody can delete it until the unit of work ends.

    Where somebody is deleting it, this waits, and then there is none.
    """
    parameters = {"organization_id": organization_id, "version": version}
    row = connection.execute(_HELD, parameters).first()
    return release_of(row) if row else None


def by_ids(connection: Connection, release_ids: Collection[int]) -> dict[int, Release]:
    """The releases of those ids."""
    if not release_ids:
        return {}
    found = connection.execute(_BY_IDS, wanted(release_ids))
    return {row[0]: release_of(row) for row in found}


def lock(connection: Connection, release_id: int) -> Release | None:
    """Let nobody else change the release until the unit of work ends; says what it is now.

    On SQLite the unit of work has the only writer's lock already.
    """
    query = select(*RELEASE).where(releases.c.id == release_id).with_for_update(key_share=True)
    row = connection.execute(query).first()
    return release_of(row) if row else None


def lock_to_delete(connection: Connection, release_ids: Collection[int]) -> list[Release]:
    """Wait until nobody uses these releases and let nobody use them any more; says which are still there."""
    return [release_of(row) for row in connection.execute(_LOCK_TO_DELETE, wanted(release_ids))]


def change(
    connection: Connection,
    release: Release,
    *,
    status: ReleaseStatus | None = None,
    ref: str | None = None,
    url: str | None = None,
    released_at: datetime | None = None,
) -> Release:
    """Change what is given; null leaves it as it is."""
    given = {
        "status": status.value if status else None,
        "ref": ref,
        "url": url,
        "released_at": released_at,
    }
    return _updated(connection, release, {name: value for name, value in given.items() if value})


def record_commits(
    connection: Connection,
    release: Release,
    *,
    count: int,
    last_commit_id: int | None,
    author_ids: Collection[int],
) -> Release:
    """Keep what the commits come to: their number, the newest, and who wrote them."""
    values = {"commit_count": count, "last_commit_id": last_commit_id}
    return _updated(connection, release, values | {"author_ids": json.dumps(list(author_ids))})


def record_deploy(connection: Connection, release_id: int, deploy_id: int) -> None:
    """Count one more deploy, the latest."""
    connection.execute(
        update(releases)
        .where(releases.c.id == release_id)
        .values(deploy_count=releases.c.deploy_count + 1, last_deploy_id=deploy_id)
    )


def remove(connection: Connection, release_ids: Collection[int]) -> None:
    """Delete releases and all that is only their own; commits and authors stay."""
    connection.execute(_REMOVE, wanted(release_ids))


def page_of(
    connection: Connection, wanted: ReleaseFilter, *, limit: int, offset: int
) -> list[Release]:
    """A page of the releases that pass the filter, the newest created first."""
    query = (
        select(*RELEASE)
        .where(*_conditions(wanted))
        .order_by(releases.c.created_at.desc(), releases.c.id.desc())
    )
    return [release_of(row) for row in connection.execute(query.limit(limit).offset(offset))]


def page_by_shipping(
    connection: Connection, wanted: ReleaseFilter, *, limit: int, offset: int
) -> list[Release]:
    """A page of the releases that pass the filter, the newest shipped first (the project list's order)."""
    query = (
        select(*RELEASE)
        .where(*_conditions(wanted))
        .order_by(SHIPPED_AT.desc(), releases.c.id.desc())
    )
    return [release_of(row) for row in connection.execute(query.limit(limit).offset(offset))]


def newest_versions(connection: Connection, project_id: int, limit: int) -> list[str]:
    """The versions of the project's newest open releases."""
    query = (
        select(releases.c.version)
        .join(release_projects, release_projects.c.release_id == releases.c.id)
        .where(release_projects.c.project_id == project_id, releases.c.status == ReleaseStatus.OPEN)
        .order_by(releases.c.created_at.desc(), releases.c.id.desc())
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def previous_with_commits(connection: Connection, release: Release) -> Release | None:
    """The newest shipped release with commits that shares a project and is no newer; may be this one."""
    mine = release_projects.alias("mine")
    shares_project = exists().where(
        release_projects.c.release_id == releases.c.id,
        release_projects.c.project_id == mine.c.project_id,
        mine.c.release_id == release.id,
    )
    query = (
        select(*RELEASE)
        .where(
            releases.c.organization_id == release.organization_id,
            releases.c.last_commit_id.is_not(None),
            release.shipped_at >= SHIPPED_AT,
            shares_project,
        )
        .order_by(SHIPPED_AT.desc(), releases.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return release_of(row) if row else None


def release_of(row: Sequence[Any]) -> Release:
    """A release from a row that begins with the columns of `RELEASE`."""
    columns = dict(zip(_FIELDS, row, strict=False))
    columns["status"] = ReleaseStatus(columns["status"])
    columns["author_ids"] = tuple(json.loads(columns["author_ids"]))
    return Release(**columns)


def _updated(connection: Connection, release: Release, values: Mapping[str, object]) -> Release:
    if not values:
        return release
    statement = (
        update(releases).where(releases.c.id == release.id).values(dict(values)).returning(*RELEASE)
    )
    return release_of(connection.execute(statement).one())


def _conditions(wanted: ReleaseFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        releases.c.organization_id == wanted.organization_id,
        exists().where(
            release_projects.c.release_id == releases.c.id,
            release_projects.c.project_id.in_(wanted.project_ids),
        ),
    ]
    if wanted.status is not None:
        conditions.append(releases.c.status == wanted.status)
    if wanted.version_part:
        conditions.append(releases.c.version.icontains(wanted.version_part, autoescape=True))
    if wanted.created_from is not None:
        conditions.append(releases.c.created_at >= wanted.created_from)
    if wanted.created_to is not None:
        conditions.append(releases.c.created_at <= wanted.created_to)
    if wanted.environment_ids is not None:
        conditions.append(ran_in(releases.c.id, wanted.project_ids, wanted.environment_ids))
    return conditions
