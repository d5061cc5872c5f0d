"""The tables of blobs, of the organizations that uploaded them, and of keys to delete."""

from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa

from shipmark.files.model import StagedBlob
from shipmark.infrastructure import database as db
from shipmark.infrastructure.schema import partial_index


class BlobColumns(sa.TypedColumns):
    """A content that is stored once, under ``key``. ``uses`` counts the pieces of files that refer to it."""

    id = sa.Column(db.Id, primary_key=True)
    sha1 = sa.Column(sa.String(40), nullable=False, unique=True)
    size = sa.Column(sa.BigInteger, nullable=False)
    key = sa.Column(sa.String(80), nullable=False)
    uses = sa.Column(sa.Integer, nullable=False)
    kept_until = sa.Column(db.UtcDateTime, nullable=False)


class BlobRemovalColumns(sa.TypedColumns):
    """A key without a blob: registered before its content is written, or left by a deleted blob.

    Once ``is_final``, the content is being deleted, and no blob can be created of it any more.
    """

    key = sa.Column(sa.String(80), primary_key=True)
    due_at = sa.Column(db.UtcDateTime, nullable=False, index=True)
    is_final = sa.Column(sa.Boolean, nullable=False)


class BlobOwnerColumns(sa.TypedColumns):
    """An organization that uploaded the blob: for others it does not exist (files-and-avatars.md 5.5)."""

    organization_id = sa.Column(
        db.Id, sa.ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    )
    blob_id = sa.Column(
        db.Id, sa.ForeignKey("blobs.id", ondelete="CASCADE"), primary_key=True, index=True
    )


blobs = sa.Table(
    "blobs",
    db.metadata,
    BlobColumns,
    sa.CheckConstraint("uses >= 0", name="ck_blobs_uses"),
    sqlite_autoincrement=True,
)
partial_index("ix_blobs_unused", blobs.c.kept_until, where=blobs.c.uses == 0)
blob_removals = sa.Table("blob_removals", db.metadata, BlobRemovalColumns)
blob_owners = sa.Table("blob_owners", db.metadata, BlobOwnerColumns)
_BLOBS_PARAM = db.json_rows("given_blobs", sha1=sa.Text(), size=sa.BigInteger(), key=sa.Text())
_KEYS_PARAM = db.json_rows("given_keys", key=sa.Text())
UNTIL = sa.bindparam("until", type_=db.UtcDateTime)
#: The later of both ends of a blob's retention.
LATER = sa.case((blobs.c.kept_until < UNTIL, UNTIL), else_=blobs.c.kept_until)

_TOUCH = (
    sa.update(blobs)
    .where(blobs.c.sha1.in_(sa.select(_BLOBS_PARAM.c.sha1)), blobs.c.kept_until < UNTIL)
    .values(kept_until=UNTIL)
)
_KNOWN = (
    sa.select(blobs.c.sha1)
    .join(_BLOBS_PARAM, _BLOBS_PARAM.c.sha1 == blobs.c.sha1)
    .order_by(blobs.c.id)
    .with_for_update(of=blobs)
)
_MAKE = db.upsert(blobs).from_select(
    ["sha1", "size", "key", "uses", "kept_until"],
    sa.select(*_BLOBS_PARAM.c, sa.bindparam("uses", 0, sa.Integer), UNTIL)
    .where(_BLOBS_PARAM.c.key.is_not(None))
    .order_by(_BLOBS_PARAM.c.sha1),
)
_MAKE = _MAKE.on_conflict_do_update(index_elements=[blobs.c.sha1], set_={"kept_until": LATER})
# Looked up by checksum: there is no index on keys.
_KEYS = sa.select(blobs.c.key).join(
    _BLOBS_PARAM, sa.and_(_BLOBS_PARAM.c.sha1 == blobs.c.sha1, _BLOBS_PARAM.c.key == blobs.c.key)
)
_CLAIM = (
    sa.delete(blob_removals)
    .where(
        blob_removals.c.key.in_(sa.select(_KEYS_PARAM.c.key)), blob_removals.c.is_final.is_(False)
    )
    .returning(blob_removals.c.key)
)
_OWN = (
    db.upsert(blob_owners)
    .from_select(
        ["organization_id", "blob_id"],
        sa.select(sa.bindparam("organization_id", type_=db.Id), blobs.c.id)
        .join(_BLOBS_PARAM, _BLOBS_PARAM.c.sha1 == blobs.c.sha1)
        .order_by(blobs.c.id),
    )
    .on_conflict_do_nothing()
)
_OWNED = (
    sa.select(blobs.c.sha1, blobs.c.size, blobs.c.key)
    .join(_BLOBS_PARAM, _BLOBS_PARAM.c.sha1 == blobs.c.sha1)
    .join(blob_owners, blob_owners.c.blob_id == blobs.c.id)
    .where(blob_owners.c.organization_id == sa.bindparam("organization_id", type_=db.Id))
)


def is_any(connection: sa.Connection) -> bool:
    """Return True if there is any blob."""
    return connection.execute(sa.select(blobs.c.id).limit(1)).first() is not None


def touch(connection: sa.Connection, sha1s: Collection[str], until: datetime) -> set[str]:
    """Extend the retention of existing blobs to this date at least. Return their checksums."""
    parameters = _sha1s_param(sha1s)
    # Locked first: a blob that is being collected is either deleted by then, or stays.
    known = set(connection.execute(_KNOWN, parameters).scalars())
    connection.execute(_TOUCH, parameters | {"until": until})
    return known


def register_pending(connection: sa.Connection, keys: Iterable[str], due_at: datetime) -> None:
    """Register keys of contents that will be written, so that they are collected if no blob is created of them."""
    new = [{"key": key, "due_at": due_at, "is_final": False} for key in keys]
    if new:
        connection.execute(sa.insert(blob_removals), new)


def make_blobs(
    connection: sa.Connection, staged_blobs: Iterable[StagedBlob], until: datetime
) -> bool:
    """Create blobs of written contents, unless another writer has. Return True if all contents still exist."""
    distinct = {blob.sha1: (blob.sha1, blob.size, blob.key) for blob in staged_blobs}
    parameters = db.rows_param("given_blobs", (distinct[sha1] for sha1 in sorted(distinct)))
    connection.execute(_MAKE, parameters | {"until": until})
    keys = set(connection.execute(_KEYS, parameters).scalars())
    pending = db.values_param("given_keys", keys)
    claimed = set(connection.execute(_CLAIM, pending).scalars())
    existing = set(connection.execute(_KNOWN, parameters).scalars())
    return claimed == keys and existing == set(distinct)


def add_owner(connection: sa.Connection, organization_id: int, sha1s: Collection[str]) -> None:
    """Record that the organization uploaded these blobs."""
    parameters = _sha1s_param(sha1s) | {"organization_id": organization_id}
    connection.execute(_OWN, parameters)


def owned_by(
    connection: sa.Connection, organization_id: int, sha1s: Collection[str]
) -> dict[str, tuple[int, str]]:
    """Return size and key, by checksum, of those of the blobs that the organization uploaded."""
    parameters = _sha1s_param(set(sha1s)) | {"organization_id": organization_id}
    result = connection.execute(_OWNED, parameters)
    return {sha1: (size, key) for sha1, size, key in result}


def _sha1s_param(sha1s: Iterable[str]) -> dict[str, object]:
    return {**db.rows_param("given_blobs", ((sha1, 0, None) for sha1 in sha1s))}
