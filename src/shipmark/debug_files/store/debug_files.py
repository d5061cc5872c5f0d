"""The table of debug files, and its queries (files-and-avatars.md 5.5, 9).

Beside it is the table of ProGuard mappings by version of an app (clients.md 4.7).
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from shipmark.debug_files.model import DebugFile, DebugObject
from shipmark.files.model import File
from shipmark.files.store import files as file_store
from shipmark.infrastructure import database as db
from shipmark.infrastructure.database import Id, in_binary_order, metadata, upsert
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.text_search import contains
from shipmark.projects.store.projects import projects


class DebugFileColumns(sa.TypedColumns):
    """A debug file of a project. ``sha1`` is that of its file, ``features`` a JSON list."""

    id = sa.Column(db.Id, primary_key=True)
    project_id = sa.Column(db.Id, sa.ForeignKey("projects.id", ondelete="CASCADE"), nullable=False)
    file_id = sa.Column(db.Id, sa.ForeignKey("files.id"), nullable=False, index=True)
    sha1 = sa.Column(sa.String(40), nullable=False)
    debug_id = sa.Column(sa.String(64), nullable=False)
    code_id = sa.Column(sa.String(64))
    cpu_name = sa.Column(sa.String(40), nullable=False)
    symbol_type = sa.Column(sa.String(40), nullable=False)
    object_name = sa.Column(sa.Text, nullable=False)
    kind = sa.Column(sa.String(20))
    features = sa.Column(sa.Text, nullable=False)
    created_at = sa.Column(db.UtcDateTime, nullable=False)


debug_files = sa.Table(
    "debug_files",
    db.metadata,
    DebugFileColumns,
    sa.UniqueConstraint("project_id", "sha1", "debug_id"),
    sa.Index("ix_debug_files_project_id_id", "project_id", "id"),
    sa.Index("ix_debug_files_project_id_debug_id", "project_id", "debug_id"),
    sa.Index("ix_debug_files_project_id_code_id", "project_id", "code_id"),
    sqlite_autoincrement=True,
)

_SHA1S = db.json_rows("given_sha1s", sha1=sa.Text())
_OBJECT = RowReader(
    DebugObject, debug_files, features=lambda encoded: frozenset(json.loads(encoded))
)
_DEBUG_FILE = _OBJECT.select(debug_files.c.id, debug_files.c.project_id, debug_files.c.file_id)
_SEARCHED = (
    debug_files.c.object_name,
    debug_files.c.debug_id,
    debug_files.c.code_id,
    debug_files.c.cpu_name,
    debug_files.c.symbol_type,
    debug_files.c.sha1,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DebugFileFilter:
    """Debug files of a project: by ids, types, and ``text`` in one of their columns. Conditions of None are ignored."""

    project_id: int
    text: str | None = None
    debug_id: str | None = None
    code_id: str | None = None
    symbol_types: Collection[str] = ()


def add(
    connection: sa.Connection, project_id: int, debug_object: DebugObject, file: File
) -> DebugFile | None:
    """Insert a debug file. Return None if the project has it already."""
    row = asdict(debug_object) | {"features": json.dumps(sorted(debug_object.features))}
    row |= {"project_id": project_id, "file_id": file.id}
    row |= {"sha1": file.sha1, "created_at": file.created_at}
    statement = db.upsert(debug_files).values(row).on_conflict_do_nothing()
    new_id = connection.execute(statement.returning(debug_files.c.id)).scalar_one_or_none()
    if new_id is None:
        return None
    return DebugFile(id=new_id, project_id=project_id, object=debug_object, file=file)


def by_sha1s(
    connection: sa.Connection, project_id: int, sha1s: Collection[str]
) -> dict[str, list[DebugFile]]:
    """Return the project's debug files with these checksums, by checksum. Several may have the same content."""
    query = (
        _DEBUG_FILE.join(_SHA1S, _SHA1S.c.sha1 == debug_files.c.sha1)
        .where(debug_files.c.project_id == project_id)
        .order_by(debug_files.c.id)
    )
    parameters = db.values_param("given_sha1s", sha1s)
    files: dict[str, list[DebugFile]] = {}
    for debug_file in _with_files(connection, query, parameters):
        files.setdefault(debug_file.file.sha1, []).append(debug_file)
    return files


def by_id(connection: sa.Connection, project_id: int, debug_file_id: int) -> DebugFile | None:
    """Return the project's debug file with this id, or None."""
    query = _DEBUG_FILE.where(
        debug_files.c.project_id == project_id, debug_files.c.id == debug_file_id
    )
    return next(iter(_with_files(connection, query)), None)


def newest_of_debug_id(
    connection: sa.Connection, project_id: int, debug_id: str, symbol_type: str
) -> DebugFile | None:
    """Return the newest debug file of this type and debug id, or None."""
    query = (
        _DEBUG_FILE.where(
            debug_files.c.project_id == project_id,
            debug_files.c.debug_id == debug_id,
            debug_files.c.symbol_type == symbol_type,
        )
        .order_by(debug_files.c.id.desc())
        .limit(1)
    )
    return next(iter(_with_files(connection, query)), None)


def page_of(
    connection: sa.Connection, file_filter: DebugFileFilter, *, limit: int, offset: int
) -> list[DebugFile]:
    """Return a page of the matching debug files, the newest first."""
    query = _DEBUG_FILE.where(debug_files.c.project_id == file_filter.project_id)
    if file_filter.debug_id is not None:
        query = query.where(debug_files.c.debug_id == file_filter.debug_id)
    if file_filter.code_id is not None:
        query = query.where(debug_files.c.code_id == file_filter.code_id)
    if file_filter.symbol_types:
        query = query.where(debug_files.c.symbol_type.in_(file_filter.symbol_types))
    if file_filter.text:
        holds = (contains(column, file_filter.text) for column in _SEARCHED)
        query = query.where(sa.or_(*holds))
    page = query.order_by(debug_files.c.id.desc()).limit(limit).offset(offset)
    return _with_files(connection, page)


def remove(connection: sa.Connection, ids: Collection[int]) -> list[int]:
    """Delete debug files. Return the ids of their files."""
    statement = sa.delete(debug_files).where(debug_files.c.id.in_(sa.select(db.IDS.c.id)))
    result = connection.execute(statement.returning(debug_files.c.file_id), db.ids_param(ids))
    return list(result.scalars())


def of_project(connection: sa.Connection, project_id: int, *, limit: int) -> list[int]:
    """Return the ids of some debug files of the project."""
    query = sa.select(debug_files.c.id).where(debug_files.c.project_id == project_id)
    return list(connection.execute(query.limit(limit)).scalars())


def remove_of_organization(connection: sa.Connection, organization_id: int) -> list[int]:
    """Delete all debug files of an organization's projects. Return the ids of their files."""
    of_organization = sa.select(projects.c.id).where(projects.c.organization_id == organization_id)
    statement = sa.delete(debug_files).where(debug_files.c.project_id.in_(of_organization))
    return list(connection.execute(statement.returning(debug_files.c.file_id)).scalars())


def _with_files(
    connection: sa.Connection,
    query: sa.Executable,
    parameters: Mapping[str, object] | None = None,
) -> list[DebugFile]:
    """Return debug files, with their files by one statement for all."""
    rows = connection.execute(query, parameters).all()
    files = file_store.by_ids(connection, {file_id for *_, file_id in rows})
    return [
        DebugFile(id=row[-3], project_id=row[-2], object=_OBJECT(row), file=files[row[-1]])
        for row in rows
    ]


class ProguardReleaseColumns(sa.TypedColumns):
    """A version, which may not exist as a release, and the mapping that its app was built with."""

    project_id = sa.Column(Id, sa.ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    version = sa.Column(sa.String(250), primary_key=True)
    debug_id = sa.Column(sa.String(64), primary_key=True)
    debug_file_id = sa.Column(
        Id, sa.ForeignKey("debug_files.id", ondelete="CASCADE"), nullable=False, index=True
    )


proguard_releases = sa.Table("proguard_releases", metadata, ProguardReleaseColumns)


def link(connection: sa.Connection, version: str, mapping: DebugFile) -> bool:
    """Link a mapping to a version. Return False if it was linked already."""
    row: dict[str, object] = {"project_id": mapping.project_id, "version": version}
    row |= {"debug_id": mapping.object.debug_id, "debug_file_id": mapping.id}
    statement = upsert(proguard_releases).values(row).on_conflict_do_nothing()
    result = connection.execute(statement.returning(proguard_releases.c.version)).first()
    return result is not None


def versions_of(connection: sa.Connection, mapping: DebugFile, *, most: int) -> list[str]:
    """Return the versions that a mapping is linked to, in order."""
    query = (
        sa.select(proguard_releases.c.version)
        .where(proguard_releases.c.debug_file_id == mapping.id)
        .order_by(in_binary_order(proguard_releases.c.version))
        .limit(most)
    )
    return list(connection.execute(query).scalars())
