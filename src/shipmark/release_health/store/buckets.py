"""Counts and sketches of buckets, read and written in any number by one statement each.

The caller has locked the series, so that no other transaction writes a sketch between its reading and its writing.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.release_health.model import BucketWidth, SketchKind
from shipmark.release_health.store.tables import counts, sketches


class Bucket(NamedTuple):
    """A bucket of a series."""

    series_id: int
    width: BucketWidth
    start: int


#: A sketch of a bucket.
SketchKey = tuple[Bucket, SketchKind]
_BUCKET = ("series_id", "width", "start")
#: The numbers of a bucket, in the order of their columns.
NUMBERS = tuple(column.name for column in counts.c if column.name not in _BUCKET)
#: The number that is the size of a set.
SIZES: Mapping[SketchKind, str] = {
    SketchKind.ERRORED_SESSIONS: "errored_sids",
    SketchKind.ALL: "users",
    SketchKind.ERRORED: "users_errored",
    SketchKind.CRASHED: "users_crashed",
    SketchKind.ABNORMAL: "users_abnormal",
    SketchKind.ANR: "users_anr",
    SketchKind.ANR_FOREGROUND: "users_anr_foreground",
    SketchKind.NEW_ISSUE: "users_new_issue",
}
_INSERT_COUNTS = insert_rows(counts, "added", (*_BUCKET, *NUMBERS), order_by=_BUCKET)
_ADD_COUNTS = _INSERT_COUNTS.on_conflict_do_update(
    index_elements=_BUCKET,
    set_={name: counts.c[name] + _INSERT_COUNTS.excluded[name] for name in NUMBERS},
)
_TOUCHED = db.json_rows(
    "touched", series_id=db.Id, width=sa.Integer(), start=sa.BigInteger(), kind=sa.Text()
)
_c = sketches.c
_READ = sa.select(_c.series_id, _c.width, _c.start, _c.kind, _c.encoded).join(
    _TOUCHED,
    sa.and_(
        _c.series_id == _TOUCHED.c.series_id,
        _c.width == _TOUCHED.c.width,
        _c.start == _TOUCHED.c.start,
        _c.kind == _TOUCHED.c.kind,
    ),
)
_INSERT_SKETCHES = db.upsert(sketches)
_WRITE = _INSERT_SKETCHES.on_conflict_do_update(
    index_elements=[*_BUCKET, "kind"], set_={"encoded": _INSERT_SKETCHES.excluded.encoded}
)


def add_counts(connection: sa.Connection, added: Mapping[Bucket, Mapping[str, int]]) -> None:
    """Add to the numbers of buckets, given by their names."""
    rows = [
        (*bucket, *(numbers.get(name, 0) for name in NUMBERS))
        for bucket, numbers in sorted(added.items())
    ]
    connection.execute(_ADD_COUNTS, db.rows_param("added", rows))


def read_sketches(
    connection: sa.Connection, touched: Collection[SketchKey]
) -> dict[SketchKey, bytes]:
    """Return the encoded sketches that exist of these."""
    rows = ((*bucket, kind) for bucket, kind in sorted(touched))
    result = connection.execute(_READ, db.rows_param("touched", rows))
    return {
        (Bucket(series_id, BucketWidth(width), start), SketchKind(kind)): encoded
        for series_id, width, start, kind, encoded in result
    }


def write_sketches(connection: sa.Connection, changed: Mapping[SketchKey, bytes]) -> None:
    """Insert or replace sketches."""
    rows: Sequence[dict[str, object]] = [
        {**bucket._asdict(), "kind": kind, "encoded": encoded}
        for (bucket, kind), encoded in sorted(changed.items())
    ]
    connection.execute(_WRITE, rows)
