"""The table of standings, by which lists are ordered, and what has to be computed again."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.release_health.periods import ADOPTION_HOURS
from shipmark.release_health.standings import Standing, StandingTotals
from shipmark.release_health.store.pair_buckets import Pair, SeriesRow
from shipmark.release_health.store.tables import series


class HealthStandingColumns(sa.TypedColumns):
    """What the sessions of a release, or of all (0), come to in the last hours, in an environment or in all (0).

    Only where there are any. ``due_at`` is when a bucket leaves the period. What is 0 has no foreign key: rows are
    deleted with their release by `releases/actions.py: remove`.
    """

    release_id = sa.Column(db.Id, primary_key=True, autoincrement=False)
    project_id = parent("projects", primary_key=True, index=True)
    environment_id = sa.Column(db.Id, primary_key=True, autoincrement=False)
    hours = sa.Column(sa.Integer, primary_key=True, autoincrement=False)
    organization_id = parent("organizations")
    sessions = sa.Column(sa.BigInteger, nullable=False)
    crashed = sa.Column(sa.BigInteger, nullable=False)
    errored = sa.Column(sa.BigInteger, nullable=False)
    abnormal = sa.Column(sa.BigInteger, nullable=False)
    users = sa.Column(sa.BigInteger, nullable=False)
    users_crashed = sa.Column(sa.BigInteger, nullable=False)
    users_errored = sa.Column(sa.BigInteger, nullable=False)
    crash_rate_sessions = sa.Column(sa.Double)
    crash_rate_users = sa.Column(sa.Double)
    due_at = sa.Column(sa.BigInteger, nullable=False)
    # Where `hours` is 24. An older node, which does not know the column, leaves NULL or hours of before there.
    sessions_by_hour = sa.Column(sa.Text)


#: The columns that lists are ordered by.
SORT_COLUMNS = ("sessions", "users", "crash_rate_sessions", "crash_rate_users")
standings = table(
    "health_standings",
    HealthStandingColumns,
    *(
        sa.Index(
            f"ix_health_standings_{column}",
            "organization_id",
            "environment_id",
            "hours",
            column,
            "release_id",
            "project_id",
        )
        for column in SORT_COLUMNS
    ),
    sa.Index("ix_health_standings_due_at", "due_at"),
)
_COLUMNS = tuple(
    column.name for column in standings.c if column.name not in {"organization_id", "project_id"}
)
_INSERT = insert_rows(
    standings,
    "computed",
    ("project_id", "organization_id", *_COLUMNS),
    order_by=("project_id", "release_id", "environment_id", "hours"),
)
_KEY = ["release_id", "project_id", "environment_id", "hours"]
_UPSERT = _INSERT.on_conflict_do_update(
    index_elements=_KEY,
    set_={
        column.name: _INSERT.excluded[column.name]
        for column in standings.c
        if column.name not in _KEY
    },
)
_PAIRS = db.json_rows("pairs", project_id=db.Id, release_id=db.Id)
_KEPT = db.json_rows(
    "kept", project_id=db.Id, release_id=db.Id, environment_id=db.Id, hours=sa.Integer()
)
# Rows compared as tuples: with EXISTS, SQLite would read the whole table.
_REMOVE_OTHERS = sa.delete(standings).where(
    sa.tuple_(standings.c.release_id, standings.c.project_id).in_(
        sa.select(_PAIRS.c.release_id, _PAIRS.c.project_id)
    ),
    sa.tuple_(*(standings.c[name] for name in _KEY)).not_in(
        sa.select(*(_KEPT.c[name] for name in _KEY))
    ),
)
_SEEN = db.json_rows("seen", series_id=db.Id, changed_at=db.UtcDateTime())
_MARK_CURRENT = (
    sa.update(series)
    # What changed meanwhile is not in the standings.
    .where(
        sa.tuple_(series.c.id, series.c.changed_at).in_(
            sa.select(_SEEN.c.series_id, _SEEN.c.changed_at)
        )
    )
    .values(changed_at=None)
)
_CHANGED = (
    sa.select(series.c.id)
    .where(
        series.c.changed_at >= sa.bindparam("since", type_=db.UtcDateTime()),
        # Not by the index of projects, which SQLite would take: it has all series. Few have changed just now.
        (series.c.project_id + 0).in_(sa.bindparam("project_ids", type_=db.Id, expanding=True)),
    )
    .limit(1)
)
_STANDING = RowReader(Standing, standings)


def _of_pair(table: sa.FromClause, hours: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Return the condition that a row of an alias is the standing of one of `_PAIRS` in an environment, or in all."""
    return sa.and_(
        table.c.project_id == _PAIRS.c.project_id,
        table.c.release_id == _PAIRS.c.release_id,
        table.c.environment_id == sa.bindparam("environment_id", type_=db.Id),
        table.c.hours == hours,
    )


_SUMMARY, _DAY = standings.alias("summary"), standings.alias("day")
_SHOWN = (
    sa.select(
        _PAIRS.c.project_id,
        _PAIRS.c.release_id,
        *(alias.c[name] for alias in (_SUMMARY, _DAY) for name in StandingTotals._fields),
    )
    .select_from(_PAIRS)
    .outerjoin(_SUMMARY, _of_pair(_SUMMARY, sa.bindparam("hours", type_=sa.Integer())))
    .outerjoin(_DAY, _of_pair(_DAY, sa.literal_column(str(ADOPTION_HOURS))))
)
_SUMMARY_PART = slice(2, 2 + len(StandingTotals._fields))
_DAY_PART = slice(_SUMMARY_PART.stop, _SUMMARY_PART.stop + len(StandingTotals._fields))
_PLACES = db.json_rows("places", project_id=db.Id, release_id=db.Id, environment_id=db.Id)
_OF_PLACES = sa.and_(
    standings.c.project_id == _PLACES.c.project_id,
    standings.c.release_id == _PLACES.c.release_id,
    standings.c.environment_id == _PLACES.c.environment_id,
)


def due_pairs(connection: sa.Connection, at: datetime, limit: int) -> list[Pair]:
    """Return pairs whose counts have changed since their standings, and then those that a bucket leaves now."""
    c = series.c
    changed = (
        sa.select(c.project_id, c.release_id, c.changed_at)
        .where(c.changed_at.is_not(None))
        .order_by(c.changed_at, c.id)
        .limit(limit)
    )
    pairs = dict.fromkeys((row[0], row[1]) for row in connection.execute(changed))
    due = (
        sa.select(standings.c.project_id, standings.c.release_id)
        .where(standings.c.due_at <= int(at.timestamp()))
        .order_by(standings.c.due_at)
        .limit(limit)
    )
    pairs |= dict.fromkeys((row[0], row[1]) for row in connection.execute(due))
    return list(pairs)[:limit]


def is_any_changed(
    connection: sa.Connection, project_ids: Collection[int], since: datetime
) -> bool:
    """Return True if counts of these projects have changed after a moment and standings do not have it yet."""
    parameters = {"since": since, "project_ids": list(project_ids)}
    return connection.execute(_CHANGED, parameters).first() is not None


def replace(
    connection: sa.Connection,
    pairs: Collection[Pair],
    computed: Sequence[Standing],
    members: Collection[SeriesRow],
    organization_ids: Mapping[int, int],
) -> None:
    """Replace all standings of pairs by those that were computed from their series."""
    parameters = db.rows_param("pairs", sorted(pairs))
    keys = [(s.project_id, s.release_id, s.environment_id, s.hours) for s in computed]
    connection.execute(_REMOVE_OTHERS, parameters | db.rows_param("kept", keys))
    rows = [
        (s.project_id, organization_ids[s.project_id], *(getattr(s, name) for name in _COLUMNS))
        for s in sorted(computed, key=lambda s: (s.project_id, s.release_id, s.environment_id))
    ]
    if rows:
        connection.execute(_UPSERT, db.rows_param("computed", rows))
    seen = [(member.id, member.changed_at) for member in members if member.changed_at]
    connection.execute(_MARK_CURRENT, db.rows_param("seen", seen))


class PairStandings(NamedTuple):
    """What the sessions of a pair come to in a period and in the last day; None without any."""

    summary: StandingTotals | None = None
    day: StandingTotals | None = None


def of_pairs(
    connection: sa.Connection, pairs: Collection[Pair], environment_id: int, hours: int
) -> dict[Pair, PairStandings]:
    """Return the standings of pairs in an environment, or in all (0), of a period and of the last day."""
    parameters: dict[str, object] = {"environment_id": environment_id, "hours": hours}
    rows = connection.execute(_SHOWN, parameters | db.rows_param("pairs", sorted(pairs))).all()
    return {
        (row[0], row[1]): PairStandings(_totals(row[_SUMMARY_PART]), _totals(row[_DAY_PART]))
        for row in rows
    }


def _totals(columns: Sequence[object]) -> StandingTotals | None:
    return None if columns[0] is None else StandingTotals._make(columns)


def of_environments(
    connection: sa.Connection, places: Collection[tuple[int, int, int]], hours: int
) -> dict[tuple[int, int, int], Standing]:
    """Return the standings of releases in environments, by project, release and environment (0 for all)."""
    if not places:
        return {}
    query = _STANDING.select().join(_PLACES, _OF_PLACES).where(standings.c.hours == hours)
    found = _STANDING.all(connection, query, db.rows_param("places", sorted(places)))
    return {(each.project_id, each.release_id, each.environment_id): each for each in found}


def remove_of_releases(connection: sa.Connection, release_ids: Collection[int]) -> None:
    """Delete the standings of releases."""
    statement = sa.delete(standings).where(standings.c.release_id.in_(sa.select(db.IDS.c.id)))
    connection.execute(statement, db.ids_param(release_ids))
