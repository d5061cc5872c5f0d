"""The table of releases: inserts, lookups, updates and deletes."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
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
    select,
    text,
    update,
)

from shipmark.infrastructure.database import (
    IDS,
    BinaryText,
    Id,
    UtcDateTime,
    ids_param,
    metadata,
    upsert,
)
from shipmark.projects.store.projects import IS_VISIBLE, projects
from shipmark.releases import versions
from shipmark.releases.model import NewRelease, Release, ReleaseStatus
from shipmark.releases.store import environments
from shipmark.releases.store import projects as in_projects
from shipmark.releases.store.projects import release_projects


class ReleaseColumns(TypedColumns):
    """``author_ids`` is a JSON list, in the order in which the authors first appear among the commits.

    The parsed version (`versions.SemverColumns`) is stored at creation, to sort and search by. ``shipped_at`` is the
    date of finalizing, or else of creation; it is never NULL, but SQLite can't add a column that forbids it.
    """

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    version = Column(String(250), nullable=False)
    status = Column(String(16), nullable=False)
    ref = Column(String(250))
    url = Column(String(200))
    owner_id = Column(Id, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at = Column(UtcDateTime, nullable=False)
    released_at = Column(UtcDateTime)
    commit_count = Column(Integer, nullable=False)
    last_commit_id = Column(Id)
    author_ids = Column(Text, nullable=False)
    deploy_count = Column(Integer, nullable=False)
    last_deploy_id = Column(Id)
    user_agent = Column(Text)
    package = Column(Text)
    version_key = Column(BinaryText, nullable=False, server_default=text("''"))
    build_code = Column(Text)
    build_number = Column(BigInteger)
    shipped_at = Column(UtcDateTime)
    left_out_count = Column(Integer, nullable=False, server_default=text("0"))


releases = Table(
    "releases",
    metadata,
    ReleaseColumns,
    UniqueConstraint("organization_id", "version"),
    sqlite_autoincrement=True,
)

# Each begins with the scope of a list and continues with its order: see list_query.py.
_has_build, _has_package, _has_commits = (
    releases.c.build_number.is_not(None),
    releases.c.package.is_not(None),
    releases.c.last_commit_id.is_not(None),
)
Index(
    "ix_releases_by_date",
    releases.c.organization_id,
    releases.c.status,
    releases.c.created_at,
    releases.c.id,
)
Index(
    "ix_releases_by_version",
    releases.c.organization_id,
    releases.c.status,
    releases.c.version_key,
    releases.c.created_at,
    releases.c.id,
)
Index(
    "ix_releases_by_shipping",
    releases.c.organization_id,
    releases.c.status,
    releases.c.shipped_at,
    releases.c.created_at,
    releases.c.id,
)
Index(
    "ix_releases_by_build",
    releases.c.organization_id,
    releases.c.status,
    releases.c.build_number,
    releases.c.created_at,
    releases.c.id,
    sqlite_where=_has_build,
    postgresql_where=_has_build,
)
Index(
    "ix_releases_of_package_by_date",
    releases.c.organization_id,
    releases.c.package,
    releases.c.status,
    releases.c.created_at,
    releases.c.id,
    sqlite_where=_has_package,
    postgresql_where=_has_package,
)
Index(
    "ix_releases_of_package_by_version",
    releases.c.organization_id,
    releases.c.package,
    releases.c.status,
    releases.c.version_key,
    releases.c.created_at,
    releases.c.id,
    sqlite_where=_has_package,
    postgresql_where=_has_package,
)
Index(
    "ix_releases_with_commits",
    releases.c.organization_id,
    releases.c.shipped_at,
    releases.c.id,
    sqlite_where=_has_commits,
    postgresql_where=_has_commits,
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
    releases.c.left_out_count,
)

_FIELDS = tuple(column.name for column in RELEASE)
_STATUSES = {status.value: status for status in ReleaseStatus}

_ENSURE = upsert(releases).on_conflict_do_nothing().returning(*RELEASE)
_BY_VERSION = select(*RELEASE).where(
    releases.c.organization_id == bindparam("organization_id"),
    releases.c.version == bindparam("version"),
)
_BY_VERSION_WITH_PROJECTS = (
    select(*RELEASE, release_projects.c.project_id)
    .join(release_projects, release_projects.c.release_id == releases.c.id)
    .join(projects, projects.c.id == release_projects.c.project_id)
    .where(
        releases.c.organization_id == bindparam("organization_id"),
        releases.c.version == bindparam("version"),
        IS_VISIBLE,
    )
    .order_by(release_projects.c.project_id)
)
_LOCK_BY_VERSION = _BY_VERSION.with_for_update(key_share=True)
_SET_STATUS = (
    update(releases)
    .where(releases.c.id.in_(select(IDS.c.id)))
    .values(status=bindparam("given_status", type_=String()))
)
_BY_IDS = select(*RELEASE).join(IDS, IDS.c.id == releases.c.id)
_LOCK_SEVERAL = (
    select(releases.c.id)
    .join(IDS, IDS.c.id == releases.c.id)
    .order_by(releases.c.id)
    .with_for_update(key_share=True, of=releases)
)
_REMOVE = delete(releases).where(releases.c.id.in_(select(IDS.c.id)))


def ensure(connection: Connection, organization_id: int, new: NewRelease) -> tuple[Release, bool]:
    """Return the release with this version, locked, and whether this call created it: the constraint decides races."""
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
        "shipped_at": new.released_at or new.created_at,
    }
    row |= _semver(new.version)
    while True:
        if made := connection.execute(_ENSURE, row).first():
            return release_of(made), True
        # The row that the insert conflicted with may have been deleted since.
        if known := lock_by_version(connection, organization_id, new.version):
            return known, False


def by_version(connection: Connection, organization_id: int, version: str) -> Release | None:
    """Return the organization's release with exactly this version, or None."""
    parameters = {"organization_id": organization_id, "version": version}
    row = connection.execute(_BY_VERSION, parameters).first()
    return release_of(row) if row else None


def by_version_with_projects(
    connection: Connection, organization_id: int, version: str
) -> tuple[Release, Sequence[int]] | None:
    """Return the release with exactly this version and the ids of its projects, or None."""
    parameters = {"organization_id": organization_id, "version": version}
    rows = connection.execute(_BY_VERSION_WITH_PROJECTS, parameters).all()
    return (release_of(rows[0]), [row[-1] for row in rows]) if rows else None


def lock_by_version(connection: Connection, organization_id: int, version: str) -> Release | None:
    """Return the release with exactly this version, locked until the transaction ends (see ``locks.py``), or None."""
    parameters = {"organization_id": organization_id, "version": version}
    row = connection.execute(_LOCK_BY_VERSION, parameters).first()
    return release_of(row) if row else None


def by_ids(connection: Connection, release_ids: Collection[int]) -> dict[int, Release]:
    """Return the releases with these ids, by id."""
    if not release_ids:
        return {}
    result = connection.execute(_BY_IDS, ids_param(release_ids))
    return {row[0]: release_of(row) for row in result}


def change(
    connection: Connection,
    release: Release,
    *,
    status: ReleaseStatus | None = None,
    ref: str | None = None,
    url: str | None = None,
    released_at: datetime | None = None,
) -> Release:
    """Change the fields that are not None."""
    values: dict[str, object] = {
        "status": status.value if status else None,
        "ref": ref,
        "url": url,
        "released_at": released_at,
    }
    if released_at is not None:
        values["shipped_at"] = released_at
    changed = _updated(
        connection, release, {name: value for name, value in values.items() if value}
    )
    if status is not None:
        environments.sync_status(connection, changed)
    if status is not None or released_at is not None:
        in_projects.sync_status(connection, changed)
    return changed


def set_status_of(
    connection: Connection, release_ids: Collection[int], status: ReleaseStatus
) -> None:
    """Archive or reopen releases, and update the copies of their status. The caller has locked the organization."""
    connection.execute(_LOCK_SEVERAL, ids_param(release_ids)).all()
    parameters = ids_param(release_ids) | {"given_status": status.value}
    for statement in (_SET_STATUS, environments.SET_STATUS, in_projects.SET_STATUS):
        connection.execute(statement, parameters)


def record_commits(
    connection: Connection,
    release: Release,
    *,
    count: int,
    last_commit_id: int | None,
    author_ids: Collection[int],
    left_out_count: int = 0,
) -> Release:
    """Store the number of commits, the last one, their authors, and the number of those left out."""
    values = {"commit_count": count, "last_commit_id": last_commit_id}
    values["left_out_count"] = left_out_count
    return _updated(connection, release, values | {"author_ids": json.dumps(list(author_ids))})


def record_deploy(connection: Connection, release_id: int, deploy_id: int) -> None:
    """Count one more deploy, which is the last."""
    connection.execute(
        update(releases)
        .where(releases.c.id == release_id)
        .values(deploy_count=releases.c.deploy_count + 1, last_deploy_id=deploy_id)
    )


def remove(connection: Connection, release_ids: Collection[int]) -> None:
    """Delete releases and the rows that belong to them; commits and authors stay."""
    connection.execute(_REMOVE, ids_param(release_ids))


def newest_versions(connection: Connection, project_id: int, limit: int) -> list[str]:
    """Return the versions of the project's newest open releases."""
    query = (
        select(releases.c.version)
        .join(release_projects, release_projects.c.release_id == releases.c.id)
        .where(
            release_projects.c.project_id == project_id,
            release_projects.c.status == ReleaseStatus.OPEN,
        )
        .order_by(release_projects.c.created_at.desc(), release_projects.c.release_id.desc())
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def previous_with_commits(connection: Connection, release: Release) -> Release | None:
    """Return the newest shipped release with commits that shares a project and is no newer; may be this one."""
    source = release_projects.alias("mine")
    shares_project = exists().where(
        release_projects.c.release_id == releases.c.id,
        release_projects.c.project_id == source.c.project_id,
        source.c.release_id == release.id,
    )
    query = (
        select(*RELEASE)
        .where(
            releases.c.organization_id == release.organization_id,
            releases.c.last_commit_id.is_not(None),
            releases.c.shipped_at <= release.shipped_at,
            shares_project,
        )
        .order_by(releases.c.shipped_at.desc(), releases.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return release_of(row) if row else None


def release_of(row: Sequence[Any]) -> Release:
    """Return a release from a row that begins with the columns of `RELEASE`."""
    item = dict(zip(_FIELDS, row, strict=False))
    item["status"] = _STATUSES[item["status"]]
    item["author_ids"] = _author_ids(item["author_ids"])
    return Release(**item)


@lru_cache(1024)
def _author_ids(text: str) -> tuple[int, ...]:
    return tuple(json.loads(text))


def _semver(version: str) -> dict[str, object]:
    value = versions.semver_columns(version)
    return {
        "package": value.package,
        "version_key": value.sort_key,
        "build_code": value.build,
        "build_number": value.build_number,
    }


def _updated(connection: Connection, release: Release, values: Mapping[str, object]) -> Release:
    if not values:
        return release
    statement = (
        update(releases).where(releases.c.id == release.id).values(dict(values)).returning(*RELEASE)
    )
    return release_of(connection.execute(statement).one())
