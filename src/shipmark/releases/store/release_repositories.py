"""Repositories of releases: how many commits of each a release has, and its head commits."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from shipmark.infrastructure.database import IDS, Id, ids_param
from shipmark.releases.store.commits import release_commits, release_heads
from shipmark.repositories.store import commits

_HEADS = (
    select(release_heads.c.release_id, release_heads.c.repository_id, commits.c.key)
    .join(IDS, IDS.c.id == release_heads.c.release_id)
    .join(commits, commits.c.id == release_heads.c.commit_id)
)
_head = commits.alias("head")
_RELEASE = bindparam("release", type_=Id)
_COMMITS = (
    select(
        commits.c.repository_id,
        func.count(),
        select(_head.c.key)
        .join(release_heads, release_heads.c.commit_id == _head.c.id)
        .where(
            release_heads.c.release_id == _RELEASE,
            release_heads.c.repository_id == commits.c.repository_id,
        )
        .correlate(commits)
        .scalar_subquery(),
    )
    .join(release_commits, release_commits.c.commit_id == commits.c.id)
    .where(release_commits.c.release_id == _RELEASE)
    .group_by(commits.c.repository_id)
)


@dataclass(frozen=True, slots=True)
class RepositoryCommits:
    """The number of a release's commits in a repository, and the hash of its head commit there, if it has one."""

    count: int
    head: str | None


def commits_by_repository(connection: Connection, release_id: int) -> dict[int, RepositoryCommits]:
    """Return the commits of a release in each repository by the repository's id."""
    result = connection.execute(_COMMITS, {"release": release_id})
    return {repository_id: RepositoryCommits(count, head) for repository_id, count, head in result}


def heads(connection: Connection, release_ids: Collection[int]) -> dict[tuple[int, int], str]:
    """Return the hash of the head commit by release and repository, for all that have one."""
    result = connection.execute(_HEADS, ids_param(release_ids))
    return {(release_id, repository_id): sha for release_id, repository_id, sha in result}
