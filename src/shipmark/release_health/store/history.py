"""The history of releases: how many sessions or users there were in each bucket of a period."""

from collections.abc import Collection
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
    source = sketches if counts_users else counts
    start = source.c.start // period.bucket * period.bucket
    value: sa.ColumnElement[Any] = sketches.c.encoded
    if not counts_users:
        value = total_of(counts.c.sessions)
    query = (
        sa.select(series.c.project_id, series.c.release_id, start.label("bucket"), value)
        .join(_PAIRS, _OF_PAIRS)
        .join(source, source.c.series_id == series.c.id)
        .where(source.c.width.in_(_WIDTHS), source.c.start >= period.starts(at)[0])
    )
    if counts_users:
        query = query.where(sketches.c.kind == SketchKind.ALL.value)
    else:
        query = query.group_by(series.c.project_id, series.c.release_id, sa.text("bucket"))
    if environment_ids is not None:
        query = query.where(series.c.environment_id.in_(list(environment_ids)))
    rows = connection.execute(query, db.rows_param("pairs", sorted(pairs)))
    found: dict[Pair, dict[int, Any]] = {}
    for project_id, release_id, bucket, content in rows:
        of_pair = found.setdefault((project_id, release_id), {})
        if counts_users:
            of_pair.setdefault(bucket, []).append(content)
        else:
            of_pair[bucket] = content
    if not counts_users:
        return found
    # Users of several buckets and environments are counted once.
    return {
        pair: {bucket: len(union(encoded)) for bucket, encoded in of_pair.items()}
        for pair, of_pair in found.items()
    }
