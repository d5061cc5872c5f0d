"""The history of releases: how many sessions or users there were in each bucket of a period."""

from collections.abc import Collection
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.release_health.model import BucketWidth, SketchKind
from shipmark.release_health.periods import Period
from shipmark.release_health.sketches import union
from shipmark.release_health.store.pair_buckets import Pair
from shipmark.release_health.store.tables import counts, series, sketches, total_of

_PAIRS = db.json_rows("pairs", project_id=db.Id, release_id=db.Id)
_OF_PAIRS = sa.and_(
    series.c.project_id == _PAIRS.c.project_id, series.c.release_id == _PAIRS.c.release_id
)
_WIDTHS = tuple(width.value for width in BucketWidth)


def numbers(
    connection: sa.Connection,
    pairs: Collection[Pair],
    period: Period,
    at: float,
    *,
    environment_ids: Collection[int] | None,
    counts_users: bool,
) -> dict[Pair, dict[int, int]]:
    """Return the numbers of sessions, or of distinct users, by pair and start of a bucket; none where it is 0."""
    if not pairs:
        return {}
    query = _statement(period.bucket, counts_users, environment_ids is not None)
    parameters: dict[str, object] = {"since": period.starts(at)[0]}
    if environment_ids is not None:
        parameters["environment_ids"] = list(environment_ids)
    # All at once: one by one, SQLite's driver takes as long again for a page's 2,400 rows.
    rows = connection.execute(query, parameters | db.rows_param("pairs", sorted(pairs))).all()
    found: dict[Pair, dict[int, Any]] = {}
    if not counts_users:
        for project_id, release_id, bucket, number in rows:
            found.setdefault((project_id, release_id), {})[bucket] = number
        return found
    for project_id, release_id, bucket, encoded in rows:
        of_pair = found.setdefault((project_id, release_id), {})
        of_pair.setdefault(bucket, []).append(encoded)
    # Users of several buckets and environments are counted once.
    return {
        pair: {bucket: len(union(encoded)) for bucket, encoded in of_pair.items()}
        for pair, of_pair in found.items()
    }


@lru_cache(32)
def _statement(length: int, counts_users: bool, in_environments: bool) -> sa.Select[Any]:  # a key
    """Return the statement for buckets of a length; composing it takes as long as running it."""
    source = sketches if counts_users else counts
    bucket = (source.c.start // length * length).label("bucket")
    value = sketches.c.encoded if counts_users else total_of(counts.c.sessions)
    columns: list[sa.ColumnElement[Any]] = [series.c.project_id, series.c.release_id, bucket, value]
    query = (
        sa.select(*columns)
        .join(_PAIRS, _OF_PAIRS)
        .join(source, source.c.series_id == series.c.id)
        .where(
            source.c.width.in_(_WIDTHS),
            source.c.start >= sa.bindparam("since", type_=sa.BigInteger()),
        )
    )
    if counts_users:
        query = query.where(sketches.c.kind == SketchKind.ALL.value)
    else:
        query = query.group_by(series.c.project_id, series.c.release_id, sa.text("bucket"))
    if in_environments:
        ids = sa.bindparam("environment_ids", type_=db.Id, expanding=True)
        query = query.where(series.c.environment_id.in_(ids))
    return query
