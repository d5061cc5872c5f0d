"""The table of repositories."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from shipmark.infrastructure import database as db
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, partial_index, table
from shipmark.infrastructure.text_search import contains
from shipmark.repositories.model import DELETION_STATUSES, Repository, RepositoryStatus


class RepositoryColumns(sa.TypedColumns):
    """A repository. Names repeat across providers, but are unique among active ones known by name only."""

    id = sa.Column(db.Id, primary_key=True)
    organization_id = parent("organizations")
    name = sa.Column(sa.String(200), nullable=False)
    url = sa.Column(sa.String(200))
    provider = sa.Column(sa.String(64))
    external_id = sa.Column(sa.String(64))
    status = sa.Column(sa.String(32), nullable=False)
    created_at = sa.Column(db.UtcDateTime, nullable=False)


repositories = table("repositories", RepositoryColumns)

# The status is written into the statement: PostgreSQL can't match a parameter with the predicate of an index once it
# has a generic plan, and the upsert then failed from about its tenth use on a connection on.
_nameless = sa.and_(
    repositories.c.provider.is_(None), repositories.c.status == sa.literal_column("'active'")
)
sa.Index(
    "ix_repositories_organization_id_name", repositories.c.organization_id, repositories.c.name
)
partial_index(
    "uq_repositories_known_by_name",
    repositories.c.organization_id,
    repositories.c.name,
    unique=True,
    where=_nameless,
)

REPOSITORY = RowReader(Repository, repositories, status=RepositoryStatus)
_BY_IDS = REPOSITORY.select().join(db.IDS, db.IDS.c.id == repositories.c.id)
_NAMES = db.json_rows("names", name=sa.Text())
_ACTIVE_BY_NAME = (
    sa.select(_NAMES.c.name, repositories.c.id)
    .join(_NAMES, _NAMES.c.name == repositories.c.name)
    .where(
        repositories.c.organization_id == sa.bindparam("organization_id"),
        repositories.c.status == RepositoryStatus.ACTIVE,
    )
    .order_by(repositories.c.id)
)
# Hosts of code take a name in any case, and so do clients that look for it in the list of repositories.
_IS_SAME_NAME = sa.func.lower(repositories.c.name) == sa.func.lower(_NAMES.c.name)
_IDS_IN_ANY_CASE = (
    sa.select(_NAMES.c.name, repositories.c.id)
    .join(_NAMES, _IS_SAME_NAME)
    .where(
        repositories.c.organization_id == sa.bindparam("organization_id"),
        repositories.c.status.not_in(DELETION_STATUSES),
    )
    .order_by(
        repositories.c.status == RepositoryStatus.ACTIVE,
        repositories.c.name == _NAMES.c.name,
        repositories.c.id,
    )
)
_HAS_ACTIVE = sa.exists().where(
    repositories.c.organization_id == sa.bindparam("organization_id"),
    _IS_SAME_NAME,
    repositories.c.status == RepositoryStatus.ACTIVE,
)
_ENSURE_NAMED = (
    db.upsert(repositories)
    .from_select(
        ["organization_id", "name", "status", "created_at"],
        sa.select(
            sa.bindparam("organization_id", type_=db.Id),
            _NAMES.c.name,
            sa.literal(RepositoryStatus.ACTIVE.value),
            sa.bindparam("at", type_=db.UtcDateTime()),
        )
        .where(~_HAS_ACTIVE)
        .order_by(_NAMES.c.name),
    )
    .on_conflict_do_nothing()
)


def page_of(
    connection: sa.Connection,
    organization_id: int,
    *,
    statuses: Collection[RepositoryStatus] | None,
    name_parts: Sequence[str],
    visible: sa.ColumnElement[bool] | None = None,
    limit: int,
    offset: int,
) -> list[Repository]:
    """Return a page of the organization's repositories by name, of any status if None, with any of the parts.

    ``visible`` is the condition on the repositories that the caller may see.
    """
    query = REPOSITORY.select().where(repositories.c.organization_id == organization_id)
    if statuses is not None:
        query = query.where(repositories.c.status.in_(list(statuses)))
    if name_parts:
        has_part = [contains(repositories.c.name, part) for part in name_parts]
        query = query.where(sa.or_(*has_part))
    if visible is not None:
        query = query.where(visible)
    query = (
        query.order_by(db.in_binary_order(repositories.c.name), repositories.c.id)
        .limit(limit)
        .offset(offset)
    )
    return REPOSITORY.all(connection, query)


def by_ids(connection: sa.Connection, repository_ids: Collection[int]) -> dict[int, Repository]:
    """Return the repositories with these ids, by id."""
    return REPOSITORY.by_ids(connection, _BY_IDS, repository_ids)


def in_organization(
    connection: sa.Connection,
    organization_id: int,
    repository_id: int,
    *,
    visible: sa.ColumnElement[bool] | None = None,
) -> Repository | None:
    """Return the organization's repository with this id, or None if there is none that the caller may see."""
    query = REPOSITORY.select().where(
        repositories.c.organization_id == organization_id, repositories.c.id == repository_id
    )
    if visible is not None:
        query = query.where(visible)
    return REPOSITORY.first(connection, query)


def is_any(connection: sa.Connection, organization_id: int) -> bool:
    """Return True if the organization has a repository."""
    query = sa.select(repositories.c.id).where(repositories.c.organization_id == organization_id)
    return connection.execute(query.limit(1)).first() is not None


def lock(connection: sa.Connection, repository_id: int) -> Repository | None:
    """Return the repository, locked against changes and new commits until the transaction ends, or None."""
    query = REPOSITORY.select().where(repositories.c.id == repository_id).with_for_update()
    return REPOSITORY.first(connection, query)


def organization_id_of(connection: sa.Connection, repository_id: int) -> int:
    """Return the organization id of a repository, which must exist."""
    query = sa.select(repositories.c.organization_id).where(repositories.c.id == repository_id)
    return connection.execute(query).scalar_one()


def change(
    connection: sa.Connection, repository_id: int, values: dict[str, str | None]
) -> Repository | None:
    """Change columns. Return None if another active one has the name, after which the transaction is unusable."""
    statement = sa.update(repositories).where(repositories.c.id == repository_id).values(values)
    try:
        return REPOSITORY.first(connection, statement.returning(*REPOSITORY.columns))
    except IntegrityError:
        return None


def remove(connection: sa.Connection, repository_id: int) -> None:
    """Delete a repository without commits."""
    connection.execute(sa.delete(repositories).where(repositories.c.id == repository_id))


def add_named(
    connection: sa.Connection, organization_id: int, name: str, url: str | None, at: datetime
) -> Repository:
    """Return the active repository known by this name only, created if missing, with this address.

    Without an address it keeps its own.
    """
    row = {"organization_id": organization_id, "name": name, "url": url, "status": "active"}
    statement = db.upsert(repositories).values(row | {"created_at": at})
    statement = statement.on_conflict_do_update(
        index_elements=["organization_id", "name"],
        index_where=_nameless,
        set_={"url": sa.func.coalesce(statement.excluded.url, repositories.c.url)},
    )
    return REPOSITORY(connection.execute(statement.returning(*REPOSITORY.columns)).one())


def named(connection: sa.Connection, organization_id: int, name: str) -> Repository | None:
    """Return the active repository that is known by this name only, or None."""
    query = REPOSITORY.select().where(
        repositories.c.organization_id == organization_id, repositories.c.name == name, _nameless
    )
    return REPOSITORY.first(connection, query)


def ids_by_name(
    connection: sa.Connection, organization_id: int, names: Collection[str]
) -> dict[str, int]:
    """Return the repository id of each name, in any case.

    Of several, an active one, then one of exactly that name, then the newest (names are not unique).
    """
    active = _ids_of(connection, _ACTIVE_BY_NAME, organization_id, names)
    if active.keys() >= set(names):
        return active
    return _ids_of(connection, _IDS_IN_ANY_CASE, organization_id, names)


def ensure_named(
    connection: sa.Connection, organization_id: int, names: Collection[str], at: datetime
) -> dict[str, int]:
    """Return the repository id of each name; without an active one, create one that is known by name only."""
    # Mostly all are there: then it is one statement.
    active = _ids_of(connection, _ACTIVE_BY_NAME, organization_id, names)
    if active.keys() >= set(names):
        return active
    connection.execute(_ENSURE_NAMED, _parameters(organization_id, names) | {"at": at})
    return _ids_of(connection, _IDS_IN_ANY_CASE, organization_id, names)


def _ids_of(
    connection: sa.Connection,
    query: sa.Select[str, int],
    organization_id: int,
    names: Collection[str],
) -> dict[str, int]:
    result = connection.execute(query, _parameters(organization_id, names))
    return {name: repository_id for name, repository_id in result}


def _parameters(organization_id: int, names: Collection[str]) -> dict[str, object]:
    rows = db.values_param("names", names)
    return {**rows, "organization_id": organization_id}
