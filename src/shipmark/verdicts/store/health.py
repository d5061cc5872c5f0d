"""The buckets of releases that verdicts read: ranges of the primary keys of counts and sketches."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.groups import grouped
from shipmark.infrastructure.row_reader import RowReader
from shipmark.release_health.model import ALL_RELEASES, BucketWidth, SketchKind
from shipmark.release_health.store.tables import counts, series, sketches
from shipmark.releases.store.releases import releases
from shipmark.verdicts.hours import Bucket, BucketSketch, Health
from shipmark.verdicts.model import Stream, hour_of

#: Releases of an environment that are compared by their sessions, those with the last sessions.
SERIES_MAX = 30
_HOURLY = (BucketWidth.TEN_MINUTES.value, BucketWidth.HOUR.value)
_BAD = (SketchKind.CRASHED.value, SketchKind.NEW_ISSUE.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthRange:
    """A time of a release in an environment of a project, in seconds since 1970. ``number`` identifies it."""

    number: int
    project_id: int
    environment_id: int
    release_id: int
    start: int
    end: int


def range_of(stream: Stream, number: int, release_id: int, start: int, end: int) -> HealthRange:
    """Return a time of a release where a stream is."""
    return HealthRange(
        number=number,
        project_id=stream.project_id,
        environment_id=stream.environment_id,
        release_id=release_id,
        start=start,
        end=end,
    )


_RANGES = db.json_rows(
    "ranges",
    number=sa.Integer(),
    project_id=db.Id,
    environment_id=db.Id,
    release_id=db.Id,
    start=sa.BigInteger(),
    end=sa.BigInteger(),
)
_of_ranges = _RANGES.join(
    series,
    sa.and_(
        series.c.project_id == _RANGES.c.project_id,
        series.c.release_id == _RANGES.c.release_id,
        series.c.environment_id == _RANGES.c.environment_id,
    ),
)
_BUCKET = RowReader(Bucket, counts)
_BUCKETS = _BUCKET.select(series.c.first_start, _RANGES.c.number).select_from(
    _of_ranges.join(
        counts,
        sa.and_(
            counts.c.series_id == series.c.id,
            counts.c.width.in_(_HOURLY),
            counts.c.start >= _RANGES.c.start,
            counts.c.start < _RANGES.c.end,
        ),
    )
)
_SKETCH = RowReader(BucketSketch, sketches, kind=SketchKind)
_SKETCHES = _SKETCH.select(_RANGES.c.number).select_from(
    _of_ranges.join(
        sketches,
        sa.and_(
            sketches.c.series_id == series.c.id,
            sketches.c.width.in_([width.value for width in BucketWidth]),
            sketches.c.start >= _RANGES.c.start,
            sketches.c.start < _RANGES.c.end,
            sa.or_(
                sketches.c.kind.in_(_BAD),
                # Users of hours are counted; those of ten minutes are united here.
                sa.and_(
                    sketches.c.kind == SketchKind.ALL.value,
                    sketches.c.width == BucketWidth.TEN_MINUTES.value,
                ),
            ),
        ),
    )
)
_LAST_USED = (
    sa.select(series.c.id, series.c.release_id, series.c.first_start)
    .where(
        series.c.project_id == sa.bindparam("project_id", type_=db.Id),
        series.c.environment_id == sa.bindparam("environment_id", type_=db.Id),
        series.c.release_id != ALL_RELEASES,
        series.c.last_start >= sa.bindparam("start", type_=sa.BigInteger),
    )
    .order_by(series.c.last_start.desc(), series.c.id.desc())
    .limit(SERIES_MAX)
    .subquery("newest")
)
_in_range = sa.and_(
    counts.c.series_id == _LAST_USED.c.id,
    counts.c.width.in_(_HOURLY),
    counts.c.start >= sa.bindparam("start", type_=sa.BigInteger),
    counts.c.start < sa.bindparam("end", type_=sa.BigInteger),
)
_SESSIONS = sa.select(_LAST_USED.c.release_id, counts.c.start, counts.c.sessions).join(
    counts, _in_range
)
_MOST_USED = (
    sa.select(_LAST_USED.c.release_id, _LAST_USED.c.first_start, sa.func.sum(counts.c.sessions))
    .join(counts, _in_range)
    .group_by(_LAST_USED.c.release_id, _LAST_USED.c.first_start)
)
_FIRST_STARTS = (
    sa.select(releases.c.id, releases.c.version, series.c.first_start)
    .join(db.IDS, db.IDS.c.id == releases.c.id)
    .outerjoin(
        series,
        sa.and_(
            series.c.release_id == releases.c.id,
            series.c.project_id == sa.bindparam("project_id", type_=db.Id),
            series.c.environment_id == sa.bindparam("environment_id", type_=db.Id),
        ),
    )
)


def read(connection: sa.Connection, ranges: Collection[HealthRange]) -> dict[int, Health]:
    """Return the buckets of each range, from the hour in which it starts; by two statements."""
    health: dict[int, Health] = {each.number: Health([], []) for each in ranges}
    if not ranges:
        return health
    buckets: dict[int, list[Bucket]] = {each.number: [] for each in ranges}
    users: dict[int, list[BucketSketch]] = {each.number: [] for each in ranges}
    parameters = db.rows_param("ranges", map(_row, ranges))
    first_starts: dict[int, int] = {}
    for row in connection.execute(_BUCKETS, parameters):
        *_, first_start, number = row
        buckets[number].append(_BUCKET(row))
        first_starts[number] = first_start
    for row in connection.execute(_SKETCHES, parameters):
        users[row[-1]].append(_SKETCH(row))
    return {
        number: Health(buckets[number], users[number], first_starts.get(number))
        for number in health
    }


def sessions_by_hour(
    connection: sa.Connection, lane: tuple[int, int], start: int, end: int
) -> dict[int, dict[int, int]]:
    """Return the sessions of the last used releases of an environment of a project, by release and hour."""
    parameters = {"project_id": lane[0], "environment_id": lane[1], "start": start, "end": end}
    sessions: dict[int, dict[int, int]] = {}
    for release_id, bucket_start, number in connection.execute(_SESSIONS, parameters):
        hours = sessions.setdefault(release_id, {})
        hour = hour_of(bucket_start)
        hours[hour] = hours.get(hour, 0) + number
    return sessions


def replaced_by_sessions(
    connection: sa.Connection, streams: Iterable[Stream], start: int, end: int
) -> set[int]:
    """Return the series of streams of which a release that began later has more sessions in this time.

    By a statement for each environment of a project.
    """
    by_lane = grouped((stream.lane, stream) for stream in streams)
    replaced = set()
    for (project_id, environment_id), of_lane in by_lane.items():
        parameters = {"project_id": project_id, "environment_id": environment_id}
        rows = connection.execute(_MOST_USED, parameters | {"start": start, "end": end}).all()
        sessions = {release_id: number for release_id, _, number in rows}
        for stream in of_lane:
            own = sessions.get(stream.release_id, 0)
            if any(first > stream.start and number > own for _, first, number in rows):
                replaced.add(stream.series_id)
    return replaced


def first_starts(
    connection: sa.Connection, lane: tuple[int, int], release_ids: Iterable[int]
) -> Mapping[int, tuple[str, int | None]]:
    """Return the version of each release, and its first session in an environment of a project, if any."""
    parameters: dict[str, object] = {"project_id": lane[0], "environment_id": lane[1]}
    rows = connection.execute(_FIRST_STARTS, parameters | db.ids_param(release_ids))
    return {release_id: (version, start) for release_id, version, start in rows}


def _row(of: HealthRange) -> tuple[int, ...]:
    key = (of.number, of.project_id, of.environment_id, of.release_id)
    return (*key, hour_of(of.start), of.end)
