"""The tables of files and their pieces."""

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    String,
    Table,
    Text,
    TypedColumns,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    update,
)

from shipmark.files.model import File, FileChunk, FileKind, NewFile, StagedFile
from shipmark.files.store.blobs import blobs
from shipmark.infrastructure.database import (
    IDS,
    Id,
    UtcDateTime,
    ids_param,
    json_rows,
    metadata,
    rows_param,
)


class FileColumns(TypedColumns):
    """A file. ``headers`` is a JSON object."""

    id = Column(Id, primary_key=True)
    name = Column(Text, nullable=False)
    kind = Column(String(64), nullable=False)
    headers = Column(Text, nullable=False)
    size = Column(BigInteger, nullable=False)
    sha1 = Column(String(40), nullable=False)
    created_at = Column(UtcDateTime, nullable=False)


class FilePieceColumns(TypedColumns):
    """A piece of a file. A blob that a file uses can't be deleted, whatever its ``uses``."""

    file_id = Column(Id, ForeignKey("files.id", ondelete="CASCADE"), primary_key=True)
    offset = Column(BigInteger, primary_key=True)
    blob_id = Column(Id, ForeignKey("blobs.id"), nullable=False, index=True)


files = Table("files", metadata, FileColumns, sqlite_autoincrement=True)
file_pieces = Table("file_pieces", metadata, FilePieceColumns)

_PIECES_PARAM = json_rows("given_pieces", offset=BigInteger(), sha1=Text())
_UNTIL = bindparam("until", type_=UtcDateTime)
_LATER = case((blobs.c.kept_until < _UNTIL, _UNTIL), else_=blobs.c.kept_until)

_CUT = insert(file_pieces).from_select(
    ["file_id", "offset", "blob_id"],
    select(bindparam("file_id", type_=Id), _PIECES_PARAM.c.offset, blobs.c.id)
    .join(blobs, blobs.c.sha1 == _PIECES_PARAM.c.sha1)
    .order_by(_PIECES_PARAM.c.offset),
)
_FILE_IDS = select(IDS.c.id)
_PIECES_OF_BLOB = (
    select(func.count())
    .select_from(file_pieces)
    .where(file_pieces.c.blob_id == blobs.c.id, file_pieces.c.file_id.in_(_FILE_IDS))
    .scalar_subquery()
)
_BLOBS_OF_FILES = select(file_pieces.c.blob_id).where(file_pieces.c.file_id.in_(_FILE_IDS))
_LOCK_BLOBS = (
    select(blobs.c.id).where(blobs.c.id.in_(_BLOBS_OF_FILES)).order_by(blobs.c.id).with_for_update()
)
_LOCK_FILES = (
    select(files.c.id).where(files.c.id.in_(_FILE_IDS)).order_by(files.c.id).with_for_update()
)
_USE = (
    update(blobs).where(blobs.c.id.in_(_BLOBS_OF_FILES)).values(uses=blobs.c.uses + _PIECES_OF_BLOB)
)
_RELEASE = (
    update(blobs)
    .where(blobs.c.id.in_(_BLOBS_OF_FILES))
    .values(uses=blobs.c.uses - _PIECES_OF_BLOB, kept_until=_LATER)
)
_FILE = (
    files.c.id,
    files.c.name,
    files.c.kind,
    files.c.headers,
    files.c.size,
    files.c.sha1,
    files.c.created_at,
)


def add(connection: Connection, new: NewFile, content: StagedFile, at: datetime) -> File:
    """Insert a file of existing blobs."""
    row: dict[str, object] = {"name": new.name, "kind": new.kind.value}
    row |= {"headers": json.dumps(dict(new.headers))}
    row |= {"size": content.size, "sha1": content.sha1, "created_at": at}
    file_id = connection.execute(insert(files).values(row).returning(files.c.id)).scalar_one()
    if content.pieces:
        connection.execute(
            _CUT, {"file_id": file_id} | rows_param("given_pieces", _offsets(content))
        )
        connection.execute(_LOCK_BLOBS, ids_param([file_id])).all()
        connection.execute(_USE, ids_param([file_id]))
    return File(
        id=file_id,
        name=new.name,
        kind=new.kind,
        headers=dict(new.headers),
        size=content.size,
        sha1=content.sha1,
        created_at=at,
    )


def remove(connection: Connection, file_ids: Collection[int], until: datetime) -> int:
    """Delete files, and retain their blobs until this date at least. Return the number of files."""
    known_ids = connection.execute(_LOCK_FILES, ids_param(file_ids)).scalars().all()
    if not known_ids:
        return 0
    connection.execute(_LOCK_BLOBS, ids_param(known_ids)).all()
    connection.execute(_RELEASE, ids_param(known_ids) | {"until": until})
    connection.execute(delete(files).where(files.c.id.in_(_FILE_IDS)), ids_param(known_ids))
    return len(known_ids)


def by_ids(connection: Connection, file_ids: Collection[int]) -> dict[int, File]:
    """Return the files with these ids, by id; missing ones are left out."""
    query = select(*_FILE).where(files.c.id.in_(_FILE_IDS))
    return {row[0]: _file(*row) for row in connection.execute(query, ids_param(file_ids))}


def pieces_of(connection: Connection, file_id: int) -> list[FileChunk]:
    """Return the pieces of a file, in order."""
    query = (
        select(file_pieces.c.offset, blobs.c.size, blobs.c.key)
        .join(blobs, blobs.c.id == file_pieces.c.blob_id)
        .where(file_pieces.c.file_id == file_id)
        .order_by(file_pieces.c.offset)
    )
    result = connection.execute(query)
    return [FileChunk(offset=offset, size=size, key=key) for offset, size, key in result]


def _offsets(content: StagedFile) -> Iterable[tuple[int, str]]:
    offset = 0
    for piece in content.pieces:
        yield offset, piece.sha1
        offset += piece.size


def _file(
    file_id: int,
    name: str,
    kind: str,
    headers: str,
    size: int,
    sha1: str,
    created_at: datetime,
) -> File:
    content: Mapping[str, str] = json.loads(headers)
    return File(
        id=file_id,
        name=name,
        kind=FileKind(kind),
        headers=content,
        size=size,
        sha1=sha1,
        created_at=created_at,
    )
