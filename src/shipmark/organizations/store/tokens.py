"""The table of tokens of organizations."""

from datetime import datetime, timedelta

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    String,
    Table,
    Text,
    TypedColumns,
    bindparam,
    func,
    insert,
    or_,
    select,
    update,
)

from shipmark.infrastructure.database import Id, UtcDateTime, in_binary_order, metadata
from shipmark.organizations.model import ListedToken, OrganizationToken


class OrganizationTokenColumns(TypedColumns):
    """A token of an organization. ``digest`` is its SHA-256; ``last_project_id`` is the project of its last use."""

    id = Column(Id, primary_key=True)
    organization_id = Column(
        Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False, index=True
    )
    name = Column(Text, nullable=False)
    digest = Column(String(64), nullable=False, unique=True)
    last_characters = Column(String(4), nullable=False)
    created_by = Column(Id, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at = Column(UtcDateTime, nullable=False)
    deactivated_at = Column(UtcDateTime)
    last_used_at = Column(UtcDateTime)
    last_project_id = Column(Id)


tokens = Table("organization_tokens", metadata, OrganizationTokenColumns, sqlite_autoincrement=True)

_LISTED = (
    tokens.c.id,
    tokens.c.name,
    tokens.c.last_characters,
    tokens.c.created_at,
    tokens.c.last_used_at,
    tokens.c.last_project_id,
    tokens.c.created_by,
)
#: The least time between two recorded uses of a token.
_USE_EVERY = timedelta(minutes=1)
_NOTE_USE = (
    update(tokens)
    .where(
        tokens.c.id == bindparam("token_id", type_=Id),
        or_(
            tokens.c.last_used_at.is_(None),
            tokens.c.last_used_at < bindparam("before", type_=UtcDateTime()),
        ),
    )
    .values(
        last_used_at=bindparam("used_at", type_=UtcDateTime()),
        last_project_id=func.coalesce(bindparam("used_for", type_=Id), tokens.c.last_project_id),
    )
)


def add_token(
    connection: Connection,
    organization_id: int,
    name: str,
    digest: str,
    last: str,
    by: int | None,
    at: datetime,
) -> int:
    """Insert a token by its digest. Return its id."""
    row = {
        "organization_id": organization_id,
        "name": name,
        "digest": digest,
        "last_characters": last,
    }
    statement = insert(tokens).values(row | {"created_by": by, "created_at": at})
    return connection.execute(statement.returning(tokens.c.id)).scalar_one()


def token_by_digest(connection: Connection, digest: str) -> OrganizationToken | None:
    """Return the active token with this digest, or None."""
    query = select(tokens.c.id, tokens.c.organization_id).where(
        tokens.c.digest == digest, tokens.c.deactivated_at.is_(None)
    )
    row = connection.execute(query).first()
    return OrganizationToken(id=row[0], organization_id=row[1]) if row else None


def tokens_of(connection: Connection, organization_id: int) -> list[ListedToken]:
    """Return the organization's active tokens: last used first, then by name, newest first."""
    query = (
        select(*_LISTED)
        .where(tokens.c.organization_id == organization_id, tokens.c.deactivated_at.is_(None))
        .order_by(
            tokens.c.last_used_at.desc().nulls_last(),
            in_binary_order(tokens.c.name),
            tokens.c.created_at.desc(),
            tokens.c.id.desc(),
        )
    )
    return [_listed(*row) for row in connection.execute(query)]


def token(connection: Connection, organization_id: int, token_id: int) -> ListedToken | None:
    """Return the organization's active token with this id, or None."""
    query = select(*_LISTED).where(
        tokens.c.organization_id == organization_id,
        tokens.c.id == token_id,
        tokens.c.deactivated_at.is_(None),
    )
    row = connection.execute(query).first()
    return _listed(*row) if row else None


def rename_token(connection: Connection, token_id: int, name: str) -> None:
    """Rename a token."""
    connection.execute(update(tokens).where(tokens.c.id == token_id).values(name=name))


def deactivate_token(connection: Connection, token_id: int, at: datetime) -> None:
    """Deactivate a token; its row stays."""
    statement = update(tokens).where(tokens.c.id == token_id, tokens.c.deactivated_at.is_(None))
    connection.execute(statement.values(deactivated_at=at))


def record_use(connection: Connection, token_id: int, project_id: int | None, at: datetime) -> None:
    """Record a use of a token for a project, unless one was recorded within the last minute."""
    parameters = {"token_id": token_id, "before": at - _USE_EVERY}
    connection.execute(_NOTE_USE, parameters | {"used_at": at, "used_for": project_id})


def _listed(
    token_id: int,
    name: str,
    last_characters: str,
    created_at: datetime,
    last_used_at: datetime | None,
    last_project_id: int | None,
    created_by: int | None,
) -> ListedToken:
    return ListedToken(
        id=token_id,
        name=name,
        last_characters=last_characters,
        created_at=created_at,
        last_used_at=last_used_at,
        last_project_id=last_project_id,
        created_by=created_by,
    )
