"""The projects that releases are attached to."""

import json
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.groups import grouped
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.projects.store.projects import IS_VISIBLE, projects
from shipmark.releases.model import Release, ReleasedProject
from shipmark.releases.versions import semver_columns


class ReleaseProjectColumns(sa.TypedColumns):
    """A release in a project, with its numbers of new and regressed issues there.

    Other columns are copies of the release's, which a project's list is filtered and ordered by. Their defaults are
    for nodes that run older code.
    """

    release_id = parent("releases", primary_key=True)
    project_id = parent("projects", primary_key=True)
    new_issue_count = sa.Column(sa.Integer, nullable=False)
    status = sa.Column(sa.String(16), nullable=False, server_default=sa.text("'open'"))
    created_at = sa.Column(
        db.UtcDateTime, nullable=False, server_default=sa.text("CURRENT_TIMESTAMP")
    )
    shipped_at = sa.Column(
        db.UtcDateTime, nullable=False, server_default=sa.text("CURRENT_TIMESTAMP")
    )
    version_key = sa.Column(db.BinaryText, nullable=False, server_default=sa.text("''"))
    build_number = sa.Column(sa.BigInteger)
    regressed_issue_count = sa.Column(sa.Integer, nullable=False, server_default=sa.text("0"))


release_projects = table("release_projects", ReleaseProjectColumns)


def _by(
    name: str, *columns: sa.Column[Any], where: sa.ColumnElement[bool] | None = None
) -> sa.Index:
    """Define the index for a project's releases in an order."""
    table = release_projects.c
    return sa.Index(
        f"ix_release_projects_by_{name}",
        table.project_id,
        table.status,
        *columns,
        table.created_at,
        table.release_id,
        sqlite_where=where,
        postgresql_where=where,
    )


_by("date")
_by("version", release_projects.c.version_key)
_by("build", release_projects.c.build_number, where=release_projects.c.build_number.is_not(None))
_by("shipping", release_projects.c.shipped_at)


_ATTACH = (
    insert_rows(
        release_projects,
        "attached",
        ("project_id",),
        shared=(
            "release_id", "new_issue_count", "status", "created_at", "shipped_at", "version_key",
            "build_number",
        ),
    )
    .on_conflict_do_nothing()
    .returning(release_projects.c.project_id)
)  # fmt: skip
_RELEASED = RowReader(ReleasedProject, release_projects)
_OF_RELEASES = (
    _RELEASED.select(release_projects.c.release_id)
    .join(db.IDS, db.IDS.c.id == release_projects.c.release_id)
    .join(projects, projects.c.id == release_projects.c.project_id)
    .where(IS_VISIBLE)
    .order_by(release_projects.c.release_id, release_projects.c.project_id)
)
_COMMIT_PATHS = (
    sa.select(projects.c.commit_paths)
    .join(release_projects, release_projects.c.project_id == projects.c.id)
    .where(release_projects.c.release_id == sa.bindparam("release_id"))
)
#: Copies a changed status to the rows of releases.
SET_STATUS = (
    sa.update(release_projects)
    .where(db.in_ids(release_projects.c.release_id))
    .values(status=sa.bindparam("given_status", type_=sa.String()))
)
_BROUGHT = db.json_rows("brought", release_id=db.Id, project_id=db.Id, number=sa.Integer())
_COUNT_BROUGHT = (
    sa.update(release_projects)
    .where(
        release_projects.c.release_id == _BROUGHT.c.release_id,
        release_projects.c.project_id == _BROUGHT.c.project_id,
    )
    .values(new_issue_count=release_projects.c.new_issue_count + _BROUGHT.c.number)
)


def attach(connection: sa.Connection, release: Release, project_ids: Collection[int]) -> set[int]:
    """Attach the release to the projects. Return the ids of those that it was not attached to before."""
    if not project_ids:
        return set()
    semver = semver_columns(release.version)
    shared: dict[str, object] = {
        "release_id": release.id,
        "new_issue_count": 0,
        "status": release.status.value,
        "created_at": release.created_at,
        "shipped_at": release.shipped_at,
        "version_key": semver.sort_key,
        "build_number": semver.build_number,
    }
    rows = db.values_param("attached", project_ids)
    return set(connection.execute(_ATTACH, rows | shared).scalars())


def sync_status(connection: sa.Connection, release: Release) -> None:
    """Copy the changed status and date of the release to its rows."""
    connection.execute(
        sa.update(release_projects)
        .where(release_projects.c.release_id == release.id)
        .values(status=release.status.value, shipped_at=release.shipped_at)
    )


def of_releases(
    connection: sa.Connection, release_ids: Collection[int]
) -> dict[int, list[ReleasedProject]]:
    """Return the projects of each release, oldest first."""
    if not release_ids:
        return {}
    rows = connection.execute(_OF_RELEASES, db.ids_param(release_ids))
    return grouped((row[-1], _RELEASED(row)) for row in rows)


def ids_of(connection: sa.Connection, release_id: int) -> list[int]:
    """Return the ids of the projects of a release."""
    query = sa.select(release_projects.c.project_id).where(
        release_projects.c.release_id == release_id
    )
    return list(connection.execute(query).scalars())


def commit_paths_of(connection: sa.Connection, release_id: int) -> list[list[str]]:
    """Return the commit paths of each project of the release."""
    rows = connection.execute(_COMMIT_PATHS, {"release_id": release_id}).scalars()
    return [json.loads(paths) for paths in rows]


def count_regressed_issue(connection: sa.Connection, release_id: int, project_id: int) -> None:
    """Count an issue that regressed in the release for the first time."""
    _increment(connection, release_projects.c.regressed_issue_count, release_id, project_id)


def _increment(
    connection: sa.Connection, column: sa.Column[int], release_id: int, project_id: int
) -> None:
    c = release_projects.c
    statement = sa.update(release_projects).where(
        c.release_id == release_id, c.project_id == project_id
    )
    connection.execute(statement.values({column: column + 1}))


def count_new_issues(connection: sa.Connection, numbers: Mapping[tuple[int, int], int]) -> None:
    """Add to the numbers of new issues, by (release, project)."""
    if numbers:
        rows = ((*key, number) for key, number in sorted(numbers.items()))
        connection.execute(_COUNT_BROUGHT, db.rows_param("brought", rows))
