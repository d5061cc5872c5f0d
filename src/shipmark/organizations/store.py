"""Where are organizations, members, teams and organization tokens kept?"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    String,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    and_,
    bindparam,
    exists,
    func,
    select,
)

from shipmark.accounts.store import emails, users
from shipmark.avatars.model import Avatar, AvatarKind, read_avatar
from shipmark.ground.database import Id, Moment, listed, metadata, rows, upsert
from shipmark.organizations.model import Organization, OrganizationToken, Role, Team


class OrganizationColumns(TypedColumns):
    """``is_open``: may every member see every project (open membership)?"""

    id = Column(Id, primary_key=True)
    slug = Column(String(50), nullable=False, unique=True)
    name = Column(String(64), nullable=False)
    is_open = Column(Boolean, nullable=False)
    created_at = Column(Moment, nullable=False)
    avatar_kind = Column(String(16))
    avatar_ident = Column(String(32))


class MemberColumns(TypedColumns):
    """A user in an organization."""

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    user_id = Column(Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True)
    role = Column(String(32), nullable=False)
    created_at = Column(Moment, nullable=False)


class TeamColumns(TypedColumns):
    """A team; its slug is unique within the organization."""

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    slug = Column(String(50), nullable=False)
    name = Column(String(64), nullable=False)
    created_at = Column(Moment, nullable=False)
    avatar_kind = Column(String(16))
    avatar_ident = Column(String(32))


class TeamMemberColumns(TypedColumns):
    """A member on a team."""

    team_id = Column(Id, ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    member_id = Column(
        Id, ForeignKey("members.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class OrganizationTokenColumns(TypedColumns):
    """A token of an organization. ``digest`` is its SHA-256."""

    id = Column(Id, primary_key=True)
    organization_id = Column(
        Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False, index=True
    )
    name = Column(Text, nullable=False)
    digest = Column(String(64), nullable=False, unique=True)
    last_characters = Column(String(4), nullable=False)
    created_by = Column(Id, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at = Column(Moment, nullable=False)
    deactivated_at = Column(Moment)


organizations = Table("organizations", metadata, OrganizationColumns, sqlite_autoincrement=True)
members = Table(
    "members",
    metadata,
    MemberColumns,
    UniqueConstraint("organization_id", "user_id"),
    sqlite_autoincrement=True,
)
teams = Table(
    "teams",
    metadata,
    TeamColumns,
    UniqueConstraint("organization_id", "slug"),
    sqlite_autoincrement=True,
)
team_members = Table("team_members", metadata, TeamMemberColumns)
tokens = Table("organization_tokens", metadata, OrganizationTokenColumns, sqlite_autoincrement=True)

_ORGANIZATION = (
    organizations.c.id,
    organizations.c.slug,
    organizations.c.name,
    organizations.c.is_open,
    organizations.c.created_at,
    organizations.c.avatar_kind,
    organizations.c.avatar_ident,
)

#: What rooms above need of a team.
TEAM = (
    teams.c.id,
    teams.c.slug,
    teams.c.name,
    teams.c.created_at,
    teams.c.avatar_kind,
    teams.c.avatar_ident,
)

_WITH_ROLE = select(*_ORGANIZATION, members.c.role).outerjoin(
    members,
    and_(
        members.c.organization_id == organizations.c.id,
        members.c.user_id == bindparam("user_id", type_=Id),
    ),
)
_BY_ID_WITH_ROLE = _WITH_ROLE.where(organizations.c.id == bindparam("name", type_=Id))
_BY_SLUG_WITH_ROLE = _WITH_ROLE.where(organizations.c.slug == bindparam("name", type_=Text()))

#: In an address only digits are an id, never a slug; one with more could not be an id.
ID_DIGITS_MAX = 19

_ADDRESSES = listed("addresses", email=Text())
_USERS_BY_EMAIL = (
    select(emails.c.email, emails.c.user_id)
    .join(_ADDRESSES, _ADDRESSES.c.email == emails.c.email)
    .join(users, users.c.id == emails.c.user_id)
    .join(members, members.c.user_id == users.c.id)
    .where(
        members.c.organization_id == bindparam("organization_id"),
        emails.c.is_verified,
        users.c.is_active,
    )
)
_PHOTOS_BY_EMAIL = _USERS_BY_EMAIL.with_only_columns(
    emails.c.email, users.c.avatar_kind, users.c.avatar_ident
).where(users.c.avatar_kind == AvatarKind.UPLOAD.value)


def with_role(
    connection: Connection, slug_or_id: str, user_id: int | None
) -> tuple[Organization, Role | None] | None:
    """The organization, with the role that the user has in it, if any."""
    is_id = slug_or_id.isascii() and slug_or_id.isdigit() and len(slug_or_id) < ID_DIGITS_MAX
    query = _BY_ID_WITH_ROLE if is_id else _BY_SLUG_WITH_ROLE
    name = int(slug_or_id) if is_id else slug_or_id
    row = connection.execute(query, {"name": name, "user_id": user_id}).first()
    if row is None:
        return None
    return _organization(*row[:7]), Role(row[7]) if row[7] else None


def take_turn(connection: Connection, organization_id: int) -> None:
    """Wait for those in the organization who do what one must do at a time, until their unit of work ends."""
    query = select(organizations.c.id).where(organizations.c.id == organization_id)
    connection.execute(query.with_for_update(key_share=True)).all()


def by_slug(connection: Connection, slug: str) -> Organization | None:
    """The organization with that slug."""
    row = connection.execute(select(*_ORGANIZATION).where(organizations.c.slug == slug)).first()
    return _organization(*row) if row else None


def by_id(connection: Connection, organization_id: int) -> Organization | None:
    """The organization with that id."""
    row = connection.execute(
        select(*_ORGANIZATION).where(organizations.c.id == organization_id)
    ).first()
    return _organization(*row) if row else None


def of_user(
    connection: Connection, user_id: int, *, limit: int, offset: int = 0
) -> list[tuple[Organization, Role]]:
    """The organizations that the user is a member of, newest first, with the roles."""
    query = (
        select(*_ORGANIZATION, members.c.role)
        .join(members, members.c.organization_id == organizations.c.id)
        .where(members.c.user_id == user_id)
        .order_by(organizations.c.created_at.desc(), organizations.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return [(_organization(*row[:7]), Role(row[7])) for row in connection.execute(query)]


def ensure(connection: Connection, slug: str, name: str, at: datetime) -> Organization:
    """The organization with that slug, made if missing."""
    row = {"slug": slug, "name": name, "is_open": True, "created_at": at}
    connection.execute(upsert(organizations).values(row).on_conflict_do_nothing())
    made = by_slug(connection, slug)
    assert made is not None
    return made


def ensure_team(
    connection: Connection, organization_id: int, slug: str, name: str, at: datetime
) -> Team:
    """The team with that slug, made if missing."""
    row = {"organization_id": organization_id, "slug": slug, "name": name, "created_at": at}
    connection.execute(upsert(teams).values(row).on_conflict_do_nothing())
    made = team_by_slug(connection, organization_id, slug)
    assert made is not None
    return made


def team_by_slug(connection: Connection, organization_id: int, slug: str) -> Team | None:
    """The organization's team with that slug."""
    query = select(*TEAM).where(teams.c.organization_id == organization_id, teams.c.slug == slug)
    row = connection.execute(query).first()
    return team(*row) if row else None


def team_by_slug_or_id(
    connection: Connection, organization_id: int, slug_or_id: str
) -> Team | None:
    """The organization's team with that slug, or that id if it is all digits."""
    is_id = slug_or_id.isascii() and slug_or_id.isdigit() and len(slug_or_id) < ID_DIGITS_MAX
    if not is_id:
        return team_by_slug(connection, organization_id, slug_or_id)
    query = select(*TEAM).where(
        teams.c.organization_id == organization_id, teams.c.id == int(slug_or_id)
    )
    row = connection.execute(query).first()
    return team(*row) if row else None


def is_on(connection: Connection, team_id: int, user_id: int) -> bool:
    """Is the user on the team?"""
    query = select(teams.c.id).where(teams.c.id == team_id, is_on_team(teams.c.id))
    return connection.execute(query, {"member_user_id": user_id}).first() is not None


def members_of_team(connection: Connection, team_id: int) -> int:
    """How many members are on the team."""
    query = select(func.count()).where(team_members.c.team_id == team_id)
    return connection.execute(query).scalar_one()


def avatars_by_email(
    connection: Connection, organization_id: int, addresses: Collection[str]
) -> dict[str, Avatar]:
    """How the members are shown who have these lower-case addresses, those only who have a photo."""
    if not addresses:
        return {}
    parameters = rows("addresses", ([each] for each in sorted(addresses)))
    found = connection.execute(_PHOTOS_BY_EMAIL, parameters | {"organization_id": organization_id})
    return {email: read_avatar(kind, ident) for email, kind, ident in found}


def user_of_member(connection: Connection, organization_id: int, member_id: int) -> int | None:
    """The user who is that member of the organization."""
    query = select(members.c.user_id).where(
        members.c.organization_id == organization_id, members.c.id == member_id
    )
    return connection.execute(query).scalar_one_or_none()


def ensure_member(
    connection: Connection, organization_id: int, user_id: int, role: Role, at: datetime
) -> int:
    """The membership's id; a known member keeps the role."""
    row = {
        "organization_id": organization_id,
        "user_id": user_id,
        "role": role.value,
        "created_at": at,
    }
    connection.execute(upsert(members).values(row).on_conflict_do_nothing())
    query = select(members.c.id).where(
        members.c.organization_id == organization_id, members.c.user_id == user_id
    )
    return connection.execute(query).scalar_one()


def join_team(connection: Connection, team_id: int, member_id: int) -> None:
    """Put the member on the team, unless there already."""
    row = {"team_id": team_id, "member_id": member_id}
    connection.execute(upsert(team_members).values(row).on_conflict_do_nothing())


def is_on_team(team_id: ColumnElement[int]) -> ColumnElement[bool]:
    """The condition that the user ``member_user_id`` (a parameter) is on that team, for the rooms above."""
    return exists().where(
        team_members.c.team_id == team_id,
        team_members.c.member_id == members.c.id,
        members.c.user_id == bindparam("member_user_id", type_=Id),
    )


def add_token(
    connection: Connection,
    organization_id: int,
    name: str,
    digest: str,
    last: str,
    by: int | None,
    at: datetime,
) -> None:
    """Keep a token by its digest."""
    row = {
        "organization_id": organization_id,
        "name": name,
        "digest": digest,
        "last_characters": last,
    }
    connection.execute(upsert(tokens).values(row | {"created_by": by, "created_at": at}))


def token_by_digest(connection: Connection, digest: str) -> OrganizationToken | None:
    """The token with that digest, unless it was deactivated."""
    query = select(tokens.c.id, tokens.c.organization_id).where(
        tokens.c.digest == digest, tokens.c.deactivated_at.is_(None)
    )
    row = connection.execute(query).first()
    return OrganizationToken(id=row[0], organization_id=row[1]) if row else None


def users_by_email(
    connection: Connection, organization_id: int, addresses: Collection[str]
) -> dict[str, int]:
    """Which active member has which of these lower-case addresses as a verified one? One statement for all."""
    if not addresses:
        return {}
    parameters = rows("addresses", ([each] for each in sorted(addresses)))
    found = connection.execute(_USERS_BY_EMAIL, parameters | {"organization_id": organization_id})
    return {email: user_id for email, user_id in found}


def team(
    team_id: int,
    slug: str,
    name: str,
    created_at: datetime,
    avatar_kind: str | None,
    avatar_ident: str | None,
) -> Team:
    """The team of a row of ``TEAM``."""
    return Team(
        id=team_id,
        slug=slug,
        name=name,
        created_at=created_at,
        avatar=read_avatar(avatar_kind, avatar_ident),
    )


def _organization(
    organization_id: int,
    slug: str,
    name: str,
    is_open: bool,
    created_at: datetime,
    avatar_kind: str | None,
    avatar_ident: str | None,
) -> Organization:
    return Organization(
        id=organization_id,
        slug=slug,
        name=name,
        is_open=is_open,
        created_at=created_at,
        avatar=read_avatar(avatar_kind, avatar_ident),
    )
