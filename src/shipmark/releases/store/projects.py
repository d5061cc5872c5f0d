"""The projects that releases are attached to."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
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
    bindparam,
    literal_column,
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
    json_rows,
    metadata,
    rows_param,
    upsert,
)
from shipmark.projects.store.projects import IS_VISIBLE, projects
from shipmark.releases.model import Release, ReleasedProject
from shipmark.releases.versions import semver_columns


class ReleaseProjectColumns(TypedColumns):
    """A release in a project, with its numbers of new and regressed issues there.

    Other columns are copies of the release's, which a project's list is filtered and ordered by. Their defaults are
    for nodes that run older code.
    """

    release_id = Column(Id, ForeignKey("releases.id", ondelete="CASCADE"), primary_key=True)
    project_id = Column(Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    new_issue_count = Column(Integer, nullable=False)
    status = Column(String(16), nullable=False, server_default=text("'open'"))
    created_at = Column(UtcDateTime, nullable=False, server_default=text("CURRENT_TIMESTAMP"))
    shipped_at = Column(UtcDateTime, nullable=False, server_default=text("CURRENT_TIMESTAMP"))
    version_key = Column(BinaryText, nullable=False, server_default=text("''"))
    build_number = Column(BigInteger)
    regressed_issue_count = Column(Integer, nullable=False, server_default=text("0"))


release_projects = Table("release_projects", metadata, ReleaseProjectColumns)


def _by(name: str, *columns: Column[Any], where: ColumnElement[bool] | None = None) -> Index:
    """Define the index for a project's releases in an order."""
    table = release_projects.c
    return Index(
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
_by(
    "build",
    release_projects.c.build_number,
    where=release_projects.c.build_number.is_not(None),
)
_by("shipping", release_projects.c.shipped_at)


_ATTACH = (
    upsert(release_projects)
    .from_select(
        [
            "release_id",
            "project_id",
            "new_issue_count",
            "status",
            "created_at",
            "shipped_at",
            "version_key",
            "build_number",
        ],
        select(
            bindparam("release_id", type_=Id),
            IDS.c.id,
            literal_column("0"),
            bindparam("status", type_=Text),
            bindparam("created_at", type_=UtcDateTime()),
            bindparam("shipped_at", type_=UtcDateTime()),
            bindparam("version_key", type_=Text),
            bindparam("build_number", type_=BigInteger),
        ).order_by(IDS.c.id),
    )
    .on_conflict_do_nothing()
    .returning(release_projects.c.project_id)
)
_OF_RELEASES = (
    select(
        release_projects.c.release_id,
        release_projects.c.project_id,
        release_projects.c.new_issue_count,
        release_projects.c.regressed_issue_count,
    )
    .join(IDS, IDS.c.id == release_projects.c.release_id)
    .join(projects, projects.c.id == release_projects.c.project_id)
    .where(IS_VISIBLE)
    .order_by(release_projects.c.release_id, release_projects.c.project_id)
)

_COMMIT_PATHS = (
    select(projects.c.commit_paths)
    .join(release_projects, release_projects.c.project_id == projects.c.id)
    .where(release_projects.c.release_id == bindparam("release_id"))
)
#: Copies a changed status to the rows of releases.
SET_STATUS = (
    update(release_projects)
    .where(release_projects.c.release_id.in_(select(IDS.c.id)))
    .values(status=bindparam("given_status", type_=String()))
)
_BROUGHT = json_rows("brought", release_id=Id, project_id=Id, number=Integer())
_COUNT_BROUGHT = (
    update(release_projects)
    .where(
        release_projects.c.release_id == _BROUGHT.c.release_id,
        release_projects.c.project_id == _BROUGHT.c.project_id,
    )
    .values(new_issue_count=release_projects.c.new_issue_count + _BROUGHT.c.number)
)


def attach(connection: Connection, release: Release, project_ids: Collection[int]) -> set[int]:
    """Attach the release to the projects. Return the ids of those that it was not attached to before."""
    if not project_ids:
        return set()
    semver = semver_columns(release.version)
    parameters: dict[str, object] = {
        "release_id": release.id,
        "status": release.status.value,
        "created_at": release.created_at,
        "shipped_at": release.shipped_at,
        "version_key": semver.sort_key,
        "build_number": semver.build_number,
    }
    parameters |= ids_param(project_ids)
    return set(connection.execute(_ATTACH, parameters).scalars())


def sync_status(connection: Connection, release: Release) -> None:
    """Copy the changed status and date of the release to its rows."""
    connection.execute(
        update(release_projects)
        .where(release_projects.c.release_id == release.id)
        .values(status=release.status.value, shipped_at=release.shipped_at)
    )


def of_releases(
    connection: Connection, release_ids: Collection[int]
) -> dict[int, list[ReleasedProject]]:
    """Return the projects of each release, oldest first."""
    if not release_ids:
        return {}
    attached: dict[int, list[ReleasedProject]] = {}
    for release_id, *counted in connection.execute(_OF_RELEASES, ids_param(release_ids)):
        project_id, new, regressed = counted
        released = ReleasedProject(
            project_id=project_id, new_issue_count=new, regressed_issue_count=regressed
        )
        attached.setdefault(release_id, []).append(released)
    return attached


def commit_paths_of(connection: Connection, release_id: int) -> list[list[str]]:
    """Return the commit paths of each project of the release."""
    rows = connection.execute(_COMMIT_PATHS, {"release_id": release_id}).scalars()
    return [json.loads(paths) for paths in rows]


def count_new_issue(connection: Connection, release_id: int, project_id: int) -> None:
    """Count an issue that was first seen in the release."""
    connection.execute(
        update(release_projects)
        .where(
            release_projects.c.release_id == release_id, release_projects.c.project_id == project_id
        )
        .values(new_issue_count=release_projects.c.new_issue_count + 1)
    )


def count_regressed_issue(connection: Connection, release_id: int, project_id: int) -> None:
    """Count an issue that regressed in the release for the first time."""
    connection.execute(
        update(release_projects)
        .where(
            release_projects.c.release_id == release_id, release_projects.c.project_id == project_id
        )
        .values(regressed_issue_count=release_projects.c.regressed_issue_count + 1)
    )


def count_new_issues(connection: Connection, numbers: Mapping[tuple[int, int], int]) -> None:
    """Add to the numbers of new issues, by (release, project), after reassignment to other releases."""
    if numbers:
        rows = ((*key, number) for key, number in sorted(numbers.items()))
        connection.execute(_COUNT_BROUGHT, rows_param("brought", rows))
