"""Buckets become wider as they age, and are deleted in the end (verdict.md 2.2).

Each step handles some series behind an id, in a transaction of its own, and returns the id behind which the next one
goes on, or None after the last. Whatever is added late in between, the sums stay the same: a step adds what it reads to
wider buckets and deletes just that, under the lock of the series.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure import jobs
from shipmark.infrastructure.jobs import JobKind
from shipmark.release_health.buckets import (
    ERRORED_SESSIONS_KEPT,
    HOUR_SKETCHES_KEPT,
    KEPT,
    TEN_MINUTES_KEPT,
    united,
)
from shipmark.release_health.model import DAY, BucketWidth, SketchKind, bucket_start
from shipmark.release_health.store import buckets as bucket_store
from shipmark.release_health.store import compaction as store
from shipmark.release_health.store import series
from shipmark.release_health.store.buckets import SIZES, Bucket, SketchKey
from shipmark.release_health.store.tables import counts, sketches

SERIES_MAX = 50
#: The buckets or sketches that a step reads.
ROWS_MAX = 2000
#: A step: its transaction, the id behind which it begins, and the current time.
Step = Callable[[Connection, int, datetime], int | None]
#: How far behind the limit sets of sessions with errors are looked for: those that are older went before.
_LOOK_BACK_SECONDS = 2 * DAY


def widen_counts(connection: Connection, after_id: int, at: datetime) -> int | None:
    """Make buckets of ten minutes those of hours."""
    before = bucket_start((at - TEN_MINUTES_KEPT).timestamp(), BucketWidth.HOUR)
    width = BucketWidth.TEN_MINUTES
    found = store.with_counts(connection, width, before, after_id=after_id, limit=SERIES_MAX)
    if not found:
        return None
    locked = series.lock(connection, found)
    old = store.old_counts(connection, locked, width, before, limit=ROWS_MAX)
    if old:
        _merge(connection, old)
        store.remove_buckets(connection, counts, old)
        store.remove_buckets(connection, sketches, old)
    return after_id if len(old) == ROWS_MAX else found[-1]


def widen_sketches(connection: Connection, after_id: int, at: datetime) -> int | None:
    """Make sketches of hours those of days. The counts of hours stay, and so do their sizes."""
    before = bucket_start((at - HOUR_SKETCHES_KEPT).timestamp(), BucketWidth.DAY)
    width = BucketWidth.HOUR
    found = store.with_sketches(connection, width, (0, before), after_id=after_id, limit=SERIES_MAX)
    if not found:
        return None
    locked = series.lock(connection, found)
    old = store.old_sketches(connection, locked, width, before, limit=ROWS_MAX)
    if old:
        kept = {key: encoded for key, encoded in old.items() if _is_kept_by_day(key)}
        _unite(connection, kept, BucketWidth.DAY)
        store.remove_sketches(connection, old)
    return after_id if len(old) == ROWS_MAX else found[-1]


def drop_errored_sessions(connection: Connection, after_id: int, at: datetime) -> int | None:
    """Delete the sets of sessions with errors: their numbers are in the counts."""
    # The last session of the hour may be received until then.
    before = int((at - ERRORED_SESSIONS_KEPT).timestamp()) - BucketWidth.HOUR
    span, kind = (before - _LOOK_BACK_SECONDS, before), SketchKind.ERRORED_SESSIONS
    found = store.with_sketches(
        connection, BucketWidth.HOUR, span, after_id=after_id, limit=SERIES_MAX, kind=kind
    )
    if not found:
        return None
    locked = series.lock(connection, found)
    store.remove_old(connection, sketches, locked, BucketWidth.HOUR, span, kind)
    return found[-1]


def drop_old_sketches(connection: Connection, after_id: int, at: datetime) -> int | None:
    """Delete sketches of days that are too old."""
    span = (0, int((at - KEPT).timestamp()))
    found = store.with_sketches(
        connection, BucketWidth.DAY, span, after_id=after_id, limit=SERIES_MAX
    )
    if not found:
        return None
    locked = series.lock(connection, found)
    store.remove_old(connection, sketches, locked, BucketWidth.DAY, span)
    return found[-1]


def drop_old_counts(connection: Connection, after_id: int, at: datetime) -> int | None:
    """Delete counts that are too old."""
    before = int((at - KEPT).timestamp())
    found = store.with_counts(
        connection, BucketWidth.HOUR, before, after_id=after_id, limit=SERIES_MAX
    )
    if not found:
        return None
    locked = series.lock(connection, found)
    store.remove_old(connection, counts, locked, BucketWidth.HOUR, (0, before))
    return found[-1]


def drop_orphans(connection: Connection, _after_id: int, _at: datetime) -> int | None:
    """Delete some rows of a series that was deleted, as with its release or project."""
    found = store.without_series(connection, limit=1)
    if not found:
        return None
    store.remove_rows_of(connection, found[0], limit=ROWS_MAX)
    return 0


#: The steps, in their order: what is widened late is looked at again by those behind.
STEPS: Mapping[str, Step] = {
    "counts.widened": widen_counts,
    "sketches.widened": widen_sketches,
    "errored_sessions.dropped": drop_errored_sessions,
    "sketches.dropped": drop_old_sketches,
    "counts.dropped": drop_old_counts,
    "orphans.dropped": drop_orphans,
}


def _merge(connection: Connection, old: Mapping[Bucket, Mapping[str, int]]) -> None:
    """Add buckets of ten minutes to their hours: sums of sessions, and unions of sets with their sizes."""
    added: dict[Bucket, Counter[str]] = defaultdict(Counter)
    sizes = set(SIZES.values())
    for bucket, numbers in old.items():
        added[_wider(bucket, BucketWidth.HOUR)].update(
            {name: number for name, number in numbers.items() if name not in sizes}
        )
    differences = _unite(connection, store.sketches_of(connection, old), BucketWidth.HOUR)
    for (bucket, kind), difference in differences.items():
        if kind in SIZES:
            added[bucket][SIZES[kind]] += difference
    bucket_store.add_counts(connection, added)


def _unite(
    connection: Connection, narrow: Mapping[SketchKey, bytes], width: BucketWidth
) -> dict[SketchKey, int]:
    """Add sketches to those of wider buckets. Return how much each of these has grown."""
    if not narrow:
        return {}
    groups: dict[SketchKey, list[bytes]] = defaultdict(list)
    for (bucket, kind), encoded in narrow.items():
        groups[_wider(bucket, width), kind].append(encoded)
    known = bucket_store.read_sketches(connection, groups)
    results = {key: united(key[1], known.get(key, b""), encoded) for key, encoded in groups.items()}
    bucket_store.write_sketches(
        connection, {key: result.encoded for key, result in results.items()}
    )
    return {key: result.difference for key, result in results.items()}


def _wider(bucket: Bucket, width: BucketWidth) -> Bucket:
    return Bucket(bucket.series_id, width, bucket_start(bucket.start, width))


def _is_kept_by_day(key: SketchKey) -> bool:
    return key[1] is not SketchKind.ERRORED_SESSIONS


def schedule(connection: Connection, at: datetime) -> None:
    """Schedule the compaction, if anything is counted."""
    if store.is_any(connection):
        jobs.enqueue(connection, JobKind.COMPACT_HEALTH, {}, now=at, key=JobKind.COMPACT_HEALTH)
