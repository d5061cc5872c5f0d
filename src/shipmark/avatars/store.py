"""The table of avatars. Owners' rows have a copy of kind and ident, so that lists need no further query."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    String,
    Table,
    TypedColumns,
    UniqueConstraint,
    bindparam,
    delete,
    select,
    update,
)

from shipmark.avatars.model import Avatar, AvatarKind, Owner, OwnerKind
from shipmark.files.store.files import files
from shipmark.infrastructure.database import IDS, Id, UtcDateTime, ids_param, metadata, upsert


class AvatarColumns(TypedColumns):
    """An avatar. ``owner_id`` refers to the table of ``owner_kind``; ``ident`` is in the photo's path."""

    id = Column(Id, primary_key=True)
    owner_kind = Column(String(16), nullable=False)
    owner_id = Column(Id, nullable=False)
    ident = Column(String(32), nullable=False, unique=True)
    kind = Column(String(16), nullable=False)
    file_id = Column(Id, ForeignKey("files.id", ondelete="SET NULL"), unique=True)
    created_at = Column(UtcDateTime, nullable=False)
    updated_at = Column(UtcDateTime, nullable=False)


avatars = Table(
    "avatars",
    metadata,
    AvatarColumns,
    UniqueConstraint("owner_kind", "owner_id"),
    sqlite_autoincrement=True,
)

_OF_OWNER = (
    select(avatars.c.id, avatars.c.ident, avatars.c.file_id)
    .where(avatars.c.owner_kind == bindparam("kind"), avatars.c.owner_id == bindparam("id"))
    .with_for_update()
)
_PHOTO = (
    select(files.c.id)
    .join(avatars, avatars.c.file_id == files.c.id)
    .where(avatars.c.ident == bindparam("ident"), avatars.c.owner_kind == bindparam("kind"))
)


def lock_owner(
    connection: Connection, owner: Owner, ident: str, at: datetime
) -> tuple[int, str, int | None]:
    """Return id, ident and file id of the owner's avatar, created if missing and locked until the transaction ends."""
    row: dict[str, object] = {"owner_kind": owner.kind.value, "owner_id": owner.id, "ident": ident}
    row |= {"kind": AvatarKind.LETTER.value, "created_at": at, "updated_at": at}
    connection.execute(
        upsert(avatars)
        .values(row)
        .on_conflict_do_nothing(index_elements=["owner_kind", "owner_id"])
    )
    result = connection.execute(_OF_OWNER, {"kind": owner.kind.value, "id": owner.id})
    avatar_id, stored_ident, file_id = result.one()
    return avatar_id, stored_ident, file_id


def change(
    connection: Connection, avatar_id: int, avatar: Avatar, file_id: int | None, at: datetime
) -> None:
    """Store an avatar's kind, ident and file."""
    row = {"kind": avatar.kind.value, "file_id": file_id, "updated_at": at}
    if avatar.ident:
        row["ident"] = avatar.ident
    connection.execute(update(avatars).where(avatars.c.id == avatar_id).values(row))


def copy_to_owner(connection: Connection, owners: Table, owner_id: int, avatar: Avatar) -> None:
    """Copy the avatar to the owner's row."""
    row = {"avatar_kind": avatar.kind.value, "avatar_ident": avatar.ident}
    connection.execute(update(owners).where(owners.c.id == owner_id).values(row))


def remove(connection: Connection, kind: OwnerKind, owner_ids: Collection[int]) -> list[int]:
    """Delete the avatars of these owners. Return the file ids of their photos."""
    statement = delete(avatars).where(
        avatars.c.owner_kind == kind.value, avatars.c.owner_id.in_(select(IDS.c.id))
    )
    rows = connection.execute(
        statement.returning(avatars.c.file_id), ids_param(owner_ids)
    ).scalars()
    return [file_id for file_id in rows if file_id is not None]


def photo(connection: Connection, kind: OwnerKind, ident: str) -> int | None:
    """Return the file id of the photo with this ident, or None."""
    parameters = {"kind": kind.value, "ident": ident}
    return connection.execute(_PHOTO, parameters).scalar_one_or_none()
