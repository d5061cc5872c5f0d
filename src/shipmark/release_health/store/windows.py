"""Shares of sessions and users without a crash in windows of time, any number by one statement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.release_health.model import SketchKind, crash_free
from shipmark.release_health.store.tables import WIDTHS, counts, series, sketches, total_of
from shipmark.release_health.sums import HealthSum

_WINDOWS = db.json_rows(
    "windows",
    number=sa.Integer(),
    project_id=db.Id,
    release_id=db.Id,
    environment_id=db.Id,
    start=sa.BigInteger(),
    end=sa.BigInteger(),
)
_OF_WINDOW = sa.and_(
    series.c.project_id == _WINDOWS.c.project_id,
    series.c.release_id == _WINDOWS.c.release_id,
    sa.or_(_WINDOWS.c.environment_id == 0, series.c.environment_id == _WINDOWS.c.environment_id),
)


def _within(table: sa.Table[sa.TypedColumns]) -> sa.ColumnElement[bool]:
    # A bucket belongs to a window that it overlaps.
    return sa.and_(
        table.c.series_id == series.c.id,
        table.c.width.in_(WIDTHS),
        table.c.start > _WINDOWS.c.start - table.c.width,
        table.c.start < _WINDOWS.c.end,
    )


_SESSIONS = (
    sa.select(_WINDOWS.c.number, total_of(counts.c.crashed), total_of(counts.c.sessions))
    .join(series, _OF_WINDOW)
    .join(counts, _within(counts))
    .group_by(_WINDOWS.c.number)
)
_USERS = (
    sa.select(_WINDOWS.c.number, sketches.c.kind, sketches.c.encoded)
    .join(series, _OF_WINDOW)
    .join(sketches, _within(sketches))
    .where(sketches.c.kind.in_([SketchKind.ALL.value, SketchKind.CRASHED.value]))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A release in a project, in one environment or in all (0), from a moment to another, in seconds since 1970."""

    project_id: int
    release_id: int
    environment_id: int
    start: int
    end: int


def crash_free_sessions(
    connection: sa.Connection, windows: Sequence[Window]
) -> Mapping[int, float]:
    """Return the percent of sessions that did not crash, by the number of the window; without sessions none."""
    rows = connection.execute(_SESSIONS, _parameter(windows))
    shares = {number: crash_free(crashed, sessions) for number, crashed, sessions in rows}
    return {number: share for number, share in shares.items() if share is not None}


def crash_free_users(connection: sa.Connection, windows: Sequence[Window]) -> Mapping[int, float]:
    """Return the percent of users without a crash, by the number of the window; without users none."""
    sums: dict[int, HealthSum] = {}
    for number, kind, encoded in connection.execute(_USERS, _parameter(windows)):
        sums.setdefault(number, HealthSum()).add_sketch(kind, encoded)
    users = {number: total.user_counts for number, total in sums.items()}
    shares = {number: crash_free(each.crashed, each.all) for number, each in users.items()}
    return {number: share for number, share in shares.items() if share is not None}


def _parameter(windows: Sequence[Window]) -> dict[str, str]:
    rows = [
        (number, each.project_id, each.release_id, each.environment_id, each.start, each.end)
        for number, each in enumerate(windows)
    ]
    return db.rows_param("windows", rows)
