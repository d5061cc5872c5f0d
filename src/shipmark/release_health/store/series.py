"""The series of release health: what is counted, and from when to when."""

from collections.abc import Collection
from dataclasses import astuple, dataclass
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.release_health.model import ALL_RELEASES
from shipmark.release_health.store.tables import series

#: A project, an environment and a release.
SeriesKey = tuple[int, int, int]
#: The range of a series without sessions, which only events have added to: any session's is before and behind it.
NO_RANGE = (2**53, 0)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class SeriesRange:
    """A series with the first and the last bucket of what is added, or `NO_RANGE`."""

    project_id: int
    environment_id: int
    release_id: int
    organization_id: int
    first_start: int
    last_start: int

    @property
    def key(self) -> SeriesKey:
        """Return what identifies the series."""
        return self.project_id, self.environment_id, self.release_id


_KEY = ("project_id", "environment_id", "release_id")
_INSERT = insert_rows(
    series,
    "added",
    (*_KEY, "organization_id", "first_start", "last_start"),
    shared=("changed_at",),
    order_by=_KEY,
)
_new = _INSERT.excluded
_ENSURE = _INSERT.on_conflict_do_update(
    index_elements=_KEY,
    set_={
        "first_start": sa.case(
            (_new.first_start < series.c.first_start, _new.first_start), else_=series.c.first_start
        ),
        "last_start": sa.case(
            (_new.last_start > series.c.last_start, _new.last_start), else_=series.c.last_start
        ),
        "changed_at": _new.changed_at,
    },
).returning(series.c.project_id, series.c.environment_id, series.c.release_id, series.c.id)
_LOCK = (
    sa.select(series.c.id)
    .join(db.IDS, db.IDS.c.id == series.c.id)
    .order_by(series.c.project_id, series.c.environment_id, series.c.release_id)
    .with_for_update(key_share=True, of=series)
)


def ensure(
    connection: sa.Connection, added: Collection[SeriesRange], at: datetime
) -> dict[SeriesKey, int]:
    """Return the ids of series, created where missing, with their ranges extended. They change from ``at`` on.

    They are locked until the transaction ends, in the order of their keys, so that their sketches can be read and
    written.
    """
    parameters = db.rows_param("added", map(astuple, sorted(added))) | {"changed_at": at}
    result = connection.execute(_ENSURE, parameters)
    return {(project, environment, release): id_ for project, environment, release, id_ in result}


def remove_of_releases(connection: sa.Connection, release_ids: Collection[int]) -> None:
    """Delete the series of releases; their rows in other tables are left behind."""
    of_releases = series.c.release_id.in_(sa.select(db.IDS.c.id))
    connection.execute(sa.delete(series).where(of_releases), db.ids_param(release_ids))


def projects_with_sessions(connection: sa.Connection, project_ids: Collection[int]) -> set[int]:
    """Return the projects among these that ever had sessions."""
    query = (
        sa.select(series.c.project_id)
        .join(db.IDS, db.IDS.c.id == series.c.project_id)
        .where(series.c.release_id == ALL_RELEASES, series.c.last_start > NO_RANGE[1])
        .distinct()
    )
    return set(connection.execute(query, db.ids_param(project_ids)).scalars())


def in_use(connection: sa.Connection, release_ids: Collection[int], since: int) -> set[int]:
    """Return the ids of the releases with sessions, in any project, since a moment."""
    query = (
        sa.select(series.c.release_id)
        .join(db.IDS, db.IDS.c.id == series.c.release_id)
        .where(series.c.last_start >= since)
        .distinct()
    )
    return set(connection.execute(query, db.ids_param(release_ids)).scalars())


def lock(connection: sa.Connection, series_ids: Collection[int]) -> list[int]:
    """Lock series as `ensure` does. Return the ids of those that still exist."""
    return list(connection.execute(_LOCK, db.ids_param(series_ids)).scalars())
