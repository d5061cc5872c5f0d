"""The heads of repositories in earlier releases, after which a range of commits begins."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure.database import Id, UtcDateTime
from shipmark.infrastructure.groups import grouped
from shipmark.releases.model import Release, ReleaseStatus
from shipmark.releases.store.commits import release_heads
from shipmark.releases.store.projects import release_projects
from shipmark.repositories.store import commits

#: Triples of repository, project and status whose last heads are looked up at most.
_PLACES_MAX = 100
#: Fetched heads of a project that are tried at most.
_FETCHED_MAX = 5


def previous_heads(
    connection: sa.Connection,
    release: Release,
    repository_ids: Collection[int],
    project_ids: Collection[int],
) -> dict[int, str]:
    """Return the hash of each repository's head in the newest older release of these projects that has one.

    Read backwards in the order of shipping, so that the time does not depend on the history; of very many projects
    only the first are read.
    """
    lookups = _lookups(repository_ids, project_ids)
    result = _earlier_heads(connection, release, lookups, limit=1, is_fetched=False)
    return {repository_id: keys[0] for repository_id, keys in result.items()}


def fetched_heads(
    connection: sa.Connection,
    release: Release,
    repository_ids: Collection[int],
    project_ids: Collection[int],
) -> dict[int, list[str]]:
    """Return the hashes of each repository's fetched heads in older releases, newest first, a few of each project.

    A head that was only named may never have been pushed; one that was fetched existed once.
    """
    lookups = _lookups(repository_ids, project_ids)
    return _earlier_heads(connection, release, lookups, limit=_FETCHED_MAX, is_fetched=True)


def _lookups(
    repository_ids: Collection[int], project_ids: Collection[int]
) -> list[tuple[int, int, ReleaseStatus]]:
    """Return triples of repository, project and status, those of the first project first."""
    return [
        (repository_id, project_id, status)
        for project_id in sorted(project_ids)
        for repository_id in sorted(repository_ids)
        for status in ReleaseStatus
    ][:_PLACES_MAX]


def _earlier_heads(
    connection: sa.Connection,
    release: Release,
    lookups: Sequence[tuple[int, int, ReleaseStatus]],
    *,
    limit: int,
    is_fetched: bool,
) -> dict[int, list[str]]:
    if not lookups:
        return {}
    values: dict[str, object] = {"shipped_at": release.shipped_at, "release_id": release.id}
    for number, (repository_id, project_id, status) in enumerate(lookups):
        values |= {
            f"repository_{number}": repository_id,
            f"project_{number}": project_id,
            f"status_{number}": status,
        }
    rows = connection.execute(_statement(len(lookups), limit, is_fetched=is_fetched), values)
    return grouped(dict.fromkeys((row[0], row[1]) for row in rows))


@lru_cache(maxsize=_PLACES_MAX)
def _statement(count: int, limit: int, *, is_fetched: bool) -> sa.Select[Any]:
    """Compose the look-ups of so many places once: composing them took two fifths of the page of a release."""
    branches = [_last_heads(number, limit, is_fetched=is_fetched) for number in range(count)]
    rows = sa.union_all(*branches).subquery("found")
    return (
        sa.select(rows.c.repository_id, commits.c.key)
        .join(commits, commits.c.id == rows.c.commit_id)
        .order_by(rows.c.shipped_at.desc(), rows.c.release_id.desc())
    )


def _last_heads(number: int, limit: int, *, is_fetched: bool) -> sa.Select[Any]:
    """Select the heads of a repository in the last older releases of a project, in a status."""
    table = release_projects.c
    shipped_at = sa.bindparam("shipped_at", type_=UtcDateTime())
    older = sa.tuple_(table.shipped_at, table.release_id) < sa.tuple_(
        shipped_at, sa.bindparam("release_id", type_=Id)
    )
    query = (
        sa.select(
            release_heads.c.repository_id,
            release_heads.c.commit_id,
            table.shipped_at,
            table.release_id,
        )
        .join(release_heads, release_heads.c.release_id == table.release_id)
        .where(
            table.project_id == sa.bindparam(f"project_{number}"),
            table.status == sa.bindparam(f"status_{number}"),
            table.shipped_at <= shipped_at,
            older,
            release_heads.c.repository_id == sa.bindparam(f"repository_{number}"),
        )
        .order_by(table.shipped_at.desc(), table.created_at.desc(), table.release_id.desc())
        .limit(limit)
    )
    if is_fetched:
        known = commits.alias("known")
        # Only commits that were named and never sent or fetched have no message.
        query = query.join(known, known.c.id == release_heads.c.commit_id).where(
            known.c.message.is_not(None)
        )
    return sa.select(query.subquery())
