"""Reading of buckets: of pairs of project and release, with the users that are in them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.projects.store.projects import projects
from shipmark.release_health.model import ALL_RELEASES, SessionCounts
from shipmark.release_health.standings import STANDING_KINDS, SeriesBucket
from shipmark.release_health.store.tables import SESSION_COUNTS, WIDTHS, counts, series, sketches

#: A project and a release; `ALL_RELEASES` stands for all of the project.
Pair = tuple[int, int]

#: Pairs that come with a statement, and the condition that a series is of one of them.
PAIRS = db.json_rows("pairs", project_id=db.Id, release_id=db.Id)
OF_PAIRS = sa.and_(
    series.c.project_id == PAIRS.c.project_id, series.c.release_id == PAIRS.c.release_id
)
_SERIES = sa.select(
    series.c.id,
    series.c.project_id,
    series.c.release_id,
    series.c.environment_id,
    series.c.changed_at,
).join(PAIRS, OF_PAIRS)
_since = sa.bindparam("since", type_=sa.BigInteger())
# A range of the key for each width.
_BUCKETS = (
    sa.select(counts.c.series_id, counts.c.width, counts.c.start, *SESSION_COUNTS)
    .join(db.IDS, db.IDS.c.id == counts.c.series_id)
    .where(counts.c.width.in_(WIDTHS), counts.c.start > _since - counts.c.width)
)
_SKETCHES = (
    sa.select(
        sketches.c.series_id,
        sketches.c.width,
        sketches.c.start,
        sketches.c.kind,
        sketches.c.encoded,
    )
    .join(db.IDS, db.IDS.c.id == sketches.c.series_id)
    .where(
        sketches.c.width.in_(WIDTHS),
        sketches.c.start > _since - sketches.c.width,
        sketches.c.kind.in_([kind.value for kind in STANDING_KINDS]),
    )
)
_BOUNDS = (
    sa.select(
        series.c.project_id,
        series.c.release_id,
        sa.func.min(series.c.first_start),
        sa.func.max(series.c.last_start),
    )
    .join(PAIRS, OF_PAIRS)
    # A series that only events have added to has had none.
    .where(series.c.last_start > 0)
    .group_by(series.c.project_id, series.c.release_id)
)


_USED = (
    sa.select(projects.c.organization_id, sa.func.count())
    .join(db.IDS, db.IDS.c.id == projects.c.organization_id)
    .where(
        sa.exists().where(
            series.c.project_id == projects.c.id,
            series.c.release_id == ALL_RELEASES,
            series.c.last_start > 0,
        )
    )
    .group_by(projects.c.organization_id)
)


class SeriesRow(NamedTuple):
    """A series, and when its counts changed, if its standings do not have that yet."""

    id: int
    project_id: int
    release_id: int
    environment_id: int
    changed_at: datetime | None

    @property
    def pair(self) -> Pair:
        """Return the project and release."""
        return self.project_id, self.release_id


class Bounds(NamedTuple):
    """The starts of the first and last bucket that a release has ever had in a project."""

    first: int
    last: int


def series_of(connection: sa.Connection, pairs: Collection[Pair]) -> list[SeriesRow]:
    """Return the series of pairs in all environments."""
    if not pairs:
        return []
    rows = connection.execute(_SERIES, db.rows_param("pairs", sorted(pairs)))
    return [SeriesRow(*row) for row in rows]


def buckets_of(
    connection: sa.Connection, members: Collection[SeriesRow], since: int
) -> dict[Pair, list[SeriesBucket]]:
    """Return the buckets of series that end after a moment, by project and release; two statements."""
    if not members:
        return {}
    by_id = {each.id: each for each in members}
    parameters = db.ids_param(by_id) | {"since": since}
    users: dict[tuple[int, int, int], dict[str, bytes]] = {}
    for *key, kind, encoded in connection.execute(_SKETCHES, parameters):
        users.setdefault((key[0], key[1], key[2]), {})[kind] = encoded
    found = {
        (row[0], row[1], row[2]): SessionCounts(*row[3:])
        for row in connection.execute(_BUCKETS, parameters)
    }
    buckets: dict[Pair, list[SeriesBucket]] = {}
    # A series of hours may have sketches of whole days, and so users in buckets without counts.
    for series_id, width, start in found.keys() | users.keys():
        bucket = SeriesBucket(
            environment_id=by_id[series_id].environment_id,
            start=start,
            width=width,
            counts=found.get((series_id, width, start), SessionCounts()),
            users=users.get((series_id, width, start), {}),
        )
        buckets.setdefault(by_id[series_id].pair, []).append(bucket)
    return buckets


def bounds_of(connection: sa.Connection, pairs: Collection[Pair]) -> Mapping[Pair, Bounds]:
    """Return the first and last buckets of pairs that have had sessions."""
    if not pairs:
        return {}
    rows = connection.execute(_BOUNDS, db.rows_param("pairs", sorted(pairs)))
    return {(row[0], row[1]): Bounds(row[2], row[3]) for row in rows}


def count_used_projects(
    connection: sa.Connection, organization_ids: Collection[int]
) -> dict[int, int]:
    """Return the number of projects with sessions, by organization; an index lookup for each project."""
    rows = connection.execute(_USED, db.ids_param(organization_ids))
    return {organization_id: number for organization_id, number in rows}


def project_pair(project_id: int) -> Pair:
    """Return the pair that stands for all releases of a project."""
    return project_id, ALL_RELEASES
