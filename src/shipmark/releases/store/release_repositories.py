"""Repositories of releases: how many commits of each a release has, and its head commits."""

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from shipmark.infrastructure.database import IDS, ids_param
from shipmark.releases.store.commits import release_commits, release_heads
from shipmark.repositories.store import commits

_HEADS = (
    select(release_heads.c.release_id, release_heads.c.repository_id, commits.c.key)
    .join(IDS, IDS.c.id == release_heads.c.release_id)
    .join(commits, commits.c.id == release_heads.c.commit_id)
)


def commit_counts(connection: Connection, release_id: int) -> dict[int, int]:
    """Return the number of the release's commits in each repository."""
    query = (
        select(commits.c.repository_id, func.count())
        .join(release_commits, release_commits.c.commit_id == commits.c.id)
        .where(release_commits.c.release_id == release_id)
        .group_by(commits.c.repository_id)
    )
    return {repository_id: count for repository_id, count in connection.execute(query)}


def heads(connection: Connection, release_ids: Collection[int]) -> dict[tuple[int, int], str]:
    """Return the hash of the head commit by release and repository, for all that have one."""
    result = connection.execute(_HEADS, ids_param(release_ids))
    return {(release_id, repository_id): sha for release_id, repository_id, sha in result}
