"""What is done with release health: standings are computed from buckets and kept."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure.groups import grouped
from shipmark.projects import store as projects
from shipmark.release_health.periods import RETENTION_SECONDS
from shipmark.release_health.standings import Standing, standings_of
from shipmark.release_health.store import buckets, standing_store
from shipmark.release_health.store.buckets import Pair


def compute_standings(
    connection: sa.Connection, pairs: Collection[Pair], at: datetime
) -> list[Standing]:
    """Return the standings of pairs, in all periods and environments, by three statements."""
    members = buckets.series_of(connection, pairs)
    since = int(at.timestamp()) - RETENTION_SECONDS
    of_pairs = buckets.buckets_of(connection, members, since, with_users=True)
    by_pair = grouped((member.pair, member) for member in members)
    return [
        standing
        for pair in sorted(by_pair)
        for standing in standings_of(*pair, of_pairs.get(pair, ()), at.timestamp())
    ]


def keep_standings(
    connection: sa.Connection,
    pairs: Collection[Pair],
    computed: list[Standing],
    computed_at: datetime,
) -> None:
    """Keep standings that were computed from what was there at a moment; those of deleted projects are dropped."""
    known = projects.by_ids(connection, {project_id for project_id, _ in pairs})
    there = [standing for standing in computed if standing.project_id in known]
    organization_ids = {project.id: project.organization_id for project in known.values()}
    standing_store.replace(connection, pairs, there, organization_ids, computed_at)
