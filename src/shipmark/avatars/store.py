"""The table of avatars. Owners' rows have a copy of kind and ident, so that lists need no further query."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from shipmark.avatars.model import Avatar, AvatarKind, Owner, OwnerKind
from shipmark.files.store.files import files
from shipmark.infrastructure import database as db
from shipmark.infrastructure.schema import table


class AvatarColumns(sa.TypedColumns):
    """An avatar. ``owner_id`` refers to the table of ``owner_kind``; ``ident`` is in the photo's path."""

    id = sa.Column(db.Id, primary_key=True)
    owner_kind = sa.Column(sa.String(16), nullable=False)
    owner_id = sa.Column(db.Id, nullable=False)
    ident = sa.Column(sa.String(32), nullable=False, unique=True)
    kind = sa.Column(sa.String(16), nullable=False)
    file_id = sa.Column(db.Id, sa.ForeignKey("files.id", ondelete="SET NULL"), unique=True)
    created_at = sa.Column(db.UtcDateTime, nullable=False)
    updated_at = sa.Column(db.UtcDateTime, nullable=False)


avatars = table("avatars", AvatarColumns, sa.UniqueConstraint("owner_kind", "owner_id"))

_OF_OWNER = (
    sa.select(avatars.c.id, avatars.c.ident, avatars.c.file_id)
    .where(avatars.c.owner_kind == sa.bindparam("kind"), avatars.c.owner_id == sa.bindparam("id"))
    .with_for_update()
)
_PHOTO = (
    sa.select(files.c.id)
    .join(avatars, avatars.c.file_id == files.c.id)
    .where(avatars.c.ident == sa.bindparam("ident"), avatars.c.owner_kind == sa.bindparam("kind"))
)


def lock_owner(
    connection: sa.Connection, owner: Owner, ident: str, at: datetime
) -> tuple[int, str, int | None]:
    """Return id, ident and file id of the owner's avatar, created if missing and locked until the transaction ends."""
    row: dict[str, object] = {"owner_kind": owner.kind.value, "owner_id": owner.id, "ident": ident}
    row |= {"kind": AvatarKind.LETTER.value, "created_at": at, "updated_at": at}
    insert = db.upsert(avatars).values(row)
    connection.execute(insert.on_conflict_do_nothing(index_elements=["owner_kind", "owner_id"]))
    result = connection.execute(_OF_OWNER, {"kind": owner.kind.value, "id": owner.id})
    avatar_id, stored_ident, file_id = result.one()
    return avatar_id, stored_ident, file_id


def change(
    connection: sa.Connection, avatar_id: int, avatar: Avatar, file_id: int | None, at: datetime
) -> None:
    """Store an avatar's kind, ident and file."""
    row = {"kind": avatar.kind.value, "file_id": file_id, "updated_at": at}
    if avatar.ident:
        row["ident"] = avatar.ident
    connection.execute(sa.update(avatars).where(avatars.c.id == avatar_id).values(row))


def copy_to_owner(
    connection: sa.Connection, owners: sa.Table, owner_id: int, avatar: Avatar
) -> None:
    """Copy the avatar to the owner's row."""
    row = {"avatar_kind": avatar.kind.value, "avatar_ident": avatar.ident}
    connection.execute(sa.update(owners).where(owners.c.id == owner_id).values(row))


def remove(connection: sa.Connection, kind: OwnerKind, owner_ids: Collection[int]) -> list[int]:
    """Delete the avatars of these owners. Return the file ids of their photos."""
    statement = sa.delete(avatars).where(
        avatars.c.owner_kind == kind.value, avatars.c.owner_id.in_(sa.select(db.IDS.c.id))
    )
    result = connection.execute(statement.returning(avatars.c.file_id), db.ids_param(owner_ids))
    return [file_id for file_id in result.scalars() if file_id is not None]


def photo(connection: sa.Connection, kind: OwnerKind, ident: str) -> int | None:
    """Return the file id of the photo with this ident, or None."""
    return connection.execute(_PHOTO, {"kind": kind.value, "ident": ident}).scalar_one_or_none()
