"""Garbage collection: blobs that no file uses, and contents without a blob."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from shipmark.files.store.blobs import blob_removals, blobs
from shipmark.files.store.files import file_pieces
from shipmark.infrastructure.database import ids_param, in_ids, json_rows, values_param

_GIVEN_KEYS = json_rows("given_keys", key=sa.Text())
_IS_GIVEN = blob_removals.c.key.in_(sa.select(_GIVEN_KEYS.c.key))


def with_wrong_ref_count(connection: sa.Connection) -> list[str]:
    """Return the keys of blobs whose ``uses`` differ from their number of pieces: a bug. Reads all blobs."""
    pieces = sa.select(sa.func.count()).where(file_pieces.c.blob_id == blobs.c.id).scalar_subquery()
    return list(connection.execute(sa.select(blobs.c.sha1).where(blobs.c.uses != pieces)).scalars())


def collect(connection: sa.Connection, at: datetime, *, most: int) -> int:
    """Delete unused blobs whose retention is over, and register their contents for deletion. Return their number."""
    unused = (
        sa.select(blobs.c.id)
        .where(blobs.c.uses == 0, blobs.c.kept_until <= at)
        .order_by(blobs.c.kept_until)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.execute(unused).scalars())
    is_used = sa.exists().where(file_pieces.c.blob_id == blobs.c.id)
    statement = sa.delete(blobs).where(in_ids(blobs.c.id), ~is_used)
    keys = connection.execute(statement.returning(blobs.c.key), ids_param(ids)).scalars().all()
    if keys:
        final = [{"key": key, "due_at": at, "is_final": True} for key in keys]
        connection.execute(sa.insert(blob_removals), final)
    return len(keys)


def claim_for_deletion(connection: sa.Connection, at: datetime, *, most: int) -> list[str]:
    """Return keys whose contents are due for deletion, and prevent that blobs are created of them."""
    due = (
        sa.select(blob_removals.c.key)
        .where(blob_removals.c.due_at <= at)
        .order_by(blob_removals.c.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    keys = connection.execute(due).scalars().all()
    if keys:
        final = sa.update(blob_removals).where(_IS_GIVEN).values(is_final=True)
        connection.execute(final, _keys(keys))
    return list(keys)


def delete_records(connection: sa.Connection, keys: Sequence[str]) -> None:
    """Delete the records of keys whose contents were deleted."""
    connection.execute(sa.delete(blob_removals).where(_IS_GIVEN), _keys(keys))


def has_unused(connection: sa.Connection, at: datetime) -> bool:
    """Return True if blobs or contents are due for collection."""
    unused = sa.select(blobs.c.id).where(blobs.c.uses == 0, blobs.c.kept_until <= at).limit(1)
    due = sa.select(blob_removals.c.key).where(blob_removals.c.due_at <= at).limit(1)
    return any(connection.execute(query).first() is not None for query in (unused, due))


def next_due(connection: sa.Connection) -> datetime | None:
    """Return the date on which the next blob or content is due for collection, or None without any."""
    unused = sa.select(blobs.c.kept_until).where(blobs.c.uses == 0).order_by(blobs.c.kept_until)
    due = sa.select(blob_removals.c.due_at).order_by(blob_removals.c.due_at)
    dates = [connection.execute(query.limit(1)).scalar_one_or_none() for query in (unused, due)]
    return min((date for date in dates if date is not None), default=None)


def _keys(keys: Iterable[str]) -> dict[str, str]:
    return values_param("given_keys", keys)
