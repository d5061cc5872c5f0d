"""Sums of sessions by project, release, environment and interval: what questions about sessions are answered from."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.projects.store.environments import environments
from shipmark.release_health.model import ALL_RELEASES, BucketWidth, SessionCounts, SketchKind
from shipmark.release_health.store.tables import (
    SESSION_COUNTS,
    WIDTHS,
    counts,
    series,
    sketches,
    total_of,
)
from shipmark.release_health.sums import USER_KINDS
from shipmark.releases.store.releases import releases


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """What a series is about; the version is empty for all releases together."""

    project_id: int
    release_id: int
    version: str
    environment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The series and the time to look at, in seconds since 1970: ``end`` is not part of it.

    Without ``environment_ids`` all environments count, without ``release_ids`` all releases: those together, or, if
    ``by_release``, each by itself.
    """

    project_ids: Collection[int]
    start: int
    end: int
    interval: int
    environment_ids: Collection[int] | None = None
    release_ids: Collection[int] | None = None
    by_release: bool = False


def keys_of(connection: sa.Connection, selection: Selection) -> dict[int, SeriesKey]:
    """Return the series with sessions in the time, by id."""
    query = (
        sa.select(
            series.c.id,
            series.c.project_id,
            series.c.release_id,
            sa.func.coalesce(releases.c.version, ""),
            environments.c.name,
        )
        .join(environments, environments.c.id == series.c.environment_id)
        .outerjoin(releases, releases.c.id == series.c.release_id)
        .where(
            series.c.project_id.in_(list(selection.project_ids)),
            series.c.last_start > selection.start - BucketWidth.DAY,
            series.c.first_start < selection.end,
        )
    )
    if selection.release_ids is not None:
        query = query.where(series.c.release_id.in_(list(selection.release_ids)))
    elif selection.by_release:
        query = query.where(series.c.release_id != ALL_RELEASES)
    else:
        query = query.where(series.c.release_id == ALL_RELEASES)
    if selection.environment_ids is not None:
        query = query.where(series.c.environment_id.in_(list(selection.environment_ids)))
    return {row[0]: SeriesKey(*row[1:]) for row in connection.execute(query)}


def counts_of(
    connection: sa.Connection, series_ids: Collection[int], selection: Selection
) -> dict[tuple[int, int], SessionCounts]:
    """Return the numbers of sessions by series and start of the interval."""
    bucket = _bucket(counts, selection)
    sums = map(total_of, SESSION_COUNTS)
    query = (
        sa.select(counts.c.series_id, bucket, *sums)
        .join(db.IDS, db.IDS.c.id == counts.c.series_id)
        .where(*_in_time(counts, selection))
        .group_by(counts.c.series_id, sa.text("bucket"))
    )
    rows = connection.execute(query, db.ids_param(series_ids))
    return {(series_id, start): SessionCounts(*numbers) for series_id, start, *numbers in rows}


def sessions_by_project(connection: sa.Connection, selection: Selection) -> dict[int, int]:
    """Return the number of sessions in the time, by project; projects without any are left out."""
    keys = keys_of(connection, selection)
    totals = Counter[int]()
    for (series_id, _), numbers in counts_of(connection, keys, selection).items():
        totals[keys[series_id].project_id] += numbers.sessions
    return {project_id: total for project_id, total in totals.items() if total}


def sketches_of(
    connection: sa.Connection,
    series_ids: Collection[int],
    selection: Selection,
    *,
    users: bool,
    durations: bool,
) -> list[tuple[int, int, str, bytes]]:
    """Return the sketches with users or durations: series, start of the interval, kind, content."""
    kinds = [kind.value for kind in USER_KINDS if users]
    if durations:
        kinds.append(SketchKind.DURATIONS.value)
    if not kinds:
        return []
    bucket = _bucket(sketches, selection)
    query = (
        sa.select(sketches.c.series_id, bucket, sketches.c.kind, sketches.c.encoded)
        .join(db.IDS, db.IDS.c.id == sketches.c.series_id)
        .where(*_in_time(sketches, selection), sketches.c.kind.in_(kinds))
    )
    rows = connection.execute(query, db.ids_param(series_ids))
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def _bucket(table: sa.Table[sa.TypedColumns], selection: Selection) -> sa.Label[int]:
    """Return the start of the interval. Wider buckets than it are in the interval that they begin in."""
    # Intervals divide a day, and so are aligned to the beginning of 1970.
    bucket = table.c.start // selection.interval * selection.interval
    # A bucket of hours or a day may have begun before the first interval.
    return sa.case((bucket < selection.start, selection.start), else_=bucket).label("bucket")


def _in_time(
    table: sa.Table[sa.TypedColumns], selection: Selection
) -> list[sa.ColumnElement[bool]]:
    return [
        table.c.width.in_(WIDTHS),
        # Of the type of the width a moment before 1901 or after 2038 would be no number for PostgreSQL.
        table.c.start > sa.literal(selection.start, sa.BigInteger()) - table.c.width,
        table.c.start < selection.end,
    ]
