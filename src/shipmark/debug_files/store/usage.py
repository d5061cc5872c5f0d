"""Statistics of artifacts for operators: sizes, and unused files. Queries read all rows."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from shipmark.artifacts.store.bundles import artifact_bundles, bundle_projects
from shipmark.artifacts.store.release_files import older, release_files
from shipmark.debug_files.store.debug_files import debug_files
from shipmark.files.store.blobs import blobs
from shipmark.files.store.files import files


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A number of files and their bytes; equal contents count each time."""

    count: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The artifacts of a project. Bundles in several projects count in each."""

    bundles: Sum
    debug_files: Sum


NOTHING = Sum(count=0, bytes=0)
_SUM = (func.count(), func.coalesce(func.sum(files.c.size), 0))


def of_projects(connection: Connection) -> dict[int, Usage]:
    """Return the usage of each project, by id; projects without artifacts are left out."""
    bundles = (
        select(bundle_projects.c.project_id, *_SUM)
        .join(artifact_bundles, artifact_bundles.c.id == bundle_projects.c.bundle_id)
        .join(files, files.c.id == artifact_bundles.c.file_id)
        .group_by(bundle_projects.c.project_id)
    )
    debug = (
        select(debug_files.c.project_id, *_SUM)
        .join(files, files.c.id == debug_files.c.file_id)
        .group_by(debug_files.c.project_id)
    )
    bundle_sums, debug_file_sums = (
        {id_: _sum(count, size) for id_, count, size in connection.execute(query)}
        for query in (bundles, debug)
    )
    return {
        id_: Usage(
            bundles=bundle_sums.get(id_, NOTHING), debug_files=debug_file_sums.get(id_, NOTHING)
        )
        for id_ in sorted({*bundle_sums, *debug_file_sums})
    }


def of_releases(connection: Connection) -> Sum:
    """Return the sum of all single files of releases."""
    query = (
        select(*_SUM).select_from(release_files).join(files, files.c.id == release_files.c.file_id)
    )
    return _sum(*connection.execute(query).one())


def stored_bytes(connection: Connection) -> int:
    """Return the size of the blobs: each content once, photos included."""
    return int(connection.execute(select(func.coalesce(func.sum(blobs.c.size), 0))).scalar_one())


def unused_bundles(connection: Connection, before: datetime, project_id: int | None) -> Sum:
    """Return the sum of bundles unused since then, of a project or of all."""
    query = select(*_SUM).join_from(
        artifact_bundles, files, files.c.id == artifact_bundles.c.file_id
    )
    if project_id is None:
        query = query.where(artifact_bundles.c.used_at < before)
    else:
        query = query.join(
            bundle_projects, bundle_projects.c.bundle_id == artifact_bundles.c.id
        ).where(bundle_projects.c.project_id == project_id, bundle_projects.c.used_at < before)
    return _sum(*connection.execute(query).one())


def unused_files(connection: Connection, before: datetime, project_id: int | None) -> Sum:
    """Return the sum of single files of releases that would be deleted."""
    rows = older(before, project_id).subquery()
    query = select(*_SUM).join_from(rows, files, files.c.id == rows.c.file_id)
    return _sum(*connection.execute(query).one())


def _sum(count: int, size: int) -> Sum:
    return Sum(count=count, bytes=int(size))
