"""The tables of members and teams."""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from shipmark.accounts.store import emails, users
from shipmark.avatars.model import Avatar, AvatarKind, read_avatar
from shipmark.infrastructure import database as db
from shipmark.infrastructure.errors import Conflict
from shipmark.infrastructure.groups import grouped
from shipmark.infrastructure.ids import id_of
from shipmark.infrastructure.inserts import insert_missing, insert_rows
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.organizations.model import Member, Role, Team


class MemberColumns(sa.TypedColumns):
    """A user in an organization."""

    id = sa.Column(db.Id, primary_key=True)
    organization_id = parent("organizations")
    user_id = parent("users", index=True)
    role = sa.Column(sa.String(32), nullable=False)
    created_at = sa.Column(db.UtcDateTime, nullable=False)


class TeamColumns(sa.TypedColumns):
    """A team; its slug is unique within the organization."""

    id = sa.Column(db.Id, primary_key=True)
    organization_id = parent("organizations")
    slug = sa.Column(sa.String(50), nullable=False)
    name = sa.Column(sa.String(64), nullable=False)
    created_at = sa.Column(db.UtcDateTime, nullable=False)
    avatar_kind = sa.Column(sa.String(16))
    avatar_ident = sa.Column(sa.String(32))


class TeamMemberColumns(sa.TypedColumns):
    """A member on a team."""

    team_id = parent("teams", primary_key=True)
    member_id = parent("members", primary_key=True, index=True)


members = table("members", MemberColumns, sa.UniqueConstraint("organization_id", "user_id"))
teams = table("teams", TeamColumns, sa.UniqueConstraint("organization_id", "slug"))
team_members = table("team_members", TeamMemberColumns)
#: The reader of teams, for queries of packages above too.
TEAM = RowReader(Team, teams, avatar=(read_avatar, teams.c.avatar_kind, teams.c.avatar_ident))
_MEMBER = RowReader(Member, members, role=Role)

_WITH_ONE_OWNER = (
    sa.select(members.c.organization_id)
    .join(db.IDS, db.IDS.c.id == members.c.organization_id)
    .where(members.c.role == Role.OWNER.value)
    .group_by(members.c.organization_id)
    .having(sa.func.count() == 1)
)

TEAM_TAKEN = "A team with this slug already exists."

_ADDRESSES = db.json_rows("addresses", email=sa.Text())
#: The verified addresses of active members, for queries of packages above too; ``organization_id`` is a parameter.
MEMBER_ADDRESSES = (
    sa.select(emails.c.email, emails.c.user_id)
    .join(users, users.c.id == emails.c.user_id)
    .join(members, members.c.user_id == users.c.id)
    .where(
        members.c.organization_id == sa.bindparam("organization_id"),
        emails.c.is_verified,
        users.c.is_active,
    )
)
_USERS_BY_EMAIL = MEMBER_ADDRESSES.join(_ADDRESSES, _ADDRESSES.c.email == emails.c.email)
_PHOTOS_BY_EMAIL = _USERS_BY_EMAIL.with_only_columns(
    emails.c.email, users.c.avatar_kind, users.c.avatar_ident
).where(users.c.avatar_kind == AvatarKind.UPLOAD.value)
_ORGANIZATIONS_OF_ADDRESSES = (
    sa.select(emails.c.email, members.c.organization_id)
    .join(members, members.c.user_id == emails.c.user_id)
    .join(_ADDRESSES, _ADDRESSES.c.email == emails.c.email)
)
_ORGANIZATIONS_OF_MEMBERS = sa.select(members.c.id, members.c.organization_id).join(
    db.IDS, db.IDS.c.id == members.c.id
)
_JOIN_TEAMS = insert_rows(
    team_members, "teams", ("team_id",), shared=("member_id",)
).on_conflict_do_nothing()
_MEMBER_COUNTS = (
    sa.select(team_members.c.team_id, sa.func.count())
    .join(db.IDS, db.IDS.c.id == team_members.c.team_id)
    .group_by(team_members.c.team_id)
)
_TEAMS_OF_USER = (
    sa.select(team_members.c.team_id)
    .join(members, members.c.id == team_members.c.member_id)
    .where(
        members.c.organization_id == sa.bindparam("organization_id", type_=db.Id),
        members.c.user_id == sa.bindparam("user_id", type_=db.Id),
    )
)
_TEAM_IDS_OF_MEMBERS = sa.select(team_members.c.member_id, team_members.c.team_id).join(
    db.IDS, db.IDS.c.id == team_members.c.member_id
)
_TEAMS_OF_MEMBER = (
    TEAM.select()
    .join(team_members, team_members.c.team_id == teams.c.id)
    .where(team_members.c.member_id == sa.bindparam("member_id", type_=db.Id))
    .order_by(db.in_binary_order(teams.c.slug))
)


def ensure_team(
    connection: sa.Connection, organization_id: int, slug: str, name: str, at: datetime
) -> Team:
    """Return the team with this slug, created if missing."""
    add_team(connection, organization_id, slug, name, at)
    team = team_by_slug(connection, organization_id, slug)
    assert team is not None
    return team


def team_by_slug(connection: sa.Connection, organization_id: int, slug: str) -> Team | None:
    """Return the organization's team with this slug, or None."""
    query = TEAM.select().where(teams.c.organization_id == organization_id, teams.c.slug == slug)
    return TEAM.first(connection, query)


def team_by_slug_or_id(
    connection: sa.Connection, organization_id: int, slug_or_id: str
) -> Team | None:
    """Return the organization's team with this slug, or with this id if all digits, or None."""
    team_id = id_of(slug_or_id)
    if team_id is None:
        return team_by_slug(connection, organization_id, slug_or_id)
    query = TEAM.select().where(teams.c.organization_id == organization_id, teams.c.id == team_id)
    return TEAM.first(connection, query)


def user_of_member(connection: sa.Connection, organization_id: int, member_id: int) -> int | None:
    """Return the id of the user of the organization's member with this id, or None."""
    query = sa.select(members.c.user_id).where(_is_member(organization_id, member_id))
    return connection.execute(query).scalar_one_or_none()


def ensure_member(
    connection: sa.Connection, organization_id: int, user_id: int, role: Role, at: datetime
) -> int:
    """Return the id of the user's membership, created if missing; an existing member keeps the role."""
    row: dict[str, object] = {"organization_id": organization_id, "user_id": user_id}
    insert_missing(connection, members, row | {"role": role, "created_at": at})
    query = sa.select(members.c.id).where(_is_user(organization_id, user_id))
    return connection.execute(query).scalar_one()


def join_team(connection: sa.Connection, team_id: int, member_id: int) -> None:
    """Add the member to the team, unless on it already."""
    insert_missing(connection, team_members, {"team_id": team_id, "member_id": member_id})


def is_on_team(team_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Return the condition that the user of the parameter ``member_user_id`` is on the team, for packages above."""
    return sa.exists().where(
        team_members.c.team_id == team_id,
        team_members.c.member_id == members.c.id,
        members.c.user_id == sa.bindparam("member_user_id", type_=db.Id),
    )


def users_by_email(
    connection: sa.Connection, organization_id: int, addresses: Collection[str]
) -> dict[str, int]:
    """Return the active member whose verified address is each of these, in lower case. One statement for all."""
    if not addresses:
        return {}
    result = connection.execute(_USERS_BY_EMAIL, _addresses(organization_id, addresses))
    return {email: user_id for email, user_id in result}


def avatars_by_email(
    connection: sa.Connection, organization_id: int, addresses: Collection[str]
) -> dict[str, Avatar]:
    """Return the avatars of the members with these addresses, in lower case; only of members with a photo."""
    if not addresses:
        return {}
    result = connection.execute(_PHOTOS_BY_EMAIL, _addresses(organization_id, addresses))
    return {email: read_avatar(kind, ident) for email, kind, ident in result}


def teams_of(connection: sa.Connection, organization_id: int) -> list[Team]:
    """Return all teams of the organization, by slug."""
    query = TEAM.select().where(teams.c.organization_id == organization_id)
    return TEAM.all(connection, query.order_by(db.in_binary_order(teams.c.slug)))


def teams_of_member(connection: sa.Connection, member_id: int) -> list[Team]:
    """Return the teams of a member, by slug."""
    return TEAM.all(connection, _TEAMS_OF_MEMBER, {"member_id": member_id})


def team_ids_of(connection: sa.Connection, organization_id: int, user_id: int) -> set[int]:
    """Return the ids of the user's teams in the organization."""
    parameters = {"organization_id": organization_id, "user_id": user_id}
    return set(connection.execute(_TEAMS_OF_USER, parameters).scalars())


def team_ids_of_members(
    connection: sa.Connection, member_ids: Collection[int]
) -> dict[int, list[int]]:
    """Return the ids of the teams of each member; members without any are left out."""
    return grouped(connection.execute(_TEAM_IDS_OF_MEMBERS, db.ids_param(member_ids)))


def member_counts(connection: sa.Connection, team_ids: Collection[int]) -> dict[int, int]:
    """Return the number of members of each team; teams without any are left out."""
    result = connection.execute(_MEMBER_COUNTS, db.ids_param(team_ids))
    return {team_id: count for team_id, count in result}


def add_team(
    connection: sa.Connection, organization_id: int, slug: str, name: str, at: datetime
) -> Team | None:
    """Insert a team. Return None if the slug is taken."""
    row = {"organization_id": organization_id, "slug": slug, "name": name, "created_at": at}
    statement = db.upsert(teams).values(row).on_conflict_do_nothing()
    return TEAM.first(connection, statement.returning(*TEAM.columns))


def team_taken() -> Conflict:
    """Return the refusal of a slug that another team has."""
    return Conflict(TEAM_TAKEN, {"non_field_errors": [TEAM_TAKEN]})


def change_team(connection: sa.Connection, team_id: int, values: Mapping[str, str]) -> None:
    """Change slug or name. Raise `Conflict` if another team has the slug."""
    try:
        connection.execute(sa.update(teams).where(teams.c.id == team_id).values(**values))
    except IntegrityError:
        raise team_taken() from None


def remove_team(connection: sa.Connection, team_id: int) -> None:
    """Delete a team; its members and projects stay."""
    connection.execute(sa.delete(teams).where(teams.c.id == team_id))


def members_of(
    connection: sa.Connection, organization_id: int, *, limit: int, offset: int
) -> list[Member]:
    """Return the organization's members, by id."""
    query = (
        _MEMBER.select()
        .where(members.c.organization_id == organization_id)
        .order_by(members.c.id)
        .limit(limit)
        .offset(offset)
    )
    return _MEMBER.all(connection, query)


def members_of_teams(
    connection: sa.Connection, team_ids: Collection[int], *, limit: int, offset: int
) -> list[Member]:
    """Return the members who are on any of these teams, by id."""
    on_them = sa.select(team_members.c.member_id).join(
        db.IDS, db.IDS.c.id == team_members.c.team_id
    )
    query = (
        _MEMBER.select()
        .where(members.c.id.in_(on_them))
        .order_by(members.c.id)
        .limit(limit)
        .offset(offset)
    )
    return _MEMBER.all(connection, query, db.ids_param(team_ids))


def member(connection: sa.Connection, organization_id: int, member_id: int) -> Member | None:
    """Return the organization's member with this id, or None."""
    return _MEMBER.first(connection, _MEMBER.select().where(_is_member(organization_id, member_id)))


def member_who_is(connection: sa.Connection, organization_id: int, user_id: int) -> Member | None:
    """Return the organization's member who is this user, or None."""
    return _MEMBER.first(connection, _MEMBER.select().where(_is_user(organization_id, user_id)))


def has_other_owner(connection: sa.Connection, organization_id: int, member_id: int) -> bool:
    """Return True if there is an owner besides this member. Concurrent callers for one organization wait."""
    query = sa.select(members.c.id).where(
        members.c.organization_id == organization_id,
        members.c.role == Role.OWNER.value,
        members.c.id != member_id,
    )
    return connection.execute(query.limit(1)).first() is not None


def with_one_owner(connection: sa.Connection, organization_ids: Collection[int]) -> set[int]:
    """Return those of the organizations that have a single owner, in one statement."""
    return set(connection.execute(_WITH_ONE_OWNER, db.ids_param(organization_ids)).scalars())


def organizations_of_addresses(
    connection: sa.Connection, addresses: Collection[str]
) -> set[tuple[str, int]]:
    """Return the addresses, in lower case, with the ids of the organizations that have a member with one of them."""
    result = connection.execute(
        _ORGANIZATIONS_OF_ADDRESSES, db.values_param("addresses", addresses)
    )
    return {(email, organization_id) for email, organization_id in result}


def organizations_of_members(
    connection: sa.Connection, member_ids: Collection[int]
) -> set[tuple[str, int]]:
    """Return the ids of members, as texts, with those of their organizations."""
    result = connection.execute(_ORGANIZATIONS_OF_MEMBERS, db.ids_param(member_ids))
    return {(str(member_id), organization_id) for member_id, organization_id in result}


def set_role(connection: sa.Connection, member_id: int, role: Role) -> None:
    """Store a member's role."""
    connection.execute(sa.update(members).where(members.c.id == member_id).values(role=role.value))


def remove_member(connection: sa.Connection, member_id: int) -> None:
    """Delete a member, also from teams; the user stays."""
    connection.execute(sa.delete(members).where(members.c.id == member_id))


def join_teams(connection: sa.Connection, team_ids: Collection[int], member_id: int) -> None:
    """Make these the member's only teams, in two statements."""
    others = team_members.c.team_id.not_in(sa.select(db.IDS.c.id))
    on_others = sa.delete(team_members).where(team_members.c.member_id == member_id, others)
    connection.execute(on_others, db.ids_param(team_ids))
    rows = db.values_param("teams", team_ids)
    connection.execute(_JOIN_TEAMS, rows | {"member_id": member_id})


def leave_team(connection: sa.Connection, team_id: int, member_id: int) -> bool:
    """Remove the member from the team. Return True if they were on it."""
    statement = sa.delete(team_members).where(_is_on(team_id, member_id))
    return connection.execute(statement).rowcount > 0


def is_team_member(connection: sa.Connection, team_id: int, member_id: int) -> bool:
    """Return True if the member is on the team."""
    query = sa.select(team_members.c.team_id).where(_is_on(team_id, member_id))
    return connection.execute(query).first() is not None


def _addresses(organization_id: int, addresses: Collection[str]) -> dict[str, object]:
    rows = db.values_param("addresses", addresses)
    return {**rows, "organization_id": organization_id}


def _is_member(organization_id: int, member_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(members.c.organization_id == organization_id, members.c.id == member_id)


def _is_user(organization_id: int, user_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(members.c.organization_id == organization_id, members.c.user_id == user_id)


def _is_on(team_id: int, member_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(team_members.c.team_id == team_id, team_members.c.member_id == member_id)
