"""Where are avatars kept? Their owners' rows have a copy of kind and ident, so that showing them asks nothing more."""

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
    """An avatar. ``owner_id`` is of the table that ``owner_kind`` names; ``ident`` is in the photo's address."""

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
    """The id, ident and file of the owner's avatar, held until the unit of work ends; made if missing."""
    row: dict[str, object] = {"owner_kind": owner.kind.value, "owner_id": owner.id, "ident": ident}
    row |= {"kind": AvatarKind.LETTER.value, "created_at": at, "updated_at": at}
    connection.execute(
        upsert(avatars)
        .values(row)
        .on_conflict_do_nothing(index_elements=["owner_kind", "owner_id"])
    )
    result = connection.execute(_OF_OWNER, {"kind": owner.kind.value, "id": owner.id})
    avatar_id, known, file_id = result.one()
    return avatar_id, known, file_id


def change(
    connection: Connection, avatar_id: int, avatar: Avatar, file_id: int | None, at: datetime
) -> None:
    """Show it otherwise."""
    row = {"kind": avatar.kind.value, "file_id": file_id, "updated_at": at}
    if avatar.ident:
        row["ident"] = avatar.ident
    connection.execute(update(avatars).where(avatars.c.id == avatar_id).values(row))


def copy_to_owner(connection: Connection, owners: Table, owner_id: int, avatar: Avatar) -> None:
    """Keep the copy in the owner's row."""
    row = {"avatar_kind": avatar.kind.value, "avatar_ident": avatar.ident}
    connection.execute(update(owners).where(owners.c.id == owner_id).values(row))


def remove(connection: Connection, kind: OwnerKind, owner_ids: Collection[int]) -> list[int]:
    """Delete the avatars of those owners; says which photos they had."""
    statement = delete(avatars).where(
        avatars.c.owner_kind == kind.value, avatars.c.owner_id.in_(select(IDS.c.id))
    )
    rows = connection.execute(
        statement.returning(avatars.c.file_id), ids_param(owner_ids)
    ).scalars()
    return [file_id for file_id in rows if file_id is not None]


def photo(connection: Connection, kind: OwnerKind, ident: str) -> int | None:
    """The file of the photo of that ident, if there is one."""
    parameters = {"kind": kind.value, "ident": ident}
    return connection.execute(_PHOTO, parameters).scalar_one_or_none()
