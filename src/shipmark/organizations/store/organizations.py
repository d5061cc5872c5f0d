"""The tables of organizations and their options."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from shipmark.avatars.model import read_avatar
from shipmark.infrastructure import database as db
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.infrastructure.groups import grouped
from shipmark.infrastructure.ids import id_of
from shipmark.infrastructure.inserts import insert_missing, insert_rows
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.organizations import slugs
from shipmark.organizations.model import Flag, Organization, OrganizationStatus, Role
from shipmark.organizations.store.people import members


class OrganizationColumns(sa.TypedColumns):
    """An organization. ``is_open``: every member may see every project (open membership)."""

    id = sa.Column(db.Id, primary_key=True)
    slug = sa.Column(sa.String(50), nullable=False, unique=True)
    name = sa.Column(sa.String(64), nullable=False)
    is_open = sa.Column(sa.Boolean, nullable=False)
    created_at = sa.Column(db.UtcDateTime, nullable=False)
    status = sa.Column(sa.String(24), nullable=False, server_default=sa.text("'active'"))
    default_role = sa.Column(sa.String(32), nullable=False, server_default=sa.text("'member'"))
    flags = sa.Column(sa.Integer, nullable=False, server_default=sa.text("0"))
    deletes_events = sa.Column(sa.Boolean, nullable=False, server_default=sa.true())
    writes_alerts = sa.Column(sa.Boolean, nullable=False, server_default=sa.true())
    avatar_kind = sa.Column(sa.String(16))
    avatar_ident = sa.Column(sa.String(32))


class OptionColumns(sa.TypedColumns):
    """The value of an option, as JSON. An option that was never set has no row."""

    organization_id = parent("organizations", primary_key=True)
    key = sa.Column(sa.String(64), primary_key=True)
    value = sa.Column(sa.Text, nullable=False)


organizations = table("organizations", OrganizationColumns)
options = table("organization_options", OptionColumns)
ORGANIZATION = RowReader(
    Organization,
    organizations,
    name=(lambda name, slug: name or slug, organizations.c.name, organizations.c.slug),
    status=OrganizationStatus,
    default_role=Role,
    flags=Flag,
    avatar=(read_avatar, organizations.c.avatar_kind, organizations.c.avatar_ident),
)
_OF_USER = (
    ORGANIZATION.select(members.c.role)
    .join(members, members.c.organization_id == organizations.c.id)
    .where(members.c.user_id == sa.bindparam("user_id"))
    .order_by(organizations.c.created_at.desc(), organizations.c.id.desc())
)
_SOME_OF_USER = _OF_USER.limit(sa.bindparam("limit", type_=sa.Integer()))
_WITH_ROLE = ORGANIZATION.select(members.c.role).outerjoin(
    members,
    sa.and_(
        members.c.organization_id == organizations.c.id,
        members.c.user_id == sa.bindparam("user_id", type_=db.Id),
    ),
)
_BY_ID_WITH_ROLE = _WITH_ROLE.where(organizations.c.id == sa.bindparam("name", type_=db.Id))
_BY_SLUG_WITH_ROLE = _WITH_ROLE.where(organizations.c.slug == sa.bindparam("name", type_=sa.Text()))
_INSERT_OPTIONS = insert_rows(
    options, "given_options", ("key", "value"), shared=("organization_id",)
)
_KEEP_OPTIONS = _INSERT_OPTIONS.on_conflict_do_update(
    index_elements=["organization_id", "key"], set_={"value": _INSERT_OPTIONS.excluded.value}
)
_ROLES_OF_USERS = (
    sa.select(members.c.user_id, organizations.c.slug, members.c.role)
    .join(organizations, organizations.c.id == members.c.organization_id)
    .join(db.IDS, db.IDS.c.id == members.c.user_id)
    .order_by(members.c.user_id, organizations.c.slug)
)


def organization_and_role(
    connection: sa.Connection, slug_or_id: str, user_id: int | None
) -> tuple[Organization, Role | None] | None:
    """Return the organization, and the role of the user in it, if any."""
    organization_id = id_of(slug_or_id)
    query = _BY_SLUG_WITH_ROLE if organization_id is None else _BY_ID_WITH_ROLE
    name = slug_or_id if organization_id is None else organization_id
    row = connection.execute(query, {"name": name, "user_id": user_id}).first()
    if row is None:
        return None
    role = row[-1]
    return ORGANIZATION(row), Role(str(role)) if role else None


def lock_organization(connection: sa.Connection, organization_id: int) -> None:
    """Lock the organization until the transaction ends, for operations that must not run concurrently in it."""
    query = sa.select(organizations.c.id).where(organizations.c.id == organization_id)
    connection.execute(query.with_for_update(key_share=True)).all()


def by_slug(connection: sa.Connection, slug: str) -> Organization | None:
    """Return the organization with this slug, or None."""
    return ORGANIZATION.first(connection, ORGANIZATION.select().where(organizations.c.slug == slug))


def by_id(connection: sa.Connection, organization_id: int) -> Organization | None:
    """Return the organization with this id, or None."""
    return ORGANIZATION.first(connection, _by_id(organization_id))


def of_user(
    connection: sa.Connection, user_id: int, *, limit: int | None = None
) -> list[tuple[Organization, Role]]:
    """Return the organizations of the user, newest first, with the roles."""
    query = _OF_USER if limit is None else _SOME_OF_USER
    rows = connection.execute(query, {"user_id": user_id, "limit": limit})
    return [(ORGANIZATION(row), Role(row[-1])) for row in rows]


def ensure(connection: sa.Connection, slug: str, name: str, at: datetime) -> Organization:
    """Return the organization with this slug, created if missing."""
    row = {"slug": slug, "name": name, "is_open": True, "created_at": at}
    insert_missing(connection, organizations, row)
    organization = by_slug(connection, slug)
    assert organization is not None
    return organization


def lock(connection: sa.Connection, organization_id: int) -> Organization | None:
    """Return the organization, locked against changes until the transaction ends, or None."""
    return ORGANIZATION.first(connection, _by_id(organization_id).with_for_update(key_share=True))


def lock_to_delete(connection: sa.Connection, organization_id: int) -> Organization | None:
    """Return the organization, locked against changes and against new rows that refer to it, or None."""
    return ORGANIZATION.first(connection, _by_id(organization_id).with_for_update())


def default_id(connection: sa.Connection) -> int | None:
    """Return the id of the default organization, which was created first, or None."""
    return connection.execute(sa.select(sa.func.min(organizations.c.id))).scalar_one()


def change(connection: sa.Connection, organization_id: int, values: Mapping[str, Any]) -> None:
    """Change columns. Raise `ValidationFailed` if another organization has the slug: the constraint decides races."""
    statement = sa.update(organizations).where(organizations.c.id == organization_id)
    try:
        connection.execute(statement.values(**values))
    except IntegrityError:
        raise ValidationFailed({"slug": [slugs.taken(values["slug"])]}) from None


def remove(connection: sa.Connection, organization_id: int) -> None:
    """Delete an organization; foreign keys delete or clear the rows that refer to it."""
    connection.execute(sa.delete(organizations).where(organizations.c.id == organization_id))


def options_of(connection: sa.Connection, organization_id: int) -> dict[str, object]:
    """Return the organization's stored options, by key."""
    query = sa.select(options.c.key, options.c.value).where(
        options.c.organization_id == organization_id
    )
    return {key: json.loads(value) for key, value in connection.execute(query)}


def save_options(
    connection: sa.Connection, organization_id: int, values: Mapping[str, object]
) -> None:
    """Store options, by key, in one statement."""
    parameters = db.rows_param(
        "given_options", ([key, json.dumps(value)] for key, value in sorted(values.items()))
    )
    connection.execute(_KEEP_OPTIONS, parameters | {"organization_id": organization_id})


def roles_of_users(
    connection: sa.Connection, user_ids: Collection[int]
) -> dict[int, list[tuple[str, Role]]]:
    """Return the slugs of each user's organizations, with the user's role there, in one statement."""
    rows = connection.execute(_ROLES_OF_USERS, db.ids_param(user_ids))
    return grouped((user_id, (slug, Role(role))) for user_id, slug, role in rows)


def _by_id(organization_id: int) -> sa.Select[*tuple[Any, ...]]:
    return ORGANIZATION.select().where(organizations.c.id == organization_id)
