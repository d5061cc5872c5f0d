"""The commits of all releases of a project, and unreleased commits by author."""

from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, and_, exists, func, literal, or_, select

from shipmark.infrastructure.database import UtcDateTime, in_binary_order, json_rows, rows_param
from shipmark.infrastructure.keyset import KeysetPosition
from shipmark.releases.store.commits import release_commits
from shipmark.releases.store.projects import release_projects
from shipmark.repositories.model import SHA_MAX, Commit, RepositoryStatus
from shipmark.repositories.store import (
    COMMIT,
    authors,
    commit_of,
    commits,
    from_place,
    repositories,
)

_BEGINNING = datetime.min.replace(tzinfo=UTC)
_ADDRESSES = json_rows("addresses", email=authors.c.email.type)


def page_of(
    connection: Connection,
    organization_id: int,
    project_id: int,
    place: KeysetPosition | None,
    *,
    limit: int,
) -> list[Commit]:
    """Return the commits of the project's releases after a position, newest first; or before it, nearest first."""
    query = select(*COMMIT).where(
        commits.c.organization_id == organization_id, _is_released_in(project_id)
    )
    return [commit_of(*row) for row in connection.execute(from_place(query, place).limit(limit))]


def page_by_prefix(
    connection: Connection,
    organization_id: int,
    project_id: int,
    prefix: str,
    *,
    limit: int,
    offset: int,
) -> list[Commit]:
    """Return a page of those commits whose hash begins with a prefix, in any case, by hash."""
    repository_ids = select(repositories.c.id).where(
        repositories.c.organization_id == organization_id
    )
    ranges = [
        and_(
            commits.c.repository_id.in_(repository_ids),
            commits.c.key >= start,
            # The index knows no prefixes. No hash sorts after these letters, in any collation.
            commits.c.key <= start + "z" * SHA_MAX,
        )
        for start in sorted({prefix, prefix.lower(), prefix.upper()})
    ]
    query = (
        select(*COMMIT)
        .where(
            or_(*ranges),
            func.lower(commits.c.key).startswith(prefix.lower(), autoescape=True),
            _is_released_in(project_id),
        )
        .order_by(in_binary_order(commits.c.key), commits.c.created_at.desc(), commits.c.id.desc())
    )
    return [commit_of(*row) for row in connection.execute(query.limit(limit).offset(offset))]


def is_any(connection: Connection, project_id: int) -> bool:
    """Return True if a release of the project has a commit."""
    query = (
        select(release_commits.c.commit_id)
        .join(release_projects, release_projects.c.release_id == release_commits.c.release_id)
        .where(release_projects.c.project_id == project_id)
    )
    return connection.execute(query.limit(1)).first() is not None


def unreleased_of(
    connection: Connection,
    organization_id: int,
    addresses: Collection[str],
    *,
    visible: ColumnElement[bool] | None = None,
    limit: int,
) -> list[Commit]:
    """Return the newest commits by these addresses: of each repository, those after its newest released one.

    ``visible`` is the condition on the repositories that the caller may see.
    """
    if not addresses:
        return []
    other = commits.alias("released")
    released_at = (
        select(other.c.created_at)
        .where(
            other.c.repository_id == repositories.c.id,
            exists().where(release_commits.c.commit_id == other.c.id),
        )
        .order_by(other.c.created_at.desc(), other.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    # One comparison, so that the index of the repository is read from that date on.
    since = func.coalesce(released_at, literal(_BEGINNING, UtcDateTime()))
    author_ids = (
        select(authors.c.id)
        .join(_ADDRESSES, _ADDRESSES.c.email == authors.c.email)
        .where(authors.c.organization_id == organization_id)
    )
    query = (
        select(*COMMIT)
        .join(repositories, repositories.c.id == commits.c.repository_id)
        .where(
            repositories.c.organization_id == organization_id,
            repositories.c.status == RepositoryStatus.ACTIVE,
            commits.c.created_at > since,
            commits.c.author_id.in_(author_ids),
        )
        .order_by(commits.c.created_at.desc(), commits.c.id.desc())
        .limit(limit)
    )
    if visible is not None:
        query = query.where(visible)
    parameters = rows_param("addresses", ([address] for address in sorted(addresses)))
    return [commit_of(*row) for row in connection.execute(query, parameters)]


def _is_released_in(project_id: int) -> ColumnElement[bool]:
    return exists().where(
        release_commits.c.commit_id == commits.c.id,
        release_projects.c.release_id == release_commits.c.release_id,
        release_projects.c.project_id == project_id,
    )
