"""A caller's token together with the organization that a path names: one statement for each request."""

from collections.abc import Sequence

import sqlalchemy as sa

from shipmark.accounts.model import UserToken
from shipmark.accounts.store import TOKEN, users
from shipmark.accounts.store import tokens as user_tokens
from shipmark.infrastructure.database import Id
from shipmark.infrastructure.ids import id_of
from shipmark.organizations.model import Organization, OrganizationToken, Role
from shipmark.organizations.store.organizations import ORGANIZATION, organizations
from shipmark.organizations.store.people import members
from shipmark.organizations.store.tokens import TOKEN as ORGANIZATION_TOKEN
from shipmark.organizations.store.tokens import tokens

_BY_ID = organizations.c.id == sa.bindparam("name", type_=Id)
_BY_SLUG = organizations.c.slug == sa.bindparam("name", type_=sa.Text())
_IS_MEMBER = sa.and_(
    members.c.organization_id == organizations.c.id, members.c.user_id == user_tokens.c.user_id
)
_USER_TOKEN = (
    sa.select(*TOKEN.columns, *ORGANIZATION.columns, members.c.role)
    .join(users, users.c.id == user_tokens.c.user_id)
    .where(user_tokens.c.digest == sa.bindparam("digest"))
)
_ORGANIZATION_TOKEN = sa.select(*ORGANIZATION_TOKEN.columns, *ORGANIZATION.columns).where(
    tokens.c.digest == sa.bindparam("digest"), tokens.c.deactivated_at.is_(None)
)
_USER_BY_ID, _USER_BY_SLUG = (
    _USER_TOKEN.outerjoin(organizations, named).outerjoin(members, _IS_MEMBER)
    for named in (_BY_ID, _BY_SLUG)
)
_OWN_BY_ID, _OWN_BY_SLUG = (
    _ORGANIZATION_TOKEN.outerjoin(organizations, named) for named in (_BY_ID, _BY_SLUG)
)


def user_token_in(
    connection: sa.Connection, digest: str, slug_or_id: str
) -> tuple[UserToken, Organization | None, Role | None] | None:
    """Return the token with this digest, the organization, and the role of the token's user in it."""
    row = _first(connection, _USER_BY_ID, _USER_BY_SLUG, digest, slug_or_id)
    if row is None:
        return None
    role = Role(str(row[-1])) if row[-1] else None
    return TOKEN(row), _organization(row[len(TOKEN.columns) : -1]), role


def organization_token_in(
    connection: sa.Connection, digest: str, slug_or_id: str
) -> tuple[OrganizationToken, Organization | None] | None:
    """Return the active token with this digest, and the organization of the path, which may differ from the token's."""
    row = _first(connection, _OWN_BY_ID, _OWN_BY_SLUG, digest, slug_or_id)
    if row is None:
        return None
    return ORGANIZATION_TOKEN(row), _organization(row[len(ORGANIZATION_TOKEN.columns) :])


def _first(
    connection: sa.Connection,
    by_id: sa.Executable,
    by_slug: sa.Executable,
    digest: str,
    slug_or_id: str,
) -> Sequence[object] | None:
    organization_id = id_of(slug_or_id)
    query = by_slug if organization_id is None else by_id
    name = slug_or_id if organization_id is None else organization_id
    return connection.execute(query, {"digest": digest, "name": name}).first()


def _organization(row: Sequence[object]) -> Organization | None:
    return None if row[0] is None else ORGANIZATION(row)
