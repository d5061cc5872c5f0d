"""Repair of the rows that copy columns of releases, for lists."""

from collections.abc import Mapping

import sqlalchemy as sa

from shipmark.releases.store import locks
from shipmark.releases.store.environments import release_environments
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import releases

#: How many releases are repaired in one statement.
BATCH = 1000

#: The tables with copies, in the order of locks, and the copied columns of each.
_COPIES: Mapping[sa.Table, tuple[str, ...]] = {
    release_environments: ("status", "created_at"),
    release_projects: ("status", "created_at", "shipped_at", "version_key", "build_number"),
}


def _is_stale(table: sa.Table) -> sa.ColumnElement[bool]:
    differs = [table.c[name].is_distinct_from(releases.c[name]) for name in _COPIES[table]]
    return sa.and_(table.c.release_id == releases.c.id, sa.or_(*differs))


_STALE = sa.union(*(sa.select(releases.c.id).join(table, _is_stale(table)) for table in _COPIES))


def stale_releases(connection: sa.Connection) -> list[int]:
    """Return the ids of releases with a row that differs from them, at most `BATCH`."""
    return list(connection.execute(_STALE.limit(BATCH)).scalars())


def mend(connection: sa.Connection, release_ids: list[int]) -> int:
    """Copy the columns of these releases to their rows again. Return the number of rows that differed."""
    locks.lock_several(connection, release_ids)
    return sum(
        connection.execute(
            sa.update(table)
            .where(_is_stale(table), releases.c.id.in_(release_ids))
            .values({name: releases.c[name] for name in columns})
        ).rowcount
        for table, columns in _COPIES.items()
    )
