"""The tables of commits and changed files. All of a publish are written at once, whatever their number."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.keyset import KeysetPosition, from_position
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.repositories.model import Change, ChangedFile, Commit, Repository, StoredCommit
from shipmark.repositories.store.repositories import REPOSITORY, repositories


class CommitColumns(sa.TypedColumns):
    """A commit. ``created_at`` is the date that the client sent, or that of the first request with the commit.

    ``author_id`` has no foreign key: authors are never deleted, and thousands of commits are inserted at once.
    """

    id = sa.Column(db.Id, primary_key=True)
    organization_id = sa.Column(db.Id, nullable=False)
    repository_id = parent("repositories")
    key = sa.Column(sa.String(64), nullable=False)
    author_id = sa.Column(db.Id)
    message = sa.Column(sa.Text)
    created_at = sa.Column(db.UtcDateTime, nullable=False)


class ChangedFileColumns(sa.TypedColumns):
    """A file that a commit changed; ``change`` is A, D or M. Without a foreign key, as rows come by the thousand."""

    id = sa.Column(db.Id, primary_key=True)
    commit_id = sa.Column(db.Id, nullable=False)
    filename = sa.Column(sa.Text, nullable=False)
    change = sa.Column(sa.String(1), nullable=False)


commits = table(
    "commits",
    CommitColumns,
    sa.UniqueConstraint("repository_id", "key"),
    sa.Index("ix_commits_repository_id_created_at", "repository_id", "created_at", "id"),
    sa.Index("ix_commits_organization_id_created_at", "organization_id", "created_at", "id"),
)

changed_files = table(
    "changed_files", ChangedFileColumns, sa.UniqueConstraint("commit_id", "filename")
)

COMMIT = RowReader(Commit, commits, sha=commits.c.key)
CHANGED_FILE = RowReader(ChangedFile, changed_files, change=Change)

_GIVEN = db.json_rows(
    "given",
    repository_id=db.Id,
    key=sa.Text(),
    author_id=db.Id,
    message=sa.Text(),
    at=db.UtcDateTime(),
)

_IS_GIVEN = sa.and_(
    commits.c.repository_id == _GIVEN.c.repository_id, commits.c.key == _GIVEN.c.key
)

_AUTHOR = sa.func.coalesce(_GIVEN.c.author_id, commits.c.author_id)

_INSERT_COMMITS = (
    db.upsert(commits)
    .from_select(
        ["organization_id", "repository_id", "key", "author_id", "message", "created_at"],
        sa.select(
            sa.bindparam("organization_id", type_=db.Id),
            _GIVEN.c.repository_id,
            _GIVEN.c.key,
            _GIVEN.c.author_id,
            _GIVEN.c.message,
            sa.func.coalesce(
                _GIVEN.c.at, sa.bindparam("now", type_=db.UtcDateTime()), type_=db.UtcDateTime()
            ),
        ).order_by(_GIVEN.c.repository_id, db.in_binary_order(_GIVEN.c.key)),
    )
    .on_conflict_do_nothing()
    .returning(commits.c.repository_id, commits.c.key, commits.c.id, commits.c.author_id)
)

# In one order, so that two publishes that share commits wait instead of deadlocking.
_LOCK_COMMITS = (
    sa.select(commits.c.repository_id, commits.c.key, commits.c.id, _AUTHOR)
    .join(_GIVEN, _IS_GIVEN)
    .order_by(commits.c.repository_id, db.in_binary_order(commits.c.key))
    .with_for_update(key_share=True, of=commits)
)

# Most commits of a repeated publish don't differ from the stored ones.
_UPDATE_COMMITS = (
    sa.update(commits)
    .where(
        _IS_GIVEN,
        sa.or_(
            sa.and_(
                _GIVEN.c.author_id.is_not(None),
                commits.c.author_id.is_distinct_from(_GIVEN.c.author_id),
            ),
            sa.and_(
                _GIVEN.c.message.is_not(None),
                commits.c.message.is_distinct_from(_GIVEN.c.message),
            ),
            sa.and_(_GIVEN.c.at.is_not(None), commits.c.created_at != _GIVEN.c.at),
        ),
    )
    .values(
        author_id=_AUTHOR,
        message=sa.func.coalesce(_GIVEN.c.message, commits.c.message),
        created_at=sa.func.coalesce(_GIVEN.c.at, commits.c.created_at, type_=db.UtcDateTime()),
    )
)

_COMMITS_BY_IDS = COMMIT.select().join(db.IDS, db.IDS.c.id == commits.c.id)

_COMMITS_WITH_REPOSITORIES = _COMMITS_BY_IDS.add_columns(*REPOSITORY.columns).join(
    repositories, repositories.c.id == commits.c.repository_id
)

_COMMITS_BY_KEYS = COMMIT.select().join(_GIVEN, _IS_GIVEN)

_ADD_CHANGES = insert_rows(
    changed_files,
    "changes",
    ("commit_id", "filename", "change"),
    order_by=("commit_id", "filename"),
).on_conflict_do_nothing()

_CHANGES_OF = (
    CHANGED_FILE.select()
    .join(db.IDS, db.IDS.c.id == changed_files.c.commit_id)
    .order_by(db.in_binary_order(changed_files.c.filename))
)

_REMOVE_CHANGES = sa.delete(changed_files).where(db.in_ids(changed_files.c.commit_id))

_REMOVE_COMMITS = sa.delete(commits).where(db.in_ids(commits.c.id))

GivenRow = tuple[int, str, int | None, str | None, datetime | None]


def ensure_commits(
    connection: sa.Connection, organization_id: int, rows: Sequence[GivenRow], now: datetime
) -> dict[tuple[int, str], StoredCommit]:
    """Insert or update commits (repository, hash, author, message, date). Return the rows by (repository, hash).

    Values that are None leave stored ones as they are; the date of a new commit is then ``now``. Commits that are all
    new, as in most publishes, take one statement instead of three.
    """
    more: dict[str, object] = {"organization_id": organization_id, "now": now}
    inserted = connection.execute(_INSERT_COMMITS, db.rows_param("given", rows) | more)
    stored_commits = {
        (repository_id, key): StoredCommit(commit_id, repository_id, author_id, is_new=True)
        for repository_id, key, commit_id, author_id in inserted
    }
    known = [row for row in rows if row[:2] not in stored_commits]
    if known:
        parameters = db.rows_param("given", known)
        for repository_id, key, commit_id, author_id in connection.execute(
            _LOCK_COMMITS, parameters
        ):
            stored_commits[repository_id, key] = StoredCommit(
                commit_id, repository_id, author_id, is_new=False
            )
        connection.execute(_UPDATE_COMMITS, parameters)
    return stored_commits


def add_changes(connection: sa.Connection, rows: Sequence[tuple[int, str, str]]) -> None:
    """Insert changed files (commit, file name, change); existing ones stay as they are."""
    if not rows:
        return
    connection.execute(_ADD_CHANGES, db.rows_param("changes", rows))


def commits_by_ids(connection: sa.Connection, commit_ids: Collection[int]) -> dict[int, Commit]:
    """Return the commits with these ids, by id."""
    return COMMIT.by_ids(connection, _COMMITS_BY_IDS, commit_ids)


def commits_with_repositories(
    connection: sa.Connection, commit_ids: Collection[int]
) -> tuple[dict[int, Commit], dict[int, Repository]]:
    """Return the commits with these ids and their repositories, each by id, in one statement."""
    if not commit_ids:
        return {}, {}
    rows = connection.execute(_COMMITS_WITH_REPOSITORIES, db.ids_param(commit_ids)).all()
    count = len(COMMIT.columns)
    # A page has the commits of few repositories.
    by_repository = {row[count]: row for row in rows}
    return (
        {row[0]: COMMIT(row) for row in rows},
        {key: REPOSITORY(row[count:]) for key, row in by_repository.items()},
    )


def commits_by_keys(
    connection: sa.Connection, keys: Collection[tuple[int, str]]
) -> dict[tuple[int, str], Commit]:
    """Return the stored commits by (repository, hash)."""
    if not keys:
        return {}
    parameters = db.rows_param(
        "given", ((repository_id, key, None, None, None) for repository_id, key in keys)
    )
    result = COMMIT.all(connection, _COMMITS_BY_KEYS, parameters)
    return {(commit.repository_id, commit.sha): commit for commit in result}


def commits_of(
    connection: sa.Connection, repository_id: int, position: KeysetPosition | None, *, limit: int
) -> list[Commit]:
    """Return the repository's commits after a position, newest first; or before it, nearest first."""
    query = COMMIT.select().where(commits.c.repository_id == repository_id)
    query = from_position(query, commits.c.created_at, commits.c.id, position).limit(limit)
    return COMMIT.all(connection, query)


def some_of(connection: sa.Connection, repository_id: int, *, limit: int) -> list[int]:
    """Return the ids of a batch of the repository's commits."""
    query = sa.select(commits.c.id).where(commits.c.repository_id == repository_id).limit(limit)
    return list(connection.execute(query).scalars())


def remove_commits(connection: sa.Connection, commit_ids: Collection[int]) -> None:
    """Delete commits and their changed files. The caller has cleared rows that refer to them without a foreign key."""
    connection.execute(_REMOVE_CHANGES, db.ids_param(commit_ids))
    connection.execute(_REMOVE_COMMITS, db.ids_param(commit_ids))


def clear_changes(connection: sa.Connection, organization_id: int) -> None:
    """Delete the changed files of an organization, before its commits are deleted with their repositories."""
    query = sa.select(commits.c.id).where(commits.c.organization_id == organization_id)
    connection.execute(sa.delete(changed_files).where(changed_files.c.commit_id.in_(query)))


def changes_of(
    connection: sa.Connection, commit_ids: Iterable[int]
) -> dict[int, list[ChangedFile]]:
    """Return the changed files of each commit, by name."""
    files: dict[int, list[ChangedFile]] = {}
    for file in CHANGED_FILE.all(connection, _CHANGES_OF, db.ids_param(commit_ids)):
        files.setdefault(file.commit_id, []).append(file)
    return files
