"""The commits of all releases of a project, and unreleased commits by author."""

from collections.abc import Collection
from datetime import UTC, datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.keyset import KeysetPosition, from_position
from shipmark.releases.store.commits import release_commits
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import releases
from shipmark.repositories.model import SHA_MAX, Commit, RepositoryStatus
from shipmark.repositories.store import COMMIT, authors, commits, repositories

#: The most releases that are read to find the newest of some commits.
_HOLDERS_MAX = 1000
#: The most commits of an organization that are read to find the newest of an author: commits have no index of authors.
AUTHORED_MAX = 5000
_BEGINNING = datetime.min.replace(tzinfo=UTC)
_ADDRESSES = db.json_rows("addresses", email=authors.c.email.type)


def page_of(
    connection: sa.Connection,
    organization_id: int,
    project_id: int,
    position: KeysetPosition | None,
    *,
    limit: int,
) -> list[Commit]:
    """Return the commits of the project's releases after a position, newest first; or before it, nearest first."""
    query = COMMIT.select().where(
        commits.c.organization_id == organization_id, _is_released_in([project_id])
    )
    query = from_position(query, commits.c.created_at, commits.c.id, position).limit(limit)
    return COMMIT.all(connection, query)


def page_by_prefix(
    connection: sa.Connection,
    organization_id: int,
    project_ids: Collection[int],
    prefix: str,
    *,
    limit: int,
    offset: int,
) -> list[Commit]:
    """Return a page of the commits of the projects' releases whose hash begins with a prefix, in any case, by hash."""
    repository_ids = sa.select(repositories.c.id).where(
        repositories.c.organization_id == organization_id
    )
    ranges = [
        sa.and_(
            commits.c.repository_id.in_(repository_ids),
            commits.c.key >= start,
            # The index knows no prefixes. No hash sorts after these letters, in any collation.
            commits.c.key <= start + "z" * SHA_MAX,
        )
        for start in sorted({prefix, prefix.lower(), prefix.upper()})
    ]
    query = (
        COMMIT.select()
        .where(
            sa.or_(*ranges),
            sa.func.lower(commits.c.key).startswith(prefix.lower(), autoescape=True),
            _is_released_in(project_ids),
        )
        .order_by(
            db.in_binary_order(commits.c.key), commits.c.created_at.desc(), commits.c.id.desc()
        )
    )
    return COMMIT.all(connection, query.limit(limit).offset(offset))


def newest_of_authors(
    connection: sa.Connection,
    organization_id: int,
    author_ids: Collection[int],
    project_ids: Collection[int],
) -> dict[int, int]:
    """Return the id of the newest commit of each author that is in a release of the projects, by author id.

    Only the newest `AUTHORED_MAX` commits of the organization are read; who made none of these is left out.
    """
    if not author_ids:
        return {}
    newest = (
        sa.select(commits.c.id, commits.c.author_id)
        .where(commits.c.organization_id == organization_id)
        .order_by(commits.c.created_at.desc(), commits.c.id.desc())
        .limit(AUTHORED_MAX)
        .subquery("found")
    )
    query = (
        sa.select(newest.c.author_id, sa.func.max(newest.c.id))
        .where(
            newest.c.author_id.in_(author_ids),
            sa.exists().where(
                release_commits.c.commit_id == newest.c.id,
                release_projects.c.release_id == release_commits.c.release_id,
                release_projects.c.project_id.in_(project_ids),
            ),
        )
        .group_by(newest.c.author_id)
    )
    return {author_id: commit_id for author_id, commit_id in connection.execute(query)}


def newest_versions(
    connection: sa.Connection, commit_ids: Collection[int], project_ids: Collection[int]
) -> dict[int, str]:
    """Return the version of the newest release of the projects that has each commit, by commit id."""
    if not commit_ids:
        return {}
    query = (
        sa.select(release_commits.c.commit_id, releases.c.version)
        .join(releases, releases.c.id == release_commits.c.release_id)
        .join(release_projects, release_projects.c.release_id == releases.c.id)
        .where(
            release_commits.c.commit_id.in_(commit_ids),
            release_projects.c.project_id.in_(project_ids),
        )
        .order_by(releases.c.id)
        .limit(_HOLDERS_MAX)
    )
    # The last of a commit's releases counts.
    return {commit_id: version for commit_id, version in connection.execute(query)}


def is_any(connection: sa.Connection, project_id: int) -> bool:
    """Return True if a release of the project has a commit."""
    query = (
        sa.select(release_commits.c.commit_id)
        .join(release_projects, release_projects.c.release_id == release_commits.c.release_id)
        .where(release_projects.c.project_id == project_id)
    )
    return connection.execute(query.limit(1)).first() is not None


def unreleased_of(
    connection: sa.Connection,
    organization_id: int,
    addresses: Collection[str],
    *,
    visible: sa.ColumnElement[bool] | None = None,
    limit: int,
) -> list[Commit]:
    """Return the newest commits by these addresses: of each repository, those after its newest released one.

    ``visible`` is the condition on the repositories that the caller may see.
    """
    if not addresses:
        return []
    author_ids = (
        sa.select(authors.c.id)
        .join(_ADDRESSES, _ADDRESSES.c.email == authors.c.email)
        .where(authors.c.organization_id == organization_id)
    )
    query = (
        COMMIT.select()
        .join(repositories, repositories.c.id == commits.c.repository_id)
        .where(
            repositories.c.organization_id == organization_id,
            repositories.c.status == RepositoryStatus.ACTIVE,
            commits.c.created_at > _newest_release_date(),
            commits.c.author_id.in_(author_ids),
        )
        .order_by(commits.c.created_at.desc(), commits.c.id.desc())
        .limit(limit)
    )
    if visible is not None:
        query = query.where(visible)
    parameters = db.values_param("addresses", addresses)
    return COMMIT.all(connection, query, parameters)


def _newest_release_date() -> sa.ColumnElement[datetime]:
    """Return the date of the newest released commit of a repository, or one before all commits.

    It is one comparison, so that the index of the repository is read from that date on.
    """
    other = commits.alias("released")
    released_at = (
        sa.select(other.c.created_at)
        .where(
            other.c.repository_id == repositories.c.id,
            sa.exists().where(release_commits.c.commit_id == other.c.id),
        )
        .order_by(other.c.created_at.desc(), other.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return sa.func.coalesce(released_at, sa.literal(_BEGINNING, db.UtcDateTime()))


def _is_released_in(project_ids: Collection[int]) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        release_commits.c.commit_id == commits.c.id,
        release_projects.c.release_id == release_commits.c.release_id,
        release_projects.c.project_id.in_(project_ids),
    )
