"""The tables of commits and changed files. All of a publish are written at once, whatever their number."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    Index,
    Select,
    String,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    and_,
    bindparam,
    delete,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from shipmark.infrastructure.database import (
    IDS,
    Id,
    UtcDateTime,
    ids_param,
    in_binary_order,
    json_rows,
    metadata,
    rows_param,
    upsert,
)
from shipmark.infrastructure.keyset import KeysetPosition
from shipmark.repositories.model import Change, ChangedFile, Commit, Repository, StoredCommit
from shipmark.repositories.store.repositories import REPOSITORY, read_repository, repositories


class CommitColumns(TypedColumns):
    """A commit. ``created_at`` is the date that the client sent, or that of the first request with the commit.

    ``author_id`` has no foreign key: authors are never deleted, and thousands of commits are inserted at once.
    """

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, nullable=False)
    repository_id = Column(Id, ForeignKey("repositories.id", ondelete="CASCADE"), nullable=False)
    key = Column(String(64), nullable=False)
    author_id = Column(Id)
    message = Column(Text)
    created_at = Column(UtcDateTime, nullable=False)


class ChangedFileColumns(TypedColumns):
    """A file that a commit changed; ``change`` is A, D or M. Without a foreign key, as rows come by the thousand."""

    id = Column(Id, primary_key=True)
    commit_id = Column(Id, nullable=False)
    filename = Column(Text, nullable=False)
    change = Column(String(1), nullable=False)


commits = Table(
    "commits",
    metadata,
    CommitColumns,
    UniqueConstraint("repository_id", "key"),
    Index("ix_commits_repository_id_created_at", "repository_id", "created_at", "id"),
    Index("ix_commits_organization_id_created_at", "organization_id", "created_at", "id"),
    sqlite_autoincrement=True,
)

changed_files = Table(
    "changed_files",
    metadata,
    ChangedFileColumns,
    UniqueConstraint("commit_id", "filename"),
    sqlite_autoincrement=True,
)

COMMIT = (
    commits.c.id,
    commits.c.key,
    commits.c.repository_id,
    commits.c.author_id,
    commits.c.message,
    commits.c.created_at,
)

CHANGED_FILE = (
    changed_files.c.id,
    changed_files.c.commit_id,
    changed_files.c.filename,
    changed_files.c.change,
)

_GIVEN = json_rows(
    "given", repository_id=Id, key=Text(), author_id=Id, message=Text(), at=UtcDateTime()
)

_IS_GIVEN = and_(commits.c.repository_id == _GIVEN.c.repository_id, commits.c.key == _GIVEN.c.key)

_AUTHOR = func.coalesce(_GIVEN.c.author_id, commits.c.author_id)

_INSERT_COMMITS = (
    upsert(commits)
    .from_select(
        ["organization_id", "repository_id", "key", "author_id", "message", "created_at"],
        select(
            bindparam("organization_id", type_=Id),
            _GIVEN.c.repository_id,
            _GIVEN.c.key,
            _GIVEN.c.author_id,
            _GIVEN.c.message,
            func.coalesce(_GIVEN.c.at, bindparam("now", type_=UtcDateTime()), type_=UtcDateTime()),
        ).order_by(_GIVEN.c.repository_id, in_binary_order(_GIVEN.c.key)),
    )
    .on_conflict_do_nothing()
    .returning(commits.c.repository_id, commits.c.key, commits.c.id, commits.c.author_id)
)

# In one order, so that two publishes that share commits wait instead of deadlocking.
_LOCK_COMMITS = (
    select(commits.c.repository_id, commits.c.key, commits.c.id, _AUTHOR)
    .join(_GIVEN, _IS_GIVEN)
    .order_by(commits.c.repository_id, in_binary_order(commits.c.key))
    .with_for_update(key_share=True, of=commits)
)

# Most commits of a repeated publish don't differ from the stored ones.
_UPDATE_COMMITS = (
    update(commits)
    .where(
        _IS_GIVEN,
        or_(
            and_(
                _GIVEN.c.author_id.is_not(None),
                commits.c.author_id.is_distinct_from(_GIVEN.c.author_id),
            ),
            and_(
                _GIVEN.c.message.is_not(None),
                commits.c.message.is_distinct_from(_GIVEN.c.message),
            ),
            and_(_GIVEN.c.at.is_not(None), commits.c.created_at != _GIVEN.c.at),
        ),
    )
    .values(
        author_id=_AUTHOR,
        message=func.coalesce(_GIVEN.c.message, commits.c.message),
        created_at=func.coalesce(_GIVEN.c.at, commits.c.created_at, type_=UtcDateTime()),
    )
)

_COMMITS_BY_IDS = select(*COMMIT).join(IDS, IDS.c.id == commits.c.id)

_COMMITS_WITH_REPOSITORIES = _COMMITS_BY_IDS.add_columns(*REPOSITORY).join(
    repositories, repositories.c.id == commits.c.repository_id
)

_COMMITS_BY_KEYS = select(*COMMIT).join(_GIVEN, _IS_GIVEN)

_CHANGES = json_rows("changes", commit_id=Id, filename=Text(), change=Text())

_ADD_CHANGES = (
    upsert(changed_files)
    .from_select(
        ["commit_id", "filename", "change"],
        select(_CHANGES.c.commit_id, _CHANGES.c.filename, _CHANGES.c.change).order_by(
            _CHANGES.c.commit_id, _CHANGES.c.filename
        ),
    )
    .on_conflict_do_nothing()
)

_CHANGES_OF = (
    select(*CHANGED_FILE)
    .join(IDS, IDS.c.id == changed_files.c.commit_id)
    .order_by(in_binary_order(changed_files.c.filename))
)

_REMOVE_CHANGES = delete(changed_files).where(changed_files.c.commit_id.in_(select(IDS.c.id)))

_REMOVE_COMMITS = delete(commits).where(commits.c.id.in_(select(IDS.c.id)))

GivenRow = tuple[int, str, int | None, str | None, datetime | None]


def ensure_commits(
    connection: Connection, organization_id: int, rows: Sequence[GivenRow], now: datetime
) -> dict[tuple[int, str], StoredCommit]:
    """Insert or update commits (repository, hash, author, message, date). Return the rows by (repository, hash).

    Values that are None leave stored ones as they are; the date of a new commit is then ``now``. Commits that are all
    new, as in most publishes, take one statement instead of three.
    """
    more: dict[str, object] = {"organization_id": organization_id, "now": now}
    inserted = connection.execute(_INSERT_COMMITS, rows_param("given", rows) | more)
    stored_commits = {
        (repository_id, key): StoredCommit(commit_id, repository_id, author_id, is_new=True)
        for repository_id, key, commit_id, author_id in inserted
    }
    known = [row for row in rows if row[:2] not in stored_commits]
    if known:
        parameters = rows_param("given", known)
        for repository_id, key, commit_id, author_id in connection.execute(
            _LOCK_COMMITS, parameters
        ):
            stored_commits[repository_id, key] = StoredCommit(
                commit_id, repository_id, author_id, is_new=False
            )
        connection.execute(_UPDATE_COMMITS, parameters)
    return stored_commits


def add_changes(connection: Connection, rows: Sequence[tuple[int, str, str]]) -> None:
    """Insert changed files (commit, file name, change); existing ones stay as they are."""
    if not rows:
        return
    connection.execute(_ADD_CHANGES, rows_param("changes", rows))


def commits_by_ids(connection: Connection, commit_ids: Collection[int]) -> dict[int, Commit]:
    """Return the commits with these ids, by id."""
    if not commit_ids:
        return {}
    return {
        row[0]: commit_of(*row)
        for row in connection.execute(_COMMITS_BY_IDS, ids_param(commit_ids))
    }


def commits_with_repositories(
    connection: Connection, commit_ids: Collection[int]
) -> tuple[dict[int, Commit], dict[int, Repository]]:
    """Return the commits with these ids and their repositories, each by id, in one statement."""
    if not commit_ids:
        return {}, {}
    rows = connection.execute(_COMMITS_WITH_REPOSITORIES, ids_param(commit_ids)).all()
    count = len(COMMIT)
    by_repository = {row[count]: row[count:] for row in rows}
    return (
        {row[0]: commit_of(*row[:count]) for row in rows},
        {key: read_repository(*columns) for key, columns in by_repository.items()},
    )


def commits_by_keys(
    connection: Connection, keys: Collection[tuple[int, str]]
) -> dict[tuple[int, str], Commit]:
    """Return the stored commits by (repository, hash)."""
    if not keys:
        return {}
    parameters = rows_param(
        "given", ((repository_id, key, None, None, None) for repository_id, key in keys)
    )
    result = [commit_of(*row) for row in connection.execute(_COMMITS_BY_KEYS, parameters)]
    return {(commit.repository_id, commit.sha): commit for commit in result}


def commits_of(
    connection: Connection, repository_id: int, place: KeysetPosition | None, *, limit: int
) -> list[Commit]:
    """Return the repository's commits after a position, newest first; or before it, nearest first."""
    query = select(*COMMIT).where(commits.c.repository_id == repository_id)
    return [commit_of(*row) for row in connection.execute(from_place(query, place).limit(limit))]


def from_place(
    query: Select[*tuple[Any, ...]], place: KeysetPosition | None
) -> Select[*tuple[Any, ...]]:
    """Return the query for the commits from a position on, in the order of its direction."""
    if place is None:
        return query.order_by(commits.c.created_at.desc(), commits.c.id.desc())
    here = tuple_(literal(place.at, UtcDateTime()), literal(place.id, Id))
    row = tuple_(commits.c.created_at, commits.c.id)
    if place.is_backwards:
        return query.where(row > here).order_by(commits.c.created_at, commits.c.id)
    return query.where(row < here).order_by(commits.c.created_at.desc(), commits.c.id.desc())


def some_of(connection: Connection, repository_id: int, *, limit: int) -> list[int]:
    """Return the ids of a batch of the repository's commits."""
    query = select(commits.c.id).where(commits.c.repository_id == repository_id).limit(limit)
    return list(connection.execute(query).scalars())


def remove_commits(connection: Connection, commit_ids: Collection[int]) -> None:
    """Delete commits and their changed files. The caller has cleared rows that refer to them without a foreign key."""
    connection.execute(_REMOVE_CHANGES, ids_param(commit_ids))
    connection.execute(_REMOVE_COMMITS, ids_param(commit_ids))


def clear_changes(connection: Connection, organization_id: int) -> None:
    """Delete the changed files of an organization, before its commits are deleted with their repositories."""
    query = select(commits.c.id).where(commits.c.organization_id == organization_id)
    connection.execute(delete(changed_files).where(changed_files.c.commit_id.in_(query)))


def changes_of(connection: Connection, commit_ids: Iterable[int]) -> dict[int, list[ChangedFile]]:
    """Return the changed files of each commit, by name."""
    files: dict[int, list[ChangedFile]] = {}
    for row in connection.execute(_CHANGES_OF, ids_param(commit_ids)):
        files.setdefault(row[1], []).append(changed_file(*row))
    return files


def commit_of(
    commit_id: int,
    key: str,
    repository_id: int,
    author_id: int | None,
    message: str | None,
    created_at: datetime,
) -> Commit:
    """Return a commit from the columns of `COMMIT`."""
    return Commit(
        id=commit_id,
        sha=key,
        repository_id=repository_id,
        author_id=author_id,
        message=message,
        created_at=created_at,
    )


def changed_file(file_id: int, commit_id: int, filename: str, change: str) -> ChangedFile:
    """Return a changed file from the columns of `CHANGED_FILE`."""
    return ChangedFile(id=file_id, commit_id=commit_id, filename=filename, change=Change(change))
