"""Where are debug files kept? (files-and-avatars.md 5.5, 9)."""

import json
from collections.abc import Collection, Sequence

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    delete,
    select,
)

from shipmark.artifacts.model import DebugFile
from shipmark.files.model import File
from shipmark.files.store import files as file_store
from shipmark.ground.database import WANTED, Id, Moment, listed, metadata, rows, upsert, wanted


class DebugFileColumns(TypedColumns):
    """A debug file of a project. ``sha1`` is that of its file, ``features`` a JSON list."""

    id = Column(Id, primary_key=True)
    project_id = Column(Id, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False)
    file_id = Column(Id, ForeignKey("files.id"), nullable=False, index=True)
    sha1 = Column(String(40), nullable=False)
    debug_id = Column(String(64), nullable=False)
    code_id = Column(String(64))
    cpu_name = Column(String(40), nullable=False)
    symbol_type = Column(String(40), nullable=False)
    object_name = Column(Text, nullable=False)
    features = Column(Text, nullable=False)
    created_at = Column(Moment, nullable=False)


debug_files = Table(
    "debug_files",
    metadata,
    DebugFileColumns,
    UniqueConstraint("project_id", "sha1", "debug_id"),
    Index("ix_debug_files_project_id_id", "project_id", "id"),
    Index("ix_debug_files_project_id_debug_id", "project_id", "debug_id"),
    Index("ix_debug_files_project_id_code_id", "project_id", "code_id"),
    sqlite_autoincrement=True,
)

_SHA1S = listed("given_sha1s", sha1=Text())
ROW = (
    debug_files.c.id,
    debug_files.c.project_id,
    debug_files.c.file_id,
    debug_files.c.debug_id,
    debug_files.c.code_id,
    debug_files.c.cpu_name,
    debug_files.c.symbol_type,
    debug_files.c.object_name,
    debug_files.c.features,
)
Row = tuple[int, int, int, str, str | None, str, str, str, str]


def add(connection: Connection, new: DebugFile) -> bool:
    """Keep a debug file (its id is given by the store); says whether it is new to the project."""
    row: dict[str, object] = {
        "project_id": new.project_id,
        "file_id": new.file.id,
        "sha1": new.file.sha1,
        "debug_id": new.debug_id,
        "code_id": new.code_id,
        "cpu_name": new.cpu_name,
        "symbol_type": new.symbol_type,
        "object_name": new.object_name,
        "features": json.dumps(list(new.features)),
        "created_at": new.file.created_at,
    }
    made = upsert(debug_files).values(row).on_conflict_do_nothing()
    found = connection.execute(made.returning(debug_files.c.id)).scalar_one_or_none()
    return found is not None


def by_sha1s(
    connection: Connection, project_id: int, sha1s: Collection[str]
) -> dict[str, DebugFile]:
    """Those of the debug files, by their checksum, that the project has."""
    query = (
        select(*ROW)
        .join(_SHA1S, _SHA1S.c.sha1 == debug_files.c.sha1)
        .where(debug_files.c.project_id == project_id)
        .order_by(debug_files.c.id)
    )
    given = rows("given_sha1s", ([each] for each in sorted(sha1s)))
    found = with_files(connection, connection.execute(query, given).all())
    return {it.file.sha1: it for it in found}


def by_id(connection: Connection, project_id: int, debug_file_id: int) -> DebugFile | None:
    """That debug file of the project."""
    query = select(*ROW).where(
        debug_files.c.project_id == project_id, debug_files.c.id == debug_file_id
    )
    found = with_files(connection, connection.execute(query).all())
    return found[0] if found else None


def remove(connection: Connection, ids: Collection[int]) -> list[int]:
    """Delete debug files; says which files they had."""
    statement = delete(debug_files).where(debug_files.c.id.in_(select(WANTED.c.id)))
    gone = connection.execute(statement.returning(debug_files.c.file_id), wanted(ids))
    return list(gone.scalars())


def with_files(connection: Connection, found: Sequence[Row]) -> list[DebugFile]:
    """Debug files of their columns, with their files: one statement for all."""
    known = file_store.by_ids(connection, {row[2] for row in found})
    return [_debug_file(row, known[row[2]]) for row in found]


def _debug_file(row: Row, file: File) -> DebugFile:
    id_, project_id, _, debug_id, code_id, cpu_name, symbol_type, object_name, features = row
    return DebugFile(
        id=id_,
        project_id=project_id,
        debug_id=debug_id,
        code_id=code_id,
        cpu_name=cpu_name,
        symbol_type=symbol_type,
        object_name=object_name,
        features=json.loads(features),
        file=file,
    )
