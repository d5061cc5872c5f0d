"""Where are repositories, commits, authors and changed files kept?

Everything that a publish writes is written for all commits at once: one statement each, whatever their number.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    and_,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.types import TypeEngine

from shipmark.ground.database import Id, Moment, listed, metadata, upsert
from shipmark.repositories.model import (
    Author,
    Change,
    ChangedFile,
    Commit,
    Repository,
    RepositoryStatus,
)


class RepositoryColumns(TypedColumns):
    """A repository. Names repeat across providers, but not among those that we know by name only."""

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    name = Column(String(200), nullable=False)
    url = Column(String(200))
    provider = Column(String(64))
    external_id = Column(String(64))
    status = Column(String(32), nullable=False)
    created_at = Column(Moment, nullable=False)


class AuthorColumns(TypedColumns):
    """An author, by address in lower case."""

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    name = Column(String(128))
    email = Column(String(200), nullable=False)


class CommitColumns(TypedColumns):
    """A commit. ``created_at`` is the moment that the client gave, or when we first heard of it."""

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, nullable=False)
    repository_id = Column(Id, ForeignKey("repositories.id", ondelete="CASCADE"), nullable=False)
    key = Column(String(64), nullable=False)
    author_id = Column(Id, ForeignKey("authors.id", ondelete="SET NULL"), index=True)
    message = Column(Text)
    created_at = Column(Moment, nullable=False)


class ChangedFileColumns(TypedColumns):
    """A file that a commit changed; ``change`` is A, D or M."""

    id = Column(Id, primary_key=True)
    commit_id = Column(Id, ForeignKey("commits.id", ondelete="CASCADE"), nullable=False)
    filename = Column(Text, nullable=False)
    change = Column(String(1), nullable=False)


repositories = Table("repositories", metadata, RepositoryColumns, sqlite_autoincrement=True)
_nameless = and_(repositories.c.provider.is_(None), repositories.c.status == "active")
Index("ix_repositories_organization_id_name", repositories.c.organization_id, repositories.c.name)
Index(
    "uq_repositories_known_by_name",
    repositories.c.organization_id,
    repositories.c.name,
    unique=True,
    sqlite_where=_nameless,
    postgresql_where=_nameless,
)
authors = Table(
    "authors",
    metadata,
    AuthorColumns,
    UniqueConstraint("organization_id", "email"),
    sqlite_autoincrement=True,
)
commits = Table(
    "commits",
    metadata,
    CommitColumns,
    UniqueConstraint("repository_id", "key"),
    Index("ix_commits_repository_id_created_at", "repository_id", "created_at", "id"),
    sqlite_autoincrement=True,
)
changed_files = Table(
    "changed_files",
    metadata,
    ChangedFileColumns,
    UniqueConstraint("commit_id", "filename"),
    sqlite_autoincrement=True,
)

_REPOSITORY = (
    repositories.c.id,
    repositories.c.name,
    repositories.c.url,
    repositories.c.provider,
    repositories.c.external_id,
    repositories.c.status,
    repositories.c.created_at,
)
COMMIT = (
    commits.c.id,
    commits.c.key,
    commits.c.repository_id,
    commits.c.author_id,
    commits.c.message,
    commits.c.created_at,
)


def page_of(
    connection: Connection,
    organization_id: int,
    *,
    status: str | None,
    name_part: str,
    limit: int,
    offset: int,
) -> list[Repository]:
    """A page of the organization's repositories by name; ``status`` null means any."""
    query = select(*_REPOSITORY).where(repositories.c.organization_id == organization_id)
    if status is not None:
        query = query.where(repositories.c.status == status)
    if name_part:
        query = query.where(repositories.c.name.icontains(name_part, autoescape=True))
    query = query.order_by(repositories.c.name, repositories.c.id).limit(limit).offset(offset)
    return [_repository(*row) for row in connection.execute(query)]


def by_ids(connection: Connection, repository_ids: Collection[int]) -> dict[int, Repository]:
    """The repositories of those ids."""
    if not repository_ids:
        return {}
    wanted = listed(connection, "wanted", {"id": Id}, [[i] for i in sorted(repository_ids)])
    query = select(*_REPOSITORY).join(wanted, wanted.c.id == repositories.c.id)
    return {row[0]: _repository(*row) for row in connection.execute(query)}


def in_organization(
    connection: Connection, organization_id: int, repository_id: int
) -> Repository | None:
    """The organization's repository of that id."""
    query = select(*_REPOSITORY).where(
        repositories.c.organization_id == organization_id, repositories.c.id == repository_id
    )
    row = connection.execute(query).first()
    return _repository(*row) if row else None


def add_named(
    connection: Connection, organization_id: int, name: str, url: str, at: datetime
) -> Repository:
    """The active repository known by that name only, made if missing, with that address."""
    row = {"organization_id": organization_id, "name": name, "url": url, "status": "active"}
    statement = upsert(connection, repositories).values(row | {"created_at": at})
    statement = statement.on_conflict_do_update(
        index_elements=["organization_id", "name"],
        index_where=_nameless,
        set_={"url": statement.excluded.url},
    )
    return _repository(*connection.execute(statement.returning(*_REPOSITORY)).one())


def ids_by_name(
    connection: Connection, organization_id: int, names: Collection[str]
) -> dict[str, int]:
    """The repository of each name: active ones go first, then newer ones (names are not unique)."""
    wanted = listed(connection, "wanted", {"name": Text()}, [[name] for name in sorted(names)])
    is_active = repositories.c.status == RepositoryStatus.ACTIVE
    query = (
        select(repositories.c.name, repositories.c.id)
        .join(wanted, wanted.c.name == repositories.c.name)
        .where(repositories.c.organization_id == organization_id)
        .order_by(is_active, repositories.c.id)
    )
    return {name: repository_id for name, repository_id in connection.execute(query)}


def ensure_named(
    connection: Connection, organization_id: int, names: Collection[str], at: datetime
) -> dict[str, int]:
    """The repository of each name; a name that no active one has gets one that we know by name only."""
    given = listed(connection, "given", {"name": Text()}, [[name] for name in sorted(names)])
    has_active = (
        select(repositories.c.id)
        .where(
            repositories.c.organization_id == organization_id,
            repositories.c.name == given.c.name,
            repositories.c.status == RepositoryStatus.ACTIVE,
        )
        .exists()
    )
    rows = (
        select(
            literal(organization_id, Id),
            given.c.name,
            literal(RepositoryStatus.ACTIVE.value),
            literal(at, Moment),
        )
        .where(~has_active)
        .order_by(given.c.name)
    )
    connection.execute(
        upsert(connection, repositories)
        .from_select(["organization_id", "name", "status", "created_at"], rows)
        .on_conflict_do_nothing()
    )
    return ids_by_name(connection, organization_id, names)


def ensure_authors(
    connection: Connection, organization_id: int, given: dict[str, str | None]
) -> dict[str, int]:
    """The author of each address, made if missing; a name that is said replaces the one we have."""
    if not given:
        return {}
    people = listed(
        connection,
        "given",
        {"email": Text(), "name": Text()},
        [[e, n] for e, n in sorted(given.items())],
    )
    rows = select(literal(organization_id, Id), people.c.email, people.c.name).order_by(
        people.c.email
    )
    statement = upsert(connection, authors).from_select(["organization_id", "email", "name"], rows)
    name = func.coalesce(statement.excluded.name, authors.c.name)
    found = connection.execute(
        statement.on_conflict_do_update(
            index_elements=["organization_id", "email"], set_={"name": name}
        ).returning(authors.c.email, authors.c.id)
    )
    return {email: author_id for email, author_id in found}


GivenRow = tuple[int, str, int | None, str | None, datetime | None]


def ensure_commits(
    connection: Connection, organization_id: int, given: Sequence[GivenRow], now: datetime
) -> dict[tuple[int, str], tuple[int, int | None]]:
    """Keep commits given as (repository, key, author, message, moment); says id and author of each (repository, key).

    What is null was not said: a commit that we have keeps what it had, a new one is of ``now``.
    """
    kinds: dict[str, TypeEngine[Any]] = {
        "repository_id": Id,
        "key": Text(),
        "author_id": Id,
        "message": Text(),
        "at": Moment(),
    }
    rows = listed(connection, "given", kinds, given)
    same = and_(commits.c.repository_id == rows.c.repository_id, commits.c.key == rows.c.key)
    _insert_commits(connection, organization_id, rows.c, now)
    author = func.coalesce(rows.c.author_id, commits.c.author_id)
    # In one order, so that two publishes that share commits wait for each other instead of deadlocking.
    found = connection.execute(
        select(commits.c.repository_id, commits.c.key, commits.c.id, author)
        .join(rows, same)
        .order_by(commits.c.repository_id, commits.c.key)
        .with_for_update(of=commits)
    )
    kept = {(repository_id, key): (it, by) for repository_id, key, it, by in found}
    connection.execute(
        update(commits)
        .where(same, _differs(rows.c))
        .values(
            author_id=author,
            message=func.coalesce(rows.c.message, commits.c.message),
            created_at=func.coalesce(rows.c.at, commits.c.created_at, type_=Moment()),
        )
    )
    return kept


def add_changes(connection: Connection, given: Sequence[tuple[int, str, str]]) -> None:
    """Keep changed files given as (commit, file name, change); those that we have stay as they are."""
    if not given:
        return
    kinds: dict[str, TypeEngine[Any]] = {"commit_id": Id, "filename": Text(), "change": Text()}
    rows = listed(connection, "given", kinds, given)
    connection.execute(
        upsert(connection, changed_files)
        .from_select(
            ["commit_id", "filename", "change"],
            select(rows.c.commit_id, rows.c.filename, rows.c.change).order_by(
                rows.c.commit_id, rows.c.filename
            ),
        )
        .on_conflict_do_nothing()
    )


def commits_by_ids(connection: Connection, commit_ids: Collection[int]) -> dict[int, Commit]:
    """The commits of those ids."""
    if not commit_ids:
        return {}
    wanted = listed(connection, "wanted", {"id": Id}, [[i] for i in sorted(commit_ids)])
    query = select(*COMMIT).join(wanted, wanted.c.id == commits.c.id)
    return {row[0]: commit_of(*row) for row in connection.execute(query)}


def commits_of(
    connection: Connection, repository_id: int, *, limit: int, offset: int
) -> list[Commit]:
    """A page of the repository's commits, newest first."""
    query = (
        select(*COMMIT)
        .where(commits.c.repository_id == repository_id)
        .order_by(commits.c.created_at.desc(), commits.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [commit_of(*row) for row in connection.execute(query)]


def authors_by_ids(connection: Connection, author_ids: Collection[int]) -> dict[int, Author]:
    """The authors of those ids."""
    if not author_ids:
        return {}
    wanted = listed(connection, "wanted", {"id": Id}, [[i] for i in sorted(author_ids)])
    query = select(authors.c.id, authors.c.name, authors.c.email).join(
        wanted, wanted.c.id == authors.c.id
    )
    return {i: Author(id=i, name=name, email=email) for i, name, email in connection.execute(query)}


def changes_of(connection: Connection, commit_ids: Iterable[int]) -> dict[int, list[ChangedFile]]:
    """The changed files of each commit, by name."""
    wanted = listed(connection, "wanted", {"id": Id}, [[i] for i in sorted(commit_ids)])
    query = (
        select(*CHANGED_FILE)
        .join(wanted, wanted.c.id == changed_files.c.commit_id)
        .order_by(changed_files.c.filename)
    )
    found: dict[int, list[ChangedFile]] = {}
    for row in connection.execute(query):
        found.setdefault(row[1], []).append(changed_file(*row))
    return found


CHANGED_FILE = (
    changed_files.c.id,
    changed_files.c.commit_id,
    changed_files.c.filename,
    changed_files.c.change,
)


def commit_of(
    commit_id: int,
    key: str,
    repository_id: int,
    author_id: int | None,
    message: str | None,
    created_at: datetime,
) -> Commit:
    """A commit from the columns of `COMMIT`."""
    return Commit(
        id=commit_id,
        key=key,
        repository_id=repository_id,
        author_id=author_id,
        message=message,
        created_at=created_at,
    )


def changed_file(file_id: int, commit_id: int, filename: str, change: str) -> ChangedFile:
    """A changed file from the columns of `CHANGED_FILE`."""
    return ChangedFile(id=file_id, commit_id=commit_id, filename=filename, change=Change(change))


def _insert_commits(
    connection: Connection,
    organization_id: int,
    given: ReadOnlyColumnCollection[str, Any],
    now: datetime,
) -> None:
    moment = func.coalesce(given.at, literal(now, Moment), type_=Moment())
    rows = select(
        literal(organization_id, Id),
        given.repository_id,
        given.key,
        given.author_id,
        given.message,
        moment,
    ).order_by(given.repository_id, given.key)
    columns = ["organization_id", "repository_id", "key", "author_id", "message", "created_at"]
    connection.execute(
        upsert(connection, commits).from_select(columns, rows).on_conflict_do_nothing()
    )


def _differs(given: ReadOnlyColumnCollection[str, Any]) -> ColumnElement[bool]:
    """Does what was said differ from what is kept? Most commits of a repeated publish don't."""
    return or_(
        and_(given.author_id.is_not(None), commits.c.author_id.is_distinct_from(given.author_id)),
        and_(given.message.is_not(None), commits.c.message.is_distinct_from(given.message)),
        and_(given.at.is_not(None), commits.c.created_at != given.at),
    )


def _repository(
    repository_id: int,
    name: str,
    url: str | None,
    provider: str | None,
    external_id: str | None,
    status: str,
    created_at: datetime,
) -> Repository:
    return Repository(
        id=repository_id,
        name=name,
        url=url,
        provider=provider,
        external_id=external_id,
        status=RepositoryStatus(status),
        created_at=created_at,
    )
