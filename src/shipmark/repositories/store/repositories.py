"""The table of repositories."""

from collections.abc import Collection, Sequence
from datetime import datetime

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
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

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
from shipmark.repositories.model import DELETION_STATUSES, Repository, RepositoryStatus


class RepositoryColumns(TypedColumns):
    """A repository. Names repeat across providers, but are unique among active ones known by name only."""

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    name = Column(String(200), nullable=False)
    url = Column(String(200))
    provider = Column(String(64))
    external_id = Column(String(64))
    status = Column(String(32), nullable=False)
    created_at = Column(UtcDateTime, nullable=False)


repositories = Table("repositories", metadata, RepositoryColumns, sqlite_autoincrement=True)

# The status is written into the statement: PostgreSQL can't match a parameter with the predicate of an index once it
# has a generic plan, and the upsert then failed from about its tenth use on a connection on.
_nameless = and_(
    repositories.c.provider.is_(None), repositories.c.status == literal_column("'active'")
)


Index("ix_repositories_organization_id_name", repositories.c.organization_id, repositories.c.name)


Index(
    "uq_repositories_known_by_name",
    repositories.c.organization_id,
    repositories.c.name,
    unique=True,
    sqlite_where=_nameless,
    postgresql_where=_nameless,
)


REPOSITORY = (
    repositories.c.id,
    repositories.c.name,
    repositories.c.url,
    repositories.c.provider,
    repositories.c.external_id,
    repositories.c.status,
    repositories.c.created_at,
)

_BY_IDS = select(*REPOSITORY).join(IDS, IDS.c.id == repositories.c.id)

_NAMES = json_rows("names", name=Text())

_IDS_BY_NAME = (
    select(repositories.c.name, repositories.c.id)
    .join(_NAMES, _NAMES.c.name == repositories.c.name)
    .where(
        repositories.c.organization_id == bindparam("organization_id"),
        repositories.c.status.not_in(DELETION_STATUSES),
    )
    .order_by(repositories.c.status == RepositoryStatus.ACTIVE, repositories.c.id)
)

_HAS_ACTIVE = exists().where(
    repositories.c.organization_id == bindparam("organization_id"),
    repositories.c.name == _NAMES.c.name,
    repositories.c.status == RepositoryStatus.ACTIVE,
)

_ENSURE_NAMED = (
    upsert(repositories)
    .from_select(
        ["organization_id", "name", "status", "created_at"],
        select(
            bindparam("organization_id", type_=Id),
            _NAMES.c.name,
            literal(RepositoryStatus.ACTIVE.value),
            bindparam("at", type_=UtcDateTime()),
        )
        .where(~_HAS_ACTIVE)
        .order_by(_NAMES.c.name),
    )
    .on_conflict_do_nothing()
)


def page_of(
    connection: Connection,
    organization_id: int,
    *,
    statuses: Collection[RepositoryStatus] | None,
    name_parts: Sequence[str],
    visible: ColumnElement[bool] | None = None,
    limit: int,
    offset: int,
) -> list[Repository]:
    """Return a page of the organization's repositories by name, of any status if None, with any of the parts.

    ``visible`` is the condition on the repositories that the caller may see.
    """
    query = select(*REPOSITORY).where(repositories.c.organization_id == organization_id)
    if statuses is not None:
        query = query.where(repositories.c.status.in_(list(statuses)))
    if name_parts:
        has_part = [repositories.c.name.icontains(part, autoescape=True) for part in name_parts]
        query = query.where(or_(*has_part))
    if visible is not None:
        query = query.where(visible)
    query = (
        query.order_by(in_binary_order(repositories.c.name), repositories.c.id)
        .limit(limit)
        .offset(offset)
    )
    return [read_repository(*row) for row in connection.execute(query)]


def by_ids(connection: Connection, repository_ids: Collection[int]) -> dict[int, Repository]:
    """Return the repositories with these ids, by id."""
    if not repository_ids:
        return {}
    rows = connection.execute(_BY_IDS, ids_param(repository_ids))
    return {row[0]: read_repository(*row) for row in rows}


def in_organization(
    connection: Connection,
    organization_id: int,
    repository_id: int,
    *,
    visible: ColumnElement[bool] | None = None,
) -> Repository | None:
    """Return the organization's repository with this id, or None if there is none that the caller may see."""
    query = select(*REPOSITORY).where(
        repositories.c.organization_id == organization_id, repositories.c.id == repository_id
    )
    if visible is not None:
        query = query.where(visible)
    row = connection.execute(query).first()
    return read_repository(*row) if row else None


def is_any(connection: Connection, organization_id: int) -> bool:
    """Return True if the organization has a repository."""
    query = select(repositories.c.id).where(repositories.c.organization_id == organization_id)
    return connection.execute(query.limit(1)).first() is not None


def lock(connection: Connection, repository_id: int) -> Repository | None:
    """Return the repository, locked against changes and new commits until the transaction ends, or None."""
    query = select(*REPOSITORY).where(repositories.c.id == repository_id).with_for_update()
    row = connection.execute(query).first()
    return read_repository(*row) if row else None


def organization_id_of(connection: Connection, repository_id: int) -> int:
    """Return the organization id of a repository, which must exist."""
    query = select(repositories.c.organization_id).where(repositories.c.id == repository_id)
    return connection.execute(query).scalar_one()


def change(
    connection: Connection, repository_id: int, values: dict[str, str | None]
) -> Repository | None:
    """Change columns. Return None if another active one has the name, after which the transaction is unusable."""
    statement = update(repositories).where(repositories.c.id == repository_id).values(values)
    try:
        row = connection.execute(statement.returning(*REPOSITORY)).one()
    except IntegrityError:
        return None
    return read_repository(*row)


def remove(connection: Connection, repository_id: int) -> None:
    """Delete a repository without commits."""
    connection.execute(delete(repositories).where(repositories.c.id == repository_id))


def add_named(
    connection: Connection, organization_id: int, name: str, url: str | None, at: datetime
) -> Repository:
    """Return the active repository known by this name only, created if missing, with this address.

    Without an address it keeps its own.
    """
    row = {"organization_id": organization_id, "name": name, "url": url, "status": "active"}
    statement = upsert(repositories).values(row | {"created_at": at})
    statement = statement.on_conflict_do_update(
        index_elements=["organization_id", "name"],
        index_where=_nameless,
        set_={"url": func.coalesce(statement.excluded.url, repositories.c.url)},
    )
    return read_repository(*connection.execute(statement.returning(*REPOSITORY)).one())


def named(connection: Connection, organization_id: int, name: str) -> Repository | None:
    """Return the active repository that is known by this name only, or None."""
    query = select(*REPOSITORY).where(
        repositories.c.organization_id == organization_id, repositories.c.name == name, _nameless
    )
    row = connection.execute(query).first()
    return read_repository(*row) if row else None


def ids_by_name(
    connection: Connection, organization_id: int, names: Collection[str]
) -> dict[str, int]:
    """Return the repository id of each name: of several, an active one, then the newest (names are not unique)."""
    parameters = rows_param("names", ([name] for name in sorted(names)))
    result = connection.execute(_IDS_BY_NAME, parameters | {"organization_id": organization_id})
    return {name: repository_id for name, repository_id in result}


def ensure_named(
    connection: Connection, organization_id: int, names: Collection[str], at: datetime
) -> dict[str, int]:
    """Return the repository id of each name; without an active one, create one that is known by name only."""
    value = rows_param("names", ([name] for name in sorted(names)))
    parameters = {"organization_id": organization_id, "at": at}
    connection.execute(_ENSURE_NAMED, value | parameters)
    return ids_by_name(connection, organization_id, names)


def read_repository(
    repository_id: int,
    name: str,
    url: str | None,
    provider: str | None,
    external_id: str | None,
    status: str,
    created_at: datetime,
) -> Repository:
    """Return a repository from a row with the columns of `REPOSITORY`."""
    return Repository(
        id=repository_id,
        name=name,
        url=url,
        provider=provider,
        external_id=external_id,
        status=RepositoryStatus(status),
        created_at=created_at,
    )
