"""The table of releases: inserts, lookups, updates and deletes."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.projects.store.projects import IS_VISIBLE, projects
from shipmark.releases import versions
from shipmark.releases.model import NewRelease, Release, ReleaseStatus
from shipmark.releases.store import environments
from shipmark.releases.store import projects as in_projects
from shipmark.releases.store.projects import release_projects


class ReleaseColumns(sa.TypedColumns):
    """``author_ids`` is a JSON list, in the order in which the authors first appear among the commits.

    The parsed version (`versions.SemverColumns`) is stored at creation, to sort and search by. ``shipped_at`` is the
    date of finalizing, or else of creation; it is never NULL, but SQLite can't add a column that forbids it.
    """

    id = sa.Column(db.Id, primary_key=True)
    organization_id = parent("organizations")
    version = sa.Column(sa.String(250), nullable=False)
    status = sa.Column(sa.String(16), nullable=False)
    ref = sa.Column(sa.String(250))
    url = sa.Column(sa.String(200))
    owner_id = sa.Column(db.Id, sa.ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at = sa.Column(db.UtcDateTime, nullable=False)
    released_at = sa.Column(db.UtcDateTime)
    commit_count = sa.Column(sa.Integer, nullable=False)
    last_commit_id = sa.Column(db.Id)
    author_ids = sa.Column(sa.Text, nullable=False)
    deploy_count = sa.Column(sa.Integer, nullable=False)
    last_deploy_id = sa.Column(db.Id)
    user_agent = sa.Column(sa.Text)
    package = sa.Column(sa.Text)
    version_key = sa.Column(db.BinaryText, nullable=False, server_default=sa.text("''"))
    build_code = sa.Column(sa.Text)
    build_number = sa.Column(sa.BigInteger)
    shipped_at = sa.Column(db.UtcDateTime)
    left_out_count = sa.Column(sa.Integer, nullable=False, server_default=sa.text("0"))


releases = table("releases", ReleaseColumns, sa.UniqueConstraint("organization_id", "version"))


def _index(name: str, *columns: str, where: sa.ColumnElement[bool] | None = None) -> None:
    """Define an index that begins with the scope of a list and continues with its order: see list_query.py."""
    keys = [releases.c[column] for column in ("organization_id", *columns, "id")]
    sa.Index(f"ix_releases_{name}", *keys, sqlite_where=where, postgresql_where=where)


_has_package = releases.c.package.is_not(None)
_index("newest")
_index("by_date", "status", "created_at")
_index("by_version", "status", "version_key", "created_at")
_index("by_shipping", "status", "shipped_at", "created_at")
_index(
    "by_build", "status", "build_number", "created_at", where=releases.c.build_number.is_not(None)
)
_index("of_package_by_date", "package", "status", "created_at", where=_has_package)
_index(
    "of_package_by_shipping", "package", "status", "shipped_at", "created_at", where=_has_package
)
_index(
    "of_package_by_version", "package", "status", "version_key", "created_at", where=_has_package
)
_index("with_commits", "shipped_at", where=releases.c.last_commit_id.is_not(None))


@lru_cache(1024)
def _author_ids(text: str) -> tuple[int, ...]:
    return tuple(json.loads(text))


release_of = RowReader(Release, releases, status=ReleaseStatus, author_ids=_author_ids)
RELEASE = release_of.columns

_ENSURE = db.upsert(releases).on_conflict_do_nothing().returning(*RELEASE)
_BY_VERSION = sa.select(*RELEASE).where(
    releases.c.organization_id == sa.bindparam("organization_id"),
    releases.c.version == sa.bindparam("version"),
)
_BY_VERSION_WITH_PROJECTS = (
    _BY_VERSION.add_columns(release_projects.c.project_id)
    .join(release_projects, release_projects.c.release_id == releases.c.id)
    .join(projects, projects.c.id == release_projects.c.project_id)
    .where(IS_VISIBLE)
    .order_by(release_projects.c.project_id)
)
_LOCK_BY_VERSION = _BY_VERSION.with_for_update(key_share=True)
_SET_STATUS = (
    sa.update(releases)
    .where(db.in_ids(releases.c.id))
    .values(status=sa.bindparam("given_status", type_=sa.String()))
)
_BY_IDS = sa.select(*RELEASE).join(db.IDS, db.IDS.c.id == releases.c.id)
_LOCK_SEVERAL = (
    sa.select(releases.c.id)
    .join(db.IDS, db.IDS.c.id == releases.c.id)
    .order_by(releases.c.id)
    .with_for_update(key_share=True, of=releases)
)
_REMOVE = sa.delete(releases).where(db.in_ids(releases.c.id))


def ensure(
    connection: sa.Connection, organization_id: int, new: NewRelease
) -> tuple[Release, bool]:
    """Return the release with this version, locked, and whether this call created it: the constraint decides races."""
    row = asdict(new) | {"organization_id": organization_id, "commit_count": 0, "deploy_count": 0}
    row |= {"author_ids": "[]", "shipped_at": new.released_at or new.created_at}
    row |= _semver(new.version)
    while True:
        if created := release_of.first(connection, _ENSURE, row):
            return created, True
        # The row that the insert conflicted with may have been deleted since.
        if known := lock_by_version(connection, organization_id, new.version):
            return known, False


def by_version(connection: sa.Connection, organization_id: int, version: str) -> Release | None:
    """Return the organization's release with exactly this version, or None."""
    parameters = {"organization_id": organization_id, "version": version}
    return release_of.first(connection, _BY_VERSION, parameters)


def by_version_with_projects(
    connection: sa.Connection, organization_id: int, version: str
) -> tuple[Release, Sequence[int]] | None:
    """Return the release with exactly this version and the ids of its projects, or None."""
    parameters = {"organization_id": organization_id, "version": version}
    rows = connection.execute(_BY_VERSION_WITH_PROJECTS, parameters).all()
    return (release_of(rows[0]), [row[-1] for row in rows]) if rows else None


def lock_by_version(
    connection: sa.Connection, organization_id: int, version: str
) -> Release | None:
    """Return the release with exactly this version, locked until the transaction ends (see ``locks.py``), or None."""
    parameters = {"organization_id": organization_id, "version": version}
    return release_of.first(connection, _LOCK_BY_VERSION, parameters)


def by_ids(connection: sa.Connection, release_ids: Collection[int]) -> dict[int, Release]:
    """Return the releases with these ids, by id."""
    return release_of.by_ids(connection, _BY_IDS, release_ids)


def change(
    connection: sa.Connection,
    release: Release,
    *,
    status: ReleaseStatus | None = None,
    ref: str | None = None,
    url: str | None = None,
    released_at: datetime | None = None,
) -> Release:
    """Change the fields that are not None."""
    values: dict[str, object] = {"status": status, "ref": ref, "url": url}
    values |= {"released_at": released_at, "shipped_at": released_at}
    changed = _updated(
        connection, release, {name: value for name, value in values.items() if value}
    )
    if status is not None:
        environments.sync_status(connection, changed)
    if status is not None or released_at is not None:
        in_projects.sync_status(connection, changed)
    return changed


def set_status_of(
    connection: sa.Connection, release_ids: Collection[int], status: ReleaseStatus
) -> None:
    """Archive or reopen releases, and update the copies of their status. The caller has locked the organization."""
    connection.execute(_LOCK_SEVERAL, db.ids_param(release_ids)).all()
    parameters = db.ids_param(release_ids) | {"given_status": status.value}
    for statement in (_SET_STATUS, environments.SET_STATUS, in_projects.SET_STATUS):
        connection.execute(statement, parameters)


def record_commits(
    connection: sa.Connection,
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


def record_deploy(connection: sa.Connection, release_id: int, deploy_id: int) -> None:
    """Count one more deploy, which is the last."""
    connection.execute(
        sa.update(releases)
        .where(releases.c.id == release_id)
        .values(deploy_count=releases.c.deploy_count + 1, last_deploy_id=deploy_id)
    )


def remove(connection: sa.Connection, release_ids: Collection[int]) -> None:
    """Delete releases and the rows that belong to them; commits and authors stay."""
    connection.execute(_REMOVE, db.ids_param(release_ids))


def newest_versions(connection: sa.Connection, project_id: int, limit: int) -> list[str]:
    """Return the versions of the project's newest open releases."""
    query = (
        sa.select(releases.c.version)
        .join(release_projects, release_projects.c.release_id == releases.c.id)
        .where(
            release_projects.c.project_id == project_id,
            release_projects.c.status == ReleaseStatus.OPEN,
        )
        .order_by(release_projects.c.created_at.desc(), release_projects.c.release_id.desc())
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def previous_with_commits(connection: sa.Connection, release: Release) -> Release | None:
    """Return the newest shipped release with commits that shares a project and is no newer; may be this one."""
    source = release_projects.alias("mine")
    shares_project = sa.exists().where(
        release_projects.c.release_id == releases.c.id,
        release_projects.c.project_id == source.c.project_id,
        source.c.release_id == release.id,
    )
    query = (
        sa.select(*RELEASE)
        .where(
            releases.c.organization_id == release.organization_id,
            releases.c.last_commit_id.is_not(None),
            releases.c.shipped_at <= release.shipped_at,
            shares_project,
        )
        .order_by(releases.c.shipped_at.desc(), releases.c.id.desc())
        .limit(1)
    )
    return release_of.first(connection, query)


def _semver(version: str) -> dict[str, object]:
    value = versions.semver_columns(version)
    return {
        "package": value.package,
        "version_key": value.sort_key,
        "build_code": value.build,
        "build_number": value.build_number,
    }


def _updated(connection: sa.Connection, release: Release, values: Mapping[str, object]) -> Release:
    if not values:
        return release
    parameters = {f"given_{name}": value for name, value in values.items()}
    result = connection.execute(_update(tuple(values)), parameters | {"release_id": release.id})
    return release_of(result.one())


@lru_cache(32)
def _update(names: tuple[str, ...]) -> sa.Executable:
    """Return the statement that sets these columns; composing it takes longer than running it."""
    values = {name: sa.bindparam(f"given_{name}", type_=releases.c[name].type) for name in names}
    statement = sa.update(releases).where(releases.c.id == sa.bindparam("release_id", type_=db.Id))
    return statement.values(values).returning(*RELEASE)
