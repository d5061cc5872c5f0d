"""The tables of files and their pieces."""

import json
from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa

from shipmark.files.model import File, FileChunk, FileKind, NewFile, StagedFile
from shipmark.files.store.blobs import LATER, blobs
from shipmark.infrastructure import database as db
from shipmark.infrastructure.row_reader import RowReader


class FileColumns(sa.TypedColumns):
    """A file. ``headers`` is a JSON object."""

    id = sa.Column(db.Id, primary_key=True)
    name = sa.Column(sa.Text, nullable=False)
    kind = sa.Column(sa.String(64), nullable=False)
    headers = sa.Column(sa.Text, nullable=False)
    size = sa.Column(sa.BigInteger, nullable=False)
    sha1 = sa.Column(sa.String(40), nullable=False)
    created_at = sa.Column(db.UtcDateTime, nullable=False)


class FilePieceColumns(sa.TypedColumns):
    """A piece of a file. A blob that a file uses can't be deleted, whatever its ``uses``."""

    file_id = sa.Column(db.Id, sa.ForeignKey("files.id", ondelete="CASCADE"), primary_key=True)
    offset = sa.Column(sa.BigInteger, primary_key=True)
    blob_id = sa.Column(db.Id, sa.ForeignKey("blobs.id"), nullable=False, index=True)


files = sa.Table("files", db.metadata, FileColumns, sqlite_autoincrement=True)
file_pieces = sa.Table("file_pieces", db.metadata, FilePieceColumns)
_FILE = RowReader(File, files, kind=FileKind, headers=json.loads)
_PIECE = RowReader(FileChunk, blobs, offset=file_pieces.c.offset)
_PIECES_PARAM = db.json_rows("given_pieces", offset=sa.BigInteger(), sha1=sa.Text())

_CUT = sa.insert(file_pieces).from_select(
    ["file_id", "offset", "blob_id"],
    sa.select(sa.bindparam("file_id", type_=db.Id), _PIECES_PARAM.c.offset, blobs.c.id)
    .join(blobs, blobs.c.sha1 == _PIECES_PARAM.c.sha1)
    .order_by(_PIECES_PARAM.c.offset),
)
_PIECES_OF_BLOB = (
    sa.select(sa.func.count())
    .select_from(file_pieces)
    .where(file_pieces.c.blob_id == blobs.c.id, db.in_ids(file_pieces.c.file_id))
    .scalar_subquery()
)
_BLOBS_OF_FILES = sa.select(file_pieces.c.blob_id).where(db.in_ids(file_pieces.c.file_id))
_LOCK_BLOBS = (
    sa.select(blobs.c.id)
    .where(blobs.c.id.in_(_BLOBS_OF_FILES))
    .order_by(blobs.c.id)
    .with_for_update()
)
_LOCK_FILES = (
    sa.select(files.c.id).where(db.in_ids(files.c.id)).order_by(files.c.id).with_for_update()
)
_USE = (
    sa.update(blobs)
    .where(blobs.c.id.in_(_BLOBS_OF_FILES))
    .values(uses=blobs.c.uses + _PIECES_OF_BLOB)
)
_RELEASE = (
    sa.update(blobs)
    .where(blobs.c.id.in_(_BLOBS_OF_FILES))
    .values(uses=blobs.c.uses - _PIECES_OF_BLOB, kept_until=LATER)
)


def add(connection: sa.Connection, new: NewFile, content: StagedFile, at: datetime) -> File:
    """Insert a file of existing blobs."""
    headers = dict(new.headers)
    row: dict[str, object] = {"name": new.name, "kind": new.kind.value}
    row |= {"headers": json.dumps(headers)}
    row |= {"size": content.size, "sha1": content.sha1, "created_at": at}
    file_id = connection.execute(sa.insert(files).values(row).returning(files.c.id)).scalar_one()
    if content.pieces:
        pieces = db.rows_param("given_pieces", _offsets(content))
        connection.execute(_CUT, {"file_id": file_id} | pieces)
        connection.execute(_LOCK_BLOBS, db.ids_param([file_id])).all()
        connection.execute(_USE, db.ids_param([file_id]))
    return File(file_id, new.name, new.kind, headers, content.size, content.sha1, at)


def remove(connection: sa.Connection, file_ids: Collection[int], until: datetime) -> int:
    """Delete files, and retain their blobs until this date at least. Return the number of files."""
    known_ids = connection.execute(_LOCK_FILES, db.ids_param(file_ids)).scalars().all()
    if not known_ids:
        return 0
    connection.execute(_LOCK_BLOBS, db.ids_param(known_ids)).all()
    connection.execute(_RELEASE, db.ids_param(known_ids) | {"until": until})
    connection.execute(sa.delete(files).where(db.in_ids(files.c.id)), db.ids_param(known_ids))
    return len(known_ids)


def by_ids(connection: sa.Connection, file_ids: Collection[int]) -> dict[int, File]:
    """Return the files with these ids, by id; missing ones are left out."""
    query = _FILE.select().where(db.in_ids(files.c.id))
    return {file.id: file for file in _FILE.all(connection, query, db.ids_param(file_ids))}


def pieces_of(connection: sa.Connection, file_id: int) -> list[FileChunk]:
    """Return the pieces of a file, in order."""
    query = (
        _PIECE.select()
        .join(blobs, blobs.c.id == file_pieces.c.blob_id)
        .where(file_pieces.c.file_id == file_id)
        .order_by(file_pieces.c.offset)
    )
    return _PIECE.all(connection, query)


def _offsets(content: StagedFile) -> Iterable[tuple[int, str]]:
    offset = 0
    for piece in content.pieces:
        yield offset, piece.sha1
        offset += piece.size
