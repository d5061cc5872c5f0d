"""Operations on avatars: store a photo, and choose the kind of avatar (files-and-avatars.md 2.4)."""

from collections.abc import Collection
from datetime import datetime
from io import BytesIO

from sqlalchemy import Connection, Table

from shipmark.avatars import images, store
from shipmark.avatars.model import Avatar, AvatarKind, NewAvatar, Owner, OwnerKind, PhotoMissing
from shipmark.files import actions as files
from shipmark.files.model import FileKind, NewFile, StagedFile
from shipmark.files.staging import stage_file
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database


def stage_photo(database: Database, blobs: Blobs, photo: bytes, at: datetime) -> StagedFile:
    """Stage a photo, before the transaction that stores it as an avatar."""
    return stage_file(database, blobs, BytesIO(photo).read, at, most=images.BYTES_MAX)


def remove(
    connection: Connection, kind: OwnerKind, owner_ids: Collection[int], at: datetime
) -> None:
    """Delete the avatars of deleted owners, with their photos."""
    files.remove(connection, store.remove(connection, kind, owner_ids), at)


def save(
    connection: Connection, owner: Owner, owners: Table, new: NewAvatar, *, name: str, at: datetime
) -> Avatar:
    """Store the owner's avatar; ``name`` is that of the photo's file, and a replaced photo is deleted.

    ``owners`` is the table of the owner, which has a copy. Raise `PhotoMissing` if there is no photo to use.
    """
    avatar_id, ident, file_id = store.lock_owner(connection, owner, new.ident, at)
    if new.photo is not None:
        replaced = file_id
        file = files.create(connection, NewFile(name=name, kind=FileKind.AVATAR), new.photo, at)
        ident, file_id = new.ident, file.id
    elif new.kind is AvatarKind.UPLOAD and file_id is None:
        raise PhotoMissing
    else:
        replaced = None
    avatar = Avatar(kind=new.kind, ident=ident if file_id is not None else None)
    store.change(connection, avatar_id, avatar, file_id, at)
    store.copy_to_owner(connection, owners, owner.id, avatar)
    if replaced is not None:
        files.remove(connection, [replaced], at)
    return avatar
