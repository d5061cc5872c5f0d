"""The commits of releases, and their head commit in each repository."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Integer,
    Select,
    Table,
    TypedColumns,
    UniqueConstraint,
    bindparam,
    case,
    delete,
    func,
    select,
    update,
)

from shipmark.infrastructure.database import (
    IDS,
    Id,
    ids_param,
    in_binary_order,
    json_rows,
    metadata,
    rows_param,
    upsert,
)
from shipmark.releases.model import ReleaseRef
from shipmark.releases.store.releases import releases
from shipmark.repositories.model import ChangedFile, Commit
from shipmark.repositories.store import (
    CHANGED_FILE,
    COMMIT,
    changed_file,
    changed_files,
    commit_of,
    commits,
    repositories,
)

#: Of a commit that is in more releases than this, only the newest are listed.
RELEASES_OF_COMMIT_MAX = 1000


class ReleaseCommitColumns(TypedColumns):
    """A commit in a release; position 0 is the newest.

    Without foreign keys, as rows come by the thousand: the deletion of a release locks it and clears these first.
    """

    release_id = Column(Id, primary_key=True)
    commit_id = Column(Id, primary_key=True, index=True)
    position = Column(Integer, nullable=False)


class ReleaseHeadColumns(TypedColumns):
    """The newest commit of a repository in a release."""

    release_id = Column(Id, ForeignKey("releases.id", ondelete="CASCADE"), primary_key=True)
    repository_id = Column(
        Id, ForeignKey("repositories.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    commit_id = Column(Id, ForeignKey("commits.id", ondelete="CASCADE"), nullable=False, index=True)


release_commits = Table(
    "release_commits", metadata, ReleaseCommitColumns, UniqueConstraint("release_id", "position")
)
release_heads = Table("release_heads", metadata, ReleaseHeadColumns)

_PLACES = json_rows("places", commit_id=Id, position=Integer())
_BIND = (
    upsert(release_commits)
    .from_select(
        ["release_id", "commit_id", "position"],
        select(bindparam("release_id", type_=Id), _PLACES.c.commit_id, _PLACES.c.position).order_by(
            _PLACES.c.position
        ),
    )
    .on_conflict_do_nothing()
)
_CLEAR = delete(release_commits).where(release_commits.c.release_id == bindparam("release_id"))
_CLEAR_ALL = delete(release_commits).where(release_commits.c.release_id.in_(select(IDS.c.id)))
_HEADS = json_rows("heads", repository_id=Id, commit_id=Id)
_GIVEN_HEADS = upsert(release_heads).from_select(
    ["release_id", "repository_id", "commit_id"],
    select(bindparam("release_id", type_=Id), _HEADS.c.repository_id, _HEADS.c.commit_id).order_by(
        _HEADS.c.repository_id
    ),
)
_ENSURE_HEADS = _GIVEN_HEADS.on_conflict_do_nothing()
_SET_HEADS = _GIVEN_HEADS.on_conflict_do_update(
    index_elements=["release_id", "repository_id"],
    set_={"commit_id": _GIVEN_HEADS.excluded.commit_id},
)
_RELEASES_OF = (
    select(
        release_commits.c.commit_id,
        releases.c.version,
        releases.c.ref,
        releases.c.url,
        releases.c.released_at,
        releases.c.created_at,
    )
    .join(IDS, IDS.c.id == release_commits.c.commit_id)
    .join(releases, releases.c.id == release_commits.c.release_id)
    .order_by(releases.c.id)
    .limit(bindparam("most", type_=Integer))
)

_HOLDERS = select(release_commits.c.release_id).join(IDS, IDS.c.id == release_commits.c.commit_id)
_LOCK_HOLDERS = (
    select(releases.c.id)
    .where(releases.c.id.in_(_HOLDERS))
    .order_by(releases.c.id)
    .with_for_update(key_share=True)
)
_GONE = (
    select(func.count())
    .select_from(release_commits)
    .where(
        release_commits.c.release_id == releases.c.id,
        release_commits.c.commit_id.in_(select(IDS.c.id)),
    )
    .scalar_subquery()
)
# A duplicate commit of a request counted twice, and was bound once: the count never goes below 0.
_SINK_COUNTS = (
    update(releases)
    .where(releases.c.id.in_(_HOLDERS))
    .values(
        commit_count=case(
            (releases.c.commit_count > _GONE, releases.c.commit_count - _GONE), else_=0
        ),
        last_commit_id=case(
            (releases.c.last_commit_id.in_(select(IDS.c.id)), None),
            else_=releases.c.last_commit_id,
        ),
    )
)
_FORGET = delete(release_commits).where(release_commits.c.commit_id.in_(select(IDS.c.id)))


def bind(connection: Connection, release_id: int, commit_ids: Sequence[int]) -> None:
    """Insert the commits of a release that has none, newest first. A duplicate keeps its first position."""
    if commit_ids:
        places = ((commit_id, place) for place, commit_id in enumerate(commit_ids))
        connection.execute(_BIND, rows_param("places", places) | {"release_id": release_id})


def clear(connection: Connection, release_id: int) -> None:
    """Delete the commits of the release."""
    connection.execute(_CLEAR, {"release_id": release_id})


def clear_all(connection: Connection, release_ids: Collection[int]) -> None:
    """Delete the commits of these releases."""
    connection.execute(_CLEAR_ALL, ids_param(release_ids))


def clear_organization(connection: Connection, organization_id: int) -> None:
    """Delete the commits of all releases of an organization."""
    query = select(releases.c.id).where(releases.c.organization_id == organization_id)
    connection.execute(delete(release_commits).where(release_commits.c.release_id.in_(query)))


def ensure_heads(connection: Connection, release_id: int, heads: dict[int, int]) -> None:
    """Insert head commits, by repository id, where the release has none yet."""
    if heads:
        connection.execute(
            _ENSURE_HEADS, rows_param("heads", heads.items()) | {"release_id": release_id}
        )


def set_heads(connection: Connection, release_id: int, heads: dict[int, int]) -> None:
    """Insert or replace head commits, by repository id."""
    connection.execute(_SET_HEADS, rows_param("heads", heads.items()) | {"release_id": release_id})


def clear_heads(connection: Connection, release_id: int) -> None:
    """Delete the head commits of the release."""
    connection.execute(delete(release_heads).where(release_heads.c.release_id == release_id))


def remove_commits(connection: Connection, commit_ids: Collection[int]) -> None:
    """Unbind commits from every release: lower its count, and clear a last commit that is among them.

    The releases are locked in one order, so that a publish and this wait for each other.
    """
    parameters = ids_param(commit_ids)
    connection.execute(_LOCK_HOLDERS, parameters).all()
    connection.execute(_SINK_COUNTS, parameters)
    connection.execute(_FORGET, parameters)


def has_heads(connection: Connection, release_id: int) -> bool:
    """Return True if the release has head commits."""
    query = select(release_heads.c.commit_id).where(release_heads.c.release_id == release_id)
    return connection.execute(query.limit(1)).first() is not None


def page_of(
    connection: Connection,
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
    return [(row[0], commit_of(*row[1:])) for row in result]


def page_before(
    connection: Connection,
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
    return [(row[0], commit_of(*row[1:])) for row in result]


def _commits_of(release_id: int, repository_id: int | None) -> Select[*tuple[Any, ...]]:
    query = (
        select(release_commits.c.position, *COMMIT)
        .join(commits, commits.c.id == release_commits.c.commit_id)
        .where(release_commits.c.release_id == release_id)
    )
    if repository_id is not None:
        query = query.where(commits.c.repository_id == repository_id)
    return query


def changed_files_of(
    connection: Connection, release_id: int, *, limit: int, offset: int, repository_id: int | None
) -> list[ChangedFile]:
    """Return a page of the files that the release's commits changed, by name; a file is listed once per commit."""
    query = (
        select(*CHANGED_FILE)
        .join(release_commits, release_commits.c.commit_id == changed_files.c.commit_id)
        .where(release_commits.c.release_id == release_id)
        .order_by(in_binary_order(changed_files.c.filename), release_commits.c.position)
    )
    if repository_id is not None:
        query = query.join(commits, commits.c.id == changed_files.c.commit_id).where(
            commits.c.repository_id == repository_id
        )
    return [changed_file(*row) for row in connection.execute(query.limit(limit).offset(offset))]


def changed_file_count(connection: Connection, release_id: int) -> int:
    """Return the number of different files that the release's commits changed."""
    query = (
        select(func.count(changed_files.c.filename.distinct()))
        .join(release_commits, release_commits.c.commit_id == changed_files.c.commit_id)
        .where(release_commits.c.release_id == release_id)
    )
    return connection.execute(query).scalar_one()


def repository_ids_of(connection: Connection, release_id: int) -> list[int]:
    """Return the ids of the repositories with a commit of the release, by name."""
    query = (
        select(repositories.c.id)
        .where(
            repositories.c.id.in_(
                select(commits.c.repository_id)
                .join(release_commits, release_commits.c.commit_id == commits.c.id)
                .where(release_commits.c.release_id == release_id)
            )
        )
        .order_by(in_binary_order(repositories.c.name))
    )
    return list(connection.execute(query).scalars())


def releases_of(connection: Connection, commit_ids: Collection[int]) -> dict[int, list[ReleaseRef]]:
    """Return the releases that contain each commit, oldest first."""
    if not commit_ids:
        return {}
    most = {"most": RELEASES_OF_COMMIT_MAX + len(commit_ids)}
    release_refs: dict[int, list[ReleaseRef]] = {}
    for commit_id, version, ref, url, released_at, created_at in connection.execute(
        _RELEASES_OF, ids_param(commit_ids) | most
    ):
        holding = ReleaseRef(version, ref, url, released_at, created_at)
        release_refs.setdefault(commit_id, []).append(holding)
    return release_refs
