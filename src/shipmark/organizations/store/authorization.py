"""A caller's token together with the organization that a path names: one statement for each request."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Executable, Text, and_, bindparam, select

from shipmark.accounts.model import UserToken
from shipmark.accounts.store import TOKEN, read_token, users
from shipmark.accounts.store import tokens as user_tokens
from shipmark.infrastructure.database import Id
from shipmark.infrastructure.ids import id_of
from shipmark.organizations.model import Organization, OrganizationToken, Role
from shipmark.organizations.store.organizations import (
    ORGANIZATION,
    organizations,
    read_organization,
)
from shipmark.organizations.store.people import members
from shipmark.organizations.store.tokens import tokens

_BY_ID = organizations.c.id == bindparam("name", type_=Id)
_BY_SLUG = organizations.c.slug == bindparam("name", type_=Text())
_IS_MEMBER = and_(
    members.c.organization_id == organizations.c.id, members.c.user_id == user_tokens.c.user_id
)
_USER_TOKEN = (
    select(*TOKEN, *ORGANIZATION, members.c.role)
    .join(users, users.c.id == user_tokens.c.user_id)
    .where(user_tokens.c.digest == bindparam("digest"))
)
_ORGANIZATION_TOKEN = select(tokens.c.id, tokens.c.organization_id, *ORGANIZATION).where(
    tokens.c.digest == bindparam("digest"), tokens.c.deactivated_at.is_(None)
)
_USER_BY_ID, _USER_BY_SLUG = (
    _USER_TOKEN.outerjoin(organizations, named).outerjoin(members, _IS_MEMBER)
    for named in (_BY_ID, _BY_SLUG)
)
_OWN_BY_ID, _OWN_BY_SLUG = (
    _ORGANIZATION_TOKEN.outerjoin(organizations, named) for named in (_BY_ID, _BY_SLUG)
)


def user_token_in(
    connection: Connection, digest: str, slug_or_id: str
) -> tuple[UserToken, Organization | None, Role | None] | None:
    """Return the token with this digest, the organization, and the role of the token's user in it."""
    row = _first(connection, _USER_BY_ID, _USER_BY_SLUG, digest, slug_or_id)
    if row is None:
        return None
    role = Role(str(row[-1])) if row[-1] else None
    return read_token(row), _organization(row[len(TOKEN) : -1]), role


def organization_token_in(
    connection: Connection, digest: str, slug_or_id: str
) -> tuple[OrganizationToken, Organization | None] | None:
    """Return the active token with this digest, and the organization of the path, which may differ from the token's."""
    row = _first(connection, _OWN_BY_ID, _OWN_BY_SLUG, digest, slug_or_id)
    if row is None:
        return None
    return OrganizationToken(id=row[0], organization_id=row[1]), _organization(row[2:])


def _first(
    connection: Connection, by_id: Executable, by_slug: Executable, digest: str, slug_or_id: str
) -> Sequence[Any] | None:
    organization_id = id_of(slug_or_id)
    query = by_slug if organization_id is None else by_id
    name = slug_or_id if organization_id is None else organization_id
    return connection.execute(query, {"digest": digest, "name": name}).first()


def _organization(row: Sequence[Any]) -> Organization | None:
    return None if row[0] is None else read_organization(row)
