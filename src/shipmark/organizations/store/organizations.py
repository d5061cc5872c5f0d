"""The tables of organizations and their options."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    TypedColumns,
    and_,
    bindparam,
    delete,
    func,
    select,
    text,
    true,
    update,
)
from sqlalchemy.exc import IntegrityError

from shipmark.avatars.model import read_avatar
from shipmark.infrastructure.database import (
    Id,
    UtcDateTime,
    json_rows,
    metadata,
    rows_param,
    upsert,
)
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.infrastructure.ids import id_of
from shipmark.organizations import slugs
from shipmark.organizations.model import Flag, Organization, OrganizationStatus, Role
from shipmark.organizations.store.people import members


class OrganizationColumns(TypedColumns):
    """An organization. ``is_open``: every member may see every project (open membership)."""

    id = Column(Id, primary_key=True)
    slug = Column(String(50), nullable=False, unique=True)
    name = Column(String(64), nullable=False)
    is_open = Column(Boolean, nullable=False)
    created_at = Column(UtcDateTime, nullable=False)
    status = Column(String(24), nullable=False, server_default=text("'active'"))
    default_role = Column(String(32), nullable=False, server_default=text("'member'"))
    flags = Column(Integer, nullable=False, server_default=text("0"))
    deletes_events = Column(Boolean, nullable=False, server_default=true())
    writes_alerts = Column(Boolean, nullable=False, server_default=true())
    avatar_kind = Column(String(16))
    avatar_ident = Column(String(32))


class OptionColumns(TypedColumns):
    """The value of an option, as JSON. An option that was never set has no row."""

    organization_id = Column(
        Id, ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    )
    key = Column(String(64), primary_key=True)
    value = Column(Text, nullable=False)


organizations = Table("organizations", metadata, OrganizationColumns, sqlite_autoincrement=True)
options = Table("organization_options", metadata, OptionColumns)

#: The columns of an organization.
ORGANIZATION = (
    organizations.c.id,
    organizations.c.slug,
    organizations.c.name,
    organizations.c.is_open,
    organizations.c.created_at,
    organizations.c.status,
    organizations.c.default_role,
    organizations.c.flags,
    organizations.c.deletes_events,
    organizations.c.writes_alerts,
    organizations.c.avatar_kind,
    organizations.c.avatar_ident,
)

_WITH_ROLE = select(*ORGANIZATION, members.c.role).outerjoin(
    members,
    and_(
        members.c.organization_id == organizations.c.id,
        members.c.user_id == bindparam("user_id", type_=Id),
    ),
)
_BY_ID_WITH_ROLE = _WITH_ROLE.where(organizations.c.id == bindparam("name", type_=Id))
_BY_SLUG_WITH_ROLE = _WITH_ROLE.where(organizations.c.slug == bindparam("name", type_=Text()))

_GIVEN_OPTIONS = json_rows("given_options", key=Text(), value=Text())
_INSERT_OPTIONS = upsert(options).from_select(
    ["organization_id", "key", "value"],
    select(
        bindparam("organization_id", type_=Id), _GIVEN_OPTIONS.c.key, _GIVEN_OPTIONS.c.value
    ).order_by(_GIVEN_OPTIONS.c.key),
)
_KEEP_OPTIONS = _INSERT_OPTIONS.on_conflict_do_update(
    index_elements=["organization_id", "key"], set_={"value": _INSERT_OPTIONS.excluded.value}
)


def organization_and_role(
    connection: Connection, slug_or_id: str, user_id: int | None
) -> tuple[Organization, Role | None] | None:
    """Return the organization, and the role of the user in it, if any."""
    organization_id = id_of(slug_or_id)
    query = _BY_SLUG_WITH_ROLE if organization_id is None else _BY_ID_WITH_ROLE
    name = slug_or_id if organization_id is None else organization_id
    row = connection.execute(query, {"name": name, "user_id": user_id}).first()
    if row is None:
        return None
    role = row[-1]
    return read_organization(row[:-1]), Role(str(role)) if role else None


def lock_organization(connection: Connection, organization_id: int) -> None:
    """Lock the organization until the transaction ends, for operations that must not run concurrently in it."""
    query = select(organizations.c.id).where(organizations.c.id == organization_id)
    connection.execute(query.with_for_update(key_share=True)).all()


def by_slug(connection: Connection, slug: str) -> Organization | None:
    """Return the organization with this slug, or None."""
    row = connection.execute(select(*ORGANIZATION).where(organizations.c.slug == slug)).first()
    return read_organization(row) if row else None


def by_id(connection: Connection, organization_id: int) -> Organization | None:
    """Return the organization with this id, or None."""
    row = connection.execute(
        select(*ORGANIZATION).where(organizations.c.id == organization_id)
    ).first()
    return read_organization(row) if row else None


def of_user(
    connection: Connection, user_id: int, *, limit: int | None = None
) -> list[tuple[Organization, Role]]:
    """Return the organizations of the user, newest first, with the roles."""
    query = (
        select(*ORGANIZATION, members.c.role)
        .join(members, members.c.organization_id == organizations.c.id)
        .where(members.c.user_id == user_id)
        .order_by(organizations.c.created_at.desc(), organizations.c.id.desc())
        .limit(limit)
    )
    return [(read_organization(row[:-1]), Role(str(row[-1]))) for row in connection.execute(query)]


def ensure(connection: Connection, slug: str, name: str, at: datetime) -> Organization:
    """Return the organization with this slug, created if missing."""
    row = {"slug": slug, "name": name, "is_open": True, "created_at": at}
    connection.execute(upsert(organizations).values(row).on_conflict_do_nothing())
    made = by_slug(connection, slug)
    assert made is not None
    return made


def lock(connection: Connection, organization_id: int) -> Organization | None:
    """Return the organization, locked against changes until the transaction ends, or None."""
    query = select(*ORGANIZATION).where(organizations.c.id == organization_id)
    row = connection.execute(query.with_for_update(key_share=True)).first()
    return read_organization(row) if row else None


def lock_to_delete(connection: Connection, organization_id: int) -> Organization | None:
    """Return the organization, locked against changes and against new rows that refer to it, or None."""
    query = select(*ORGANIZATION).where(organizations.c.id == organization_id)
    row = connection.execute(query.with_for_update()).first()
    return read_organization(row) if row else None


def default_id(connection: Connection) -> int | None:
    """Return the id of the default organization, which was created first, or None."""
    return connection.execute(select(func.min(organizations.c.id))).scalar_one()


def change(connection: Connection, organization_id: int, values: Mapping[str, Any]) -> None:
    """Change columns. Raise `ValidationFailed` if another organization has the slug: the constraint decides races."""
    statement = update(organizations).where(organizations.c.id == organization_id)
    try:
        connection.execute(statement.values(**values))
    except IntegrityError:
        raise ValidationFailed({"slug": [slugs.taken(values["slug"])]}) from None


def remove(connection: Connection, organization_id: int) -> None:
    """Delete an organization; foreign keys delete or clear the rows that refer to it."""
    connection.execute(delete(organizations).where(organizations.c.id == organization_id))


def options_of(connection: Connection, organization_id: int) -> dict[str, object]:
    """Return the organization's stored options, by key."""
    query = select(options.c.key, options.c.value).where(
        options.c.organization_id == organization_id
    )
    return {key: json.loads(value) for key, value in connection.execute(query)}


def save_options(
    connection: Connection, organization_id: int, values: Mapping[str, object]
) -> None:
    """Store options, by key, in one statement."""
    parameters = rows_param(
        "given_options", ([key, json.dumps(value)] for key, value in sorted(values.items()))
    )
    connection.execute(_KEEP_OPTIONS, parameters | {"organization_id": organization_id})


def read_organization(row: Sequence[Any]) -> Organization:
    """Return an organization from a row with the columns of `ORGANIZATION`."""
    organization_id, slug, name, is_open, created_at, status, role, flags, deletes, writes = row[
        :10
    ]
    return Organization(
        id=organization_id,
        slug=slug,
        name=name or slug,
        is_open=is_open,
        created_at=created_at,
        status=OrganizationStatus(status),
        default_role=Role(role),
        flags=Flag(flags),
        deletes_events=deletes,
        writes_alerts=writes,
        avatar=read_avatar(*row[10:12]),
    )
