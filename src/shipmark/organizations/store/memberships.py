"""Queries over the memberships of users: their organizations and roles."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from shipmark.infrastructure.database import IDS, ids_param
from shipmark.organizations.model import Role
from shipmark.organizations.store.organizations import organizations
from shipmark.organizations.store.people import members

_ROLES_OF_USERS = (
    select(members.c.user_id, organizations.c.slug, members.c.role)
    .join(organizations, organizations.c.id == members.c.organization_id)
    .join(IDS, IDS.c.id == members.c.user_id)
    .order_by(members.c.user_id, organizations.c.slug)
)


def roles_of_users(
    connection: Connection, user_ids: Collection[int]
) -> dict[int, list[tuple[str, Role]]]:
    """Return the slugs of each user's organizations, with the user's role there, in one statement."""
    rows: dict[int, list[tuple[str, Role]]] = {}
    for user_id, slug, role in connection.execute(_ROLES_OF_USERS, ids_param(user_ids)):
        rows.setdefault(user_id, []).append((slug, Role(role)))
    return rows
