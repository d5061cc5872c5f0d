"""The tables of members and teams."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    String,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    bindparam,
    delete,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from shipmark.accounts.store import emails, users
from shipmark.avatars.model import Avatar, AvatarKind, read_avatar
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
from shipmark.infrastructure.errors import Conflict
from shipmark.infrastructure.ids import id_of
from shipmark.organizations.model import Member, Role, Team


class MemberColumns(TypedColumns):
    """A user in an organization."""

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    user_id = Column(Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True)
    role = Column(String(32), nullable=False)
    created_at = Column(UtcDateTime, nullable=False)


class TeamColumns(TypedColumns):
    """A team; its slug is unique within the organization."""

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    slug = Column(String(50), nullable=False)
    name = Column(String(64), nullable=False)
    created_at = Column(UtcDateTime, nullable=False)
    avatar_kind = Column(String(16))
    avatar_ident = Column(String(32))


class TeamMemberColumns(TypedColumns):
    """A member on a team."""

    team_id = Column(Id, ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    member_id = Column(
        Id, ForeignKey("members.id", ondelete="CASCADE"), primary_key=True, index=True
    )


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
#: The columns of a team, for queries of packages above too.
_TEAM_NAMES = ("id", "slug", "name", "created_at", "avatar_kind", "avatar_ident")
TEAM = tuple(teams.c[name] for name in _TEAM_NAMES)
_MEMBER = (members.c.id, members.c.user_id, members.c.role, members.c.created_at)

TEAM_TAKEN = "A team with this slug already exists."

_ADDRESSES = json_rows("addresses", email=Text())
#: The verified addresses of active members, for queries of packages above too; ``organization_id`` is a parameter.
MEMBER_ADDRESSES = (
    select(emails.c.email, emails.c.user_id)
    .join(users, users.c.id == emails.c.user_id)
    .join(members, members.c.user_id == users.c.id)
    .where(
        members.c.organization_id == bindparam("organization_id"),
        emails.c.is_verified,
        users.c.is_active,
    )
)
_USERS_BY_EMAIL = MEMBER_ADDRESSES.join(_ADDRESSES, _ADDRESSES.c.email == emails.c.email)
_PHOTOS_BY_EMAIL = _USERS_BY_EMAIL.with_only_columns(
    emails.c.email, users.c.avatar_kind, users.c.avatar_ident
).where(users.c.avatar_kind == AvatarKind.UPLOAD.value)
_JOIN_TEAMS = (
    upsert(team_members)
    .from_select(
        ["team_id", "member_id"],
        select(IDS.c.id, bindparam("member_id", type_=Id)).order_by(IDS.c.id),
    )
    .on_conflict_do_nothing()
)
_MEMBER_COUNTS = (
    select(team_members.c.team_id, func.count())
    .join(IDS, IDS.c.id == team_members.c.team_id)
    .group_by(team_members.c.team_id)
)
_TEAMS_OF_USER = (
    select(team_members.c.team_id)
    .join(members, members.c.id == team_members.c.member_id)
    .where(
        members.c.organization_id == bindparam("organization_id", type_=Id),
        members.c.user_id == bindparam("user_id", type_=Id),
    )
)
_TEAMS_OF_MEMBER = (
    select(*TEAM)
    .join(team_members, team_members.c.team_id == teams.c.id)
    .where(team_members.c.member_id == bindparam("member_id", type_=Id))
    .order_by(in_binary_order(teams.c.slug))
)


def ensure_team(
    connection: Connection, organization_id: int, slug: str, name: str, at: datetime
) -> Team:
    """Return the team with this slug, created if missing."""
    row = {"organization_id": organization_id, "slug": slug, "name": name, "created_at": at}
    connection.execute(upsert(teams).values(row).on_conflict_do_nothing())
    made = team_by_slug(connection, organization_id, slug)
    assert made is not None
    return made


def team_by_slug(connection: Connection, organization_id: int, slug: str) -> Team | None:
    """Return the organization's team with this slug, or None."""
    query = select(*TEAM).where(teams.c.organization_id == organization_id, teams.c.slug == slug)
    row = connection.execute(query).first()
    return read_team(*row) if row else None


def team_by_slug_or_id(
    connection: Connection, organization_id: int, slug_or_id: str
) -> Team | None:
    """Return the organization's team with this slug, or with this id if all digits, or None."""
    team_id = id_of(slug_or_id)
    if team_id is None:
        return team_by_slug(connection, organization_id, slug_or_id)
    query = select(*TEAM).where(teams.c.organization_id == organization_id, teams.c.id == team_id)
    row = connection.execute(query).first()
    return read_team(*row) if row else None


def user_of_member(connection: Connection, organization_id: int, member_id: int) -> int | None:
    """Return the id of the user of the organization's member with this id, or None."""
    query = select(members.c.user_id).where(
        members.c.organization_id == organization_id, members.c.id == member_id
    )
    return connection.execute(query).scalar_one_or_none()


def ensure_member(
    connection: Connection, organization_id: int, user_id: int, role: Role, at: datetime
) -> int:
    """Return the id of the user's membership, created if missing; an existing member keeps the role."""
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
    """Add the member to the team, unless on it already."""
    row = {"team_id": team_id, "member_id": member_id}
    connection.execute(upsert(team_members).values(row).on_conflict_do_nothing())


def is_on_team(team_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that the user of the parameter ``member_user_id`` is on the team, for packages above."""
    return exists().where(
        team_members.c.team_id == team_id,
        team_members.c.member_id == members.c.id,
        members.c.user_id == bindparam("member_user_id", type_=Id),
    )


def users_by_email(
    connection: Connection, organization_id: int, addresses: Collection[str]
) -> dict[str, int]:
    """Return the active member whose verified address is each of these, in lower case. One statement for all."""
    if not addresses:
        return {}
    parameters = rows_param("addresses", ([each] for each in sorted(addresses)))
    result = connection.execute(_USERS_BY_EMAIL, parameters | {"organization_id": organization_id})
    return {email: user_id for email, user_id in result}


def avatars_by_email(
    connection: Connection, organization_id: int, addresses: Collection[str]
) -> dict[str, Avatar]:
    """Return the avatars of the members with these addresses, in lower case; only of members with a photo."""
    if not addresses:
        return {}
    parameters = rows_param("addresses", ([each] for each in sorted(addresses)))
    result = connection.execute(_PHOTOS_BY_EMAIL, parameters | {"organization_id": organization_id})
    return {email: read_avatar(kind, ident) for email, kind, ident in result}


def teams_of(connection: Connection, organization_id: int) -> list[Team]:
    """Return all teams of the organization, by slug."""
    query = select(*TEAM).where(teams.c.organization_id == organization_id)
    return [
        read_team(*row) for row in connection.execute(query.order_by(in_binary_order(teams.c.slug)))
    ]


def teams_of_member(connection: Connection, member_id: int) -> list[Team]:
    """Return the teams of a member, by slug."""
    return [
        read_team(*row) for row in connection.execute(_TEAMS_OF_MEMBER, {"member_id": member_id})
    ]


def team_ids_of(connection: Connection, organization_id: int, user_id: int) -> set[int]:
    """Return the ids of the user's teams in the organization."""
    parameters = {"organization_id": organization_id, "user_id": user_id}
    return set(connection.execute(_TEAMS_OF_USER, parameters).scalars())


def member_counts(connection: Connection, team_ids: Collection[int]) -> dict[int, int]:
    """Return the number of members of each team; teams without any are left out."""
    result = connection.execute(_MEMBER_COUNTS, ids_param(team_ids))
    return {team_id: count for team_id, count in result}


def add_team(
    connection: Connection, organization_id: int, slug: str, name: str, at: datetime
) -> Team | None:
    """Insert a team. Return None if the slug is taken."""
    row = {"organization_id": organization_id, "slug": slug, "name": name, "created_at": at}
    statement = upsert(teams).values(row).on_conflict_do_nothing().returning(*TEAM)
    made = connection.execute(statement).first()
    return read_team(*made) if made else None


def team_taken() -> Conflict:
    """Return the refusal of a slug that another team has."""
    return Conflict(TEAM_TAKEN, {"non_field_errors": [TEAM_TAKEN]})


def change_team(connection: Connection, team_id: int, values: Mapping[str, str]) -> None:
    """Change slug or name. Raise `Conflict` if another team has the slug."""
    try:
        connection.execute(update(teams).where(teams.c.id == team_id).values(**values))
    except IntegrityError:
        raise team_taken() from None


def remove_team(connection: Connection, team_id: int) -> None:
    """Delete a team; its members and projects stay."""
    connection.execute(delete(teams).where(teams.c.id == team_id))


def members_of(
    connection: Connection, organization_id: int, *, limit: int, offset: int
) -> list[Member]:
    """Return the organization's members, by id."""
    query = (
        select(*_MEMBER)
        .where(members.c.organization_id == organization_id)
        .order_by(members.c.id)
        .limit(limit)
        .offset(offset)
    )
    return [_member(*row) for row in connection.execute(query)]


def members_of_team(
    connection: Connection, team_id: int, *, limit: int, offset: int
) -> list[Member]:
    """Return the team's members, by id."""
    query = (
        select(*_MEMBER)
        .join(team_members, team_members.c.member_id == members.c.id)
        .where(team_members.c.team_id == team_id)
        .order_by(members.c.id)
        .limit(limit)
        .offset(offset)
    )
    return [_member(*row) for row in connection.execute(query)]


def member(connection: Connection, organization_id: int, member_id: int) -> Member | None:
    """Return the organization's member with this id, or None."""
    query = select(*_MEMBER).where(
        members.c.organization_id == organization_id, members.c.id == member_id
    )
    row = connection.execute(query).first()
    return _member(*row) if row else None


def member_who_is(connection: Connection, organization_id: int, user_id: int) -> Member | None:
    """Return the organization's member who is this user, or None."""
    query = select(*_MEMBER).where(
        members.c.organization_id == organization_id, members.c.user_id == user_id
    )
    row = connection.execute(query).first()
    return _member(*row) if row else None


def has_other_owner(connection: Connection, organization_id: int, member_id: int) -> bool:
    """Return True if there is an owner besides this member. Concurrent callers for one organization wait."""
    query = select(members.c.id).where(
        members.c.organization_id == organization_id,
        members.c.role == Role.OWNER.value,
        members.c.id != member_id,
    )
    return connection.execute(query.limit(1)).first() is not None


def set_role(connection: Connection, member_id: int, role: Role) -> None:
    """Store a member's role."""
    connection.execute(update(members).where(members.c.id == member_id).values(role=role.value))


def remove_member(connection: Connection, member_id: int) -> None:
    """Delete a member, also from teams; the user stays."""
    connection.execute(delete(members).where(members.c.id == member_id))


def join_teams(connection: Connection, team_ids: Collection[int], member_id: int) -> None:
    """Make these the member's only teams, in two statements."""
    others = team_members.c.team_id.not_in(select(IDS.c.id))
    on_others = delete(team_members).where(team_members.c.member_id == member_id, others)
    connection.execute(on_others, ids_param(team_ids))
    connection.execute(_JOIN_TEAMS, ids_param(team_ids) | {"member_id": member_id})


def leave_team(connection: Connection, team_id: int, member_id: int) -> bool:
    """Remove the member from the team. Return True if they were on it."""
    statement = delete(team_members).where(
        team_members.c.team_id == team_id, team_members.c.member_id == member_id
    )
    return connection.execute(statement).rowcount > 0


def is_team_member(connection: Connection, team_id: int, member_id: int) -> bool:
    """Return True if the member is on the team."""
    query = select(team_members.c.team_id).where(
        team_members.c.team_id == team_id, team_members.c.member_id == member_id
    )
    return connection.execute(query).first() is not None


def _member(member_id: int, user_id: int, role: str, created_at: datetime) -> Member:
    return Member(id=member_id, user_id=user_id, role=Role(role), created_at=created_at)


def read_team(
    team_id: int,
    slug: str,
    name: str,
    created_at: datetime,
    avatar_kind: str | None,
    avatar_ident: str | None,
) -> Team:
    """Return a team from a row with the columns of `TEAM`."""
    return Team(
        id=team_id,
        slug=slug,
        name=name,
        created_at=created_at,
        avatar=read_avatar(avatar_kind, avatar_ident),
    )
