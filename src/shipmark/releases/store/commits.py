"""The commits of releases, and their head commit in each repository."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.groups import grouped
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.organizations.store import members, team_members
from shipmark.projects.store import project_teams
from shipmark.releases.model import Release, ReleaseRef
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import releases
from shipmark.repositories.model import ChangedFile, Commit
from shipmark.repositories.store import CHANGED_FILE, COMMIT, changed_files, commits, repositories

#: Of a commit that is in more releases than this, only the newest are listed.
RELEASES_OF_COMMIT_MAX = 1000


class ReleaseCommitColumns(sa.TypedColumns):
    """A commit in a release; position 0 is the newest.

    Without foreign keys, as rows come by the thousand: the deletion of a release locks it and clears these first.
    """

    release_id = sa.Column(db.Id, primary_key=True)
    commit_id = sa.Column(db.Id, primary_key=True, index=True)
    position = sa.Column(sa.Integer, nullable=False)


class ReleaseHeadColumns(sa.TypedColumns):
    """The newest commit of a repository in a release."""

    release_id = parent("releases", primary_key=True)
    repository_id = parent("repositories", primary_key=True, index=True)
    commit_id = parent("commits", index=True)


release_commits = table(
    "release_commits", ReleaseCommitColumns, sa.UniqueConstraint("release_id", "position")
)
release_heads = table("release_heads", ReleaseHeadColumns)

_BIND = insert_rows(
    release_commits,
    "positions",
    ("commit_id", "position"),
    shared=("release_id",),
    order_by=("position",),
).on_conflict_do_nothing()
_CLEAR_ALL = sa.delete(release_commits).where(db.in_ids(release_commits.c.release_id))
_GIVEN_HEADS = insert_rows(
    release_heads, "heads", ("repository_id", "commit_id"), shared=("release_id",)
)
_ENSURE_HEADS = _GIVEN_HEADS.on_conflict_do_nothing()
_SET_HEADS = _GIVEN_HEADS.on_conflict_do_update(
    index_elements=["release_id", "repository_id"],
    set_={"commit_id": _GIVEN_HEADS.excluded.commit_id},
)
_REF = RowReader(ReleaseRef, releases)
_RELEASES_OF = (
    _REF.select(releases.c.id, release_commits.c.commit_id)
    .join(db.IDS, db.IDS.c.id == release_commits.c.commit_id)
    .join(releases, releases.c.id == release_commits.c.release_id)
    .order_by(releases.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_HOLDERS = sa.select(release_commits.c.release_id).join(
    db.IDS, db.IDS.c.id == release_commits.c.commit_id
)
_LOCK_HOLDERS = (
    sa.select(releases.c.id)
    .where(releases.c.id.in_(_HOLDERS))
    .order_by(releases.c.id)
    .with_for_update(key_share=True)
)
_GONE = (
    sa.select(sa.func.count())
    .select_from(release_commits)
    .where(
        release_commits.c.release_id == releases.c.id,
        db.in_ids(release_commits.c.commit_id),
    )
    .scalar_subquery()
)
# A duplicate commit of a request counted twice, and was bound once: the count never goes below 0.
_SINK_COUNTS = (
    sa.update(releases)
    .where(releases.c.id.in_(_HOLDERS))
    .values(
        commit_count=sa.case(
            (releases.c.commit_count > _GONE, releases.c.commit_count - _GONE), else_=0
        ),
        last_commit_id=sa.case(
            (db.in_ids(releases.c.last_commit_id), None),
            else_=releases.c.last_commit_id,
        ),
    )
)
_FORGET = sa.delete(release_commits).where(db.in_ids(release_commits.c.commit_id))


def bind(connection: sa.Connection, release_id: int, commit_ids: Sequence[int]) -> None:
    """Insert the commits of a release that has none, newest first. A duplicate keeps its first position."""
    if commit_ids:
        rows = ((commit_id, position) for position, commit_id in enumerate(commit_ids))
        connection.execute(_BIND, db.rows_param("positions", rows) | {"release_id": release_id})


def clear(connection: sa.Connection, release_id: int) -> None:
    """Delete the commits of the release."""
    connection.execute(sa.delete(release_commits).where(release_commits.c.release_id == release_id))


def clear_all(connection: sa.Connection, release_ids: Collection[int]) -> None:
    """Delete the commits of these releases."""
    connection.execute(_CLEAR_ALL, db.ids_param(release_ids))


def clear_organization(connection: sa.Connection, organization_id: int) -> None:
    """Delete the commits of all releases of an organization."""
    query = sa.select(releases.c.id).where(releases.c.organization_id == organization_id)
    connection.execute(sa.delete(release_commits).where(release_commits.c.release_id.in_(query)))


def ensure_heads(connection: sa.Connection, release_id: int, heads: dict[int, int]) -> None:
    """Insert head commits, by repository id, where the release has none yet."""
    if heads:
        rows = db.rows_param("heads", heads.items())
        connection.execute(_ENSURE_HEADS, rows | {"release_id": release_id})


def set_heads(connection: sa.Connection, release_id: int, heads: dict[int, int]) -> None:
    """Insert or replace head commits, by repository id."""
    rows = db.rows_param("heads", heads.items())
    connection.execute(_SET_HEADS, rows | {"release_id": release_id})


def clear_heads(connection: sa.Connection, release_id: int) -> None:
    """Delete the head commits of the release."""
    connection.execute(sa.delete(release_heads).where(release_heads.c.release_id == release_id))


def remove_commits(connection: sa.Connection, commit_ids: Collection[int]) -> None:
    """Unbind commits from every release: lower its count, and clear a last commit that is among them.

    The releases are locked in one order, so that a publish and this wait for each other.
    """
    parameters = db.ids_param(commit_ids)
    connection.execute(_LOCK_HOLDERS, parameters).all()
    connection.execute(_SINK_COUNTS, parameters)
    connection.execute(_FORGET, parameters)


def page_of(
    connection: sa.Connection,
    release_id: int,
    *,
    limit: int,
    offset: int,
    from_position: int = 0,
    repository_id: int | None = None,
) -> list[tuple[int, Commit]]:
    """Return a page of the release's commits from a position on, with their positions, newest first."""
    query = (
        _commits_of(release_id, repository_id)
        .where(release_commits.c.position >= from_position)
        .order_by(release_commits.c.position)
    )
    result = connection.execute(query.limit(limit).offset(offset))
    return [(position, COMMIT(row)) for position, *row in result]


def page_before(
    connection: sa.Connection,
    release_id: int,
    *,
    limit: int,
    position: int,
    repository_id: int | None = None,
) -> list[tuple[int, Commit]]:
    """Return the release's last commits before a position, with their positions, nearest first."""
    query = (
        _commits_of(release_id, repository_id)
        .where(release_commits.c.position < position)
        .order_by(release_commits.c.position.desc())
    )
    result = connection.execute(query.limit(limit))
    return [(position, COMMIT(row)) for position, *row in result]


def newest_release_with(connection: sa.Connection, project_id: int, commit_id: int) -> int | None:
    """Return the id of the project's release with this commit that shipped last, or None if there is none."""
    query = (
        sa.select(release_projects.c.release_id)
        .join(release_commits, release_commits.c.release_id == release_projects.c.release_id)
        .where(
            release_commits.c.commit_id == commit_id,
            # The sum keeps databases from reading all releases of the project.
            release_projects.c.project_id + 0 == project_id,
        )
        .order_by(
            release_projects.c.shipped_at.desc(),
            release_projects.c.created_at.desc(),
            release_projects.c.release_id.desc(),
        )
    )
    return connection.execute(query.limit(1)).scalar_one_or_none()


def _commits_of(release_id: int, repository_id: int | None) -> sa.Select[*tuple[Any, ...]]:
    query = (
        sa.select(release_commits.c.position, *COMMIT.columns)
        .join(commits, commits.c.id == release_commits.c.commit_id)
        .where(release_commits.c.release_id == release_id)
    )
    if repository_id is not None:
        query = query.where(commits.c.repository_id == repository_id)
    return query


def changed_files_of(
    connection: sa.Connection,
    release_id: int,
    *,
    limit: int,
    offset: int,
    repository_id: int | None,
) -> list[ChangedFile]:
    """Return a page of the files that the release's commits changed, by name; a file is listed once per commit."""
    query = (
        CHANGED_FILE.select()
        .join(release_commits, release_commits.c.commit_id == changed_files.c.commit_id)
        .where(release_commits.c.release_id == release_id)
        .order_by(db.in_binary_order(changed_files.c.filename), release_commits.c.position)
    )
    if repository_id is not None:
        query = query.join(commits, commits.c.id == changed_files.c.commit_id).where(
            commits.c.repository_id == repository_id
        )
    return CHANGED_FILE.all(connection, query.limit(limit).offset(offset))


def changed_file_count(connection: sa.Connection, release_id: int) -> int:
    """Return the number of different files that the release's commits changed."""
    query = (
        sa.select(sa.func.count(changed_files.c.filename.distinct()))
        .join(release_commits, release_commits.c.commit_id == changed_files.c.commit_id)
        .where(release_commits.c.release_id == release_id)
    )
    return connection.execute(query).scalar_one()


def repository_ids_of(connection: sa.Connection, release_id: int) -> list[int]:
    """Return the ids of the repositories with a commit of the release, by name."""
    of_commits = (
        sa.select(commits.c.repository_id)
        .join(release_commits, release_commits.c.commit_id == commits.c.id)
        .where(release_commits.c.release_id == release_id)
    )
    query = sa.select(repositories.c.id).where(repositories.c.id.in_(of_commits))
    query = query.order_by(db.in_binary_order(repositories.c.name))
    return list(connection.execute(query).scalars())


def releases_of(
    connection: sa.Connection, commit_ids: Collection[int], known: Iterable[Release] = ()
) -> dict[int, list[ReleaseRef | Release]]:
    """Return the releases that contain each commit, oldest first; those that are known already as they are."""
    if not commit_ids:
        return {}
    by_id = {release.id: release for release in known}
    most = {"most": RELEASES_OF_COMMIT_MAX + len(commit_ids)}
    rows = connection.execute(_RELEASES_OF, db.ids_param(commit_ids) | most).all()
    return grouped((row[-1], by_id.get(row[-2]) or _REF(row)) for row in rows)


def is_released_by_team_of(user_id: int) -> sa.ColumnElement[bool]:
    """Return the condition on ``repositories`` that a project of a team of this user has released from it.

    A release has one head for each repository that it has commits of, so no commits are read.
    """
    return sa.exists().where(
        release_heads.c.repository_id == repositories.c.id,
        release_projects.c.release_id == release_heads.c.release_id,
        project_teams.c.project_id == release_projects.c.project_id,
        team_members.c.team_id == project_teams.c.team_id,
        team_members.c.member_id == members.c.id,
        members.c.user_id == user_id,
    )
