"""The tables of release health. Moments are seconds since 1970, as buckets are arithmetic."""

from dataclasses import fields

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.schema import parent, table
from shipmark.release_health.model import BucketWidth, SessionCounts


class HealthSeriesColumns(sa.TypedColumns):
    """A release in an environment of a project, or all of its releases there (``release_id`` 0), with sessions.

    ``first_start`` and ``last_start`` are those of the first and last bucket ever with sessions; a series that only
    events of new issues add to has none: its range is empty, with ``last_start`` 0. ``changed_at`` is when counts last
    changed, until standings have it.
    """

    id = sa.Column(db.Id, primary_key=True)
    organization_id = parent("organizations", index=True)
    project_id = parent("projects")
    environment_id = parent("environments", index=True)
    # No foreign key: 0 is no release. Rows of a release are deleted with it by `releases/actions.py: remove`.
    release_id = sa.Column(db.Id, nullable=False)
    first_start = sa.Column(sa.BigInteger, nullable=False)
    last_start = sa.Column(sa.BigInteger, nullable=False)
    changed_at = sa.Column(db.UtcDateTime)


series = table(
    "health_series",
    HealthSeriesColumns,
    sa.UniqueConstraint("project_id", "release_id", "environment_id"),
    sa.Index("ix_health_series_release_id", "release_id", "project_id"),
    sa.Index("ix_health_series_last_start", "last_start", "id"),
    sa.Index("ix_health_series_last_used", "project_id", "environment_id", "last_start", "id"),
)
_is_changed = series.c.changed_at.is_not(None)
sa.Index(
    "ix_health_series_changed_at",
    series.c.changed_at,
    series.c.id,
    sqlite_where=_is_changed,
    postgresql_where=_is_changed,
)


class HealthCountColumns(sa.TypedColumns):
    """Numbers of a bucket. Those of sessions may be added; users are distinct within the bucket.

    Mass rows without foreign keys: they are deleted with their series.
    """

    series_id = sa.Column(db.Id, primary_key=True, autoincrement=False)
    width = sa.Column(sa.Integer, primary_key=True, autoincrement=False)
    start = sa.Column(sa.BigInteger, primary_key=True, autoincrement=False)
    sessions = sa.Column(sa.BigInteger, nullable=False)
    errored_preaggregated = sa.Column(sa.BigInteger, nullable=False)
    errored_sids = sa.Column(sa.BigInteger, nullable=False)
    crashed = sa.Column(sa.BigInteger, nullable=False)
    abnormal = sa.Column(sa.BigInteger, nullable=False)
    unhandled = sa.Column(sa.BigInteger, nullable=False)
    users = sa.Column(sa.BigInteger, nullable=False)
    users_errored = sa.Column(sa.BigInteger, nullable=False)
    users_crashed = sa.Column(sa.BigInteger, nullable=False)
    users_abnormal = sa.Column(sa.BigInteger, nullable=False)
    users_anr = sa.Column(sa.BigInteger, nullable=False)
    users_anr_foreground = sa.Column(sa.BigInteger, nullable=False)
    users_new_issue = sa.Column(sa.BigInteger, nullable=False)


counts = table("health_counts", HealthCountColumns)
#: The columns of `SessionCounts`, in its order.
SESSION_COUNTS = tuple(counts.c[each.name] for each in fields(SessionCounts))
#: The widths of buckets: a query that names them reads a range of the key for each.
WIDTHS = tuple(width.value for width in BucketWidth)


class HealthSketchColumns(sa.TypedColumns):
    """A set or distribution of a bucket, encoded (`sketches.py`). Mass rows without foreign keys."""

    series_id = sa.Column(db.Id, primary_key=True, autoincrement=False)
    width = sa.Column(sa.Integer, primary_key=True, autoincrement=False)
    start = sa.Column(sa.BigInteger, primary_key=True, autoincrement=False)
    kind = sa.Column(sa.String(16), primary_key=True)
    encoded = sa.Column(sa.LargeBinary, nullable=False)


sketches = table("health_sketches", HealthSketchColumns)


def total_of(column: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """Return the sum of a column of numbers, as an integer: PostgreSQL would make a decimal of it."""
    return sa.cast(sa.func.sum(column), sa.BigInteger())
