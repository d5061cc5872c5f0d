"""The table of tokens of organizations."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from shipmark.infrastructure.database import Id, UtcDateTime, in_binary_order
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.organizations.model import ListedToken, OrganizationToken


class OrganizationTokenColumns(sa.TypedColumns):
    """A token of an organization. ``digest`` is its SHA-256; ``last_project_id`` is the project of its last use."""

    id = sa.Column(Id, primary_key=True)
    organization_id = parent("organizations", index=True)
    name = sa.Column(sa.Text, nullable=False)
    digest = sa.Column(sa.String(64), nullable=False, unique=True)
    last_characters = sa.Column(sa.String(4), nullable=False)
    created_by = sa.Column(Id, sa.ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at = sa.Column(UtcDateTime, nullable=False)
    deactivated_at = sa.Column(UtcDateTime)
    last_used_at = sa.Column(UtcDateTime)
    last_project_id = sa.Column(Id)


tokens = table("organization_tokens", OrganizationTokenColumns)
TOKEN = RowReader(OrganizationToken, tokens)
_LISTED = RowReader(ListedToken, tokens)
#: The least time between two recorded uses of a token.
_USE_EVERY = timedelta(minutes=1)
_NOTE_USE = (
    sa.update(tokens)
    .where(
        tokens.c.id == sa.bindparam("token_id", type_=Id),
        sa.or_(
            tokens.c.last_used_at.is_(None),
            tokens.c.last_used_at < sa.bindparam("before", type_=UtcDateTime()),
        ),
    )
    .values(
        last_used_at=sa.bindparam("used_at", type_=UtcDateTime()),
        last_project_id=sa.func.coalesce(
            sa.bindparam("used_for", type_=Id), tokens.c.last_project_id
        ),
    )
)


def add_token(
    connection: sa.Connection,
    organization_id: int,
    *,
    name: str,
    digest: str,
    last_characters: str,
    by: int | None,
    at: datetime,
) -> int:
    """Insert a token by its digest. Return its id."""
    row: dict[str, object] = {
        "organization_id": organization_id,
        "name": name,
        "digest": digest,
        "last_characters": last_characters,
        "created_by": by,
        "created_at": at,
    }
    return connection.execute(sa.insert(tokens).values(row).returning(tokens.c.id)).scalar_one()


def token_by_digest(connection: sa.Connection, digest: str) -> OrganizationToken | None:
    """Return the active token with this digest, or None."""
    query = TOKEN.select().where(tokens.c.digest == digest, tokens.c.deactivated_at.is_(None))
    return TOKEN.first(connection, query)


def tokens_of(connection: sa.Connection, organization_id: int) -> list[ListedToken]:
    """Return the organization's active tokens: last used first, then by name, newest first."""
    query = (
        _LISTED.select()
        .where(tokens.c.organization_id == organization_id, tokens.c.deactivated_at.is_(None))
        .order_by(
            tokens.c.last_used_at.desc().nulls_last(),
            in_binary_order(tokens.c.name),
            tokens.c.created_at.desc(),
            tokens.c.id.desc(),
        )
    )
    return _LISTED.all(connection, query)


def token(connection: sa.Connection, organization_id: int, token_id: int) -> ListedToken | None:
    """Return the organization's active token with this id, or None."""
    query = _LISTED.select().where(
        tokens.c.organization_id == organization_id,
        tokens.c.id == token_id,
        tokens.c.deactivated_at.is_(None),
    )
    return _LISTED.first(connection, query)


def token_names(
    connection: sa.Connection, organization_id: int, token_ids: Collection[int]
) -> dict[int, str]:
    """Return the names of these tokens of the organization by id, also of those that are no longer active."""
    if not token_ids:
        return {}
    query = sa.select(tokens.c.id, tokens.c.name).where(
        tokens.c.organization_id == organization_id, tokens.c.id.in_(token_ids)
    )
    return {id_: name for id_, name in connection.execute(query)}


def rename_token(connection: sa.Connection, token_id: int, name: str) -> None:
    """Rename a token."""
    connection.execute(sa.update(tokens).where(tokens.c.id == token_id).values(name=name))


def deactivate_token(connection: sa.Connection, token_id: int, at: datetime) -> None:
    """Deactivate a token; its row stays."""
    statement = sa.update(tokens).where(tokens.c.id == token_id, tokens.c.deactivated_at.is_(None))
    connection.execute(statement.values(deactivated_at=at))


def record_use(
    connection: sa.Connection, token_id: int, project_id: int | None, at: datetime
) -> None:
    """Record a use of a token for a project, unless one was recorded within the last minute."""
    parameters = {"token_id": token_id, "before": at - _USE_EVERY}
    connection.execute(_NOTE_USE, parameters | {"used_at": at, "used_for": project_id})
