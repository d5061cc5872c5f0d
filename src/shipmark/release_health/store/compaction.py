"""Old rows of buckets, found series by series along the keys of their tables, and deleted."""

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.release_health.model import BucketWidth, SketchKind
from shipmark.release_health.store.buckets import NUMBERS, Bucket, SketchKey
from shipmark.release_health.store.tables import counts, series, sketches

_BUCKETS = db.json_rows("buckets", series_id=db.Id, width=sa.Integer(), start=sa.BigInteger())
_SKETCHES = db.json_rows(
    "removed", series_id=db.Id, width=sa.Integer(), start=sa.BigInteger(), kind=sa.Text()
)


def is_any(connection: sa.Connection) -> bool:
    """Return True if there are any counts."""
    return connection.execute(sa.select(counts.c.series_id).limit(1)).first() is not None


def with_counts(
    connection: sa.Connection, width: BucketWidth, before: int, *, after_id: int, limit: int
) -> list[int]:
    """Return the first series behind an id that have counts of this width before a moment."""
    return _with_rows(connection, counts, width, (0, before), after_id, limit)


def with_sketches(
    connection: sa.Connection,
    width: BucketWidth,
    span: tuple[int, int],
    *,
    after_id: int,
    limit: int,
    kind: SketchKind | None = None,
) -> list[int]:
    """Return the first series behind an id that have sketches of this width, and kind, that begin within a span."""
    where = () if kind is None else (sketches.c.kind == kind,)
    return _with_rows(connection, sketches, width, span, after_id, limit, *where)


def old_counts(
    connection: sa.Connection,
    series_ids: Collection[int],
    width: BucketWidth,
    before: int,
    *,
    limit: int,
) -> dict[Bucket, dict[str, int]]:
    """Return the numbers of buckets of series, by their names."""
    c = counts.c
    query = (
        sa.select(c.series_id, c.start, *(c[name] for name in NUMBERS))
        .where(c.series_id.in_(sa.select(db.IDS.c.id)), c.width == width, c.start < before)
        .order_by(c.series_id, c.start)
        .limit(limit)
    )
    return {
        Bucket(row[0], width, row[1]): dict(zip(NUMBERS, row[2:], strict=True))
        for row in connection.execute(query, db.ids_param(series_ids))
    }


def old_sketches(
    connection: sa.Connection,
    series_ids: Collection[int],
    width: BucketWidth,
    before: int,
    *,
    limit: int,
) -> dict[SketchKey, bytes]:
    """Return encoded sketches of series."""
    c = sketches.c
    query = (
        sa.select(c.series_id, c.start, c.kind, c.encoded)
        .where(c.series_id.in_(sa.select(db.IDS.c.id)), c.width == width, c.start < before)
        .order_by(c.series_id, c.start, db.in_binary_order(c.kind))
        .limit(limit)
    )
    return {
        (Bucket(series_id, width, start), SketchKind(kind)): encoded
        for series_id, start, kind, encoded in connection.execute(query, db.ids_param(series_ids))
    }


def sketches_of(connection: sa.Connection, buckets: Iterable[Bucket]) -> dict[SketchKey, bytes]:
    """Return all encoded sketches of buckets."""
    c = sketches.c
    query = sa.select(c.series_id, c.width, c.start, c.kind, c.encoded).join(
        _BUCKETS,
        sa.and_(
            c.series_id == _BUCKETS.c.series_id,
            c.width == _BUCKETS.c.width,
            c.start == _BUCKETS.c.start,
        ),
    )
    result = connection.execute(query, db.rows_param("buckets", sorted(buckets)))
    return {
        (Bucket(series_id, BucketWidth(width), start), SketchKind(kind)): encoded
        for series_id, width, start, kind, encoded in result
    }


def remove_buckets(
    connection: sa.Connection, table: sa.Table[sa.TypedColumns], buckets: Iterable[Bucket]
) -> None:
    """Delete the counts, or the sketches of all kinds, of buckets."""
    key = sa.tuple_(table.c.series_id, table.c.width, table.c.start)
    statement = sa.delete(table).where(key.in_(sa.select(*_BUCKETS.c)))
    connection.execute(statement, db.rows_param("buckets", sorted(buckets)))


def remove_sketches(connection: sa.Connection, keys: Iterable[SketchKey]) -> None:
    """Delete sketches."""
    key = sa.tuple_(*sketches.primary_key)
    statement = sa.delete(sketches).where(key.in_(sa.select(*_SKETCHES.c)))
    rows = ((*bucket, kind) for bucket, kind in sorted(keys))
    connection.execute(statement, db.rows_param("removed", rows))


def remove_old(
    connection: sa.Connection,
    table: sa.Table[sa.TypedColumns],
    series_ids: Collection[int],
    width: BucketWidth,
    span: tuple[int, int],
    kind: SketchKind | None = None,
) -> int:
    """Delete rows of series that begin within a span. Return their number."""
    statement = sa.delete(table).where(
        table.c.series_id.in_(sa.select(db.IDS.c.id)),
        table.c.width == width,
        table.c.start >= span[0],
        table.c.start < span[1],
    )
    if kind is not None:
        statement = statement.where(table.c.kind == kind)
    return connection.execute(statement, db.ids_param(series_ids)).rowcount


def without_series(connection: sa.Connection, *, limit: int) -> list[int]:
    """Return the first ids of series that were deleted and still have counts.

    It goes from id to id along the key of the counts: a step for each series, not for each row.
    """
    each = sa.select(sa.func.min(counts.c.series_id).label("id")).cte("found", recursive=True)
    following = sa.select(sa.func.min(counts.c.series_id)).where(counts.c.series_id > each.c.id)
    each = each.union_all(
        sa.select(following.correlate(each).scalar_subquery()).where(each.c.id.is_not(None))
    )
    query = (
        sa.select(each.c.id)
        .where(each.c.id.is_not(None), ~sa.exists().where(series.c.id == each.c.id))
        .order_by(each.c.id)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def remove_rows_of(connection: sa.Connection, series_id: int, *, limit: int) -> int:
    """Delete some sketches of a series that does not exist, or counts if it has none. Return their number."""
    for table in (sketches, counts):
        key = sa.tuple_(*table.primary_key)
        batch = sa.select(*table.primary_key).where(table.c.series_id == series_id).limit(limit)
        if number := connection.execute(sa.delete(table).where(key.in_(batch))).rowcount:
            return number
    return 0


def _with_rows(
    connection: sa.Connection,
    table: sa.Table[sa.TypedColumns],
    width: BucketWidth,
    span: tuple[int, int],
    after_id: int,
    limit: int,
    *where: sa.ColumnElement[bool],
) -> list[int]:
    has_rows = sa.exists().where(
        table.c.series_id == series.c.id,
        table.c.width == width,
        table.c.start >= span[0],
        table.c.start < span[1],
        *where,
    )
    query = sa.select(series.c.id).where(series.c.id > after_id, has_rows)
    return list(connection.execute(query.order_by(series.c.id).limit(limit)).scalars())
