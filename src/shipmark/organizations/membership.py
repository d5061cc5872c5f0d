"""Operations on members and teams: change roles, remove members, create, join and leave teams.

A caller cannot change a member above them, or raise one above themselves, and an organization keeps an owner.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.avatars import actions as avatars
from shipmark.avatars.model import OwnerKind
from shipmark.infrastructure.errors import BadRequest, Forbidden, NotFound, ValidationFailed
from shipmark.organizations import audit, store
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Access, Actor, Member, Role, Team, TeamRole

LAST_OWNER = "You cannot remove or demote the only remaining owner of the organization."
ABOVE = "You do not have permission to give that role, or to change a member who has it."
UNKNOWN_TEAM = "Invalid team"
FIXED_TEAM_ROLE = (
    "This member's team role is {role}. It follows from the role in the organization: members are contributors, "
    "all others are team admins. Change orgRole instead."
)

CHANGE_SCOPES = frozenset({"member:write", "member:admin"})
REMOVE_SCOPES = frozenset({"member:admin"})
_TEAMS = frozenset({"team:write", "team:admin"})
_EVERY_TEAM = frozenset({"org:write", "org:admin", "member:write", "member:admin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionContext:
    """The caller of an operation, with their access to the organization, and its time."""

    access: Access
    by: Actor
    at: datetime


def record_action(
    connection: Connection,
    context: ActionContext,
    event: AuditEvent,
    target_id: int | None,
    data: Mapping[str, object],
    *,
    target_user_id: int | None = None,
) -> None:
    """Record an action of the caller in the audit log."""
    store.record(
        connection,
        context.access.organization.id,
        event,
        context.by,
        context.at,
        data=data,
        target_id=target_id,
        target_user_id=target_user_id,
    )


def update_member(
    connection: Connection,
    context: ActionContext,
    member: Member,
    role: Role | None,
    slugs: list[str] | None,
) -> Member:
    """Change a member's role and teams, if not None. Raise `ValidationFailed` for an unknown team."""
    access = context.access
    _lock_members(connection, access)
    require_scope(access, CHANGE_SCOPES)
    if role is not None and role is not member.role:
        _check_above(access, member.role)
        _check_above(access, role)
        if member.role is Role.OWNER:
            _check_last_owner(connection, access, member)
        store.set_role(connection, member.id, role)
    before = {"role": member.role.value}
    if slugs is not None:
        before["teams"] = _teams_of(connection, member)
        team_ids = ids_of_teams(connection, access.organization.id, slugs)
        store.join_teams(connection, team_ids, member.id)
    after = store.member(connection, access.organization.id, member.id)
    if after is None:
        raise NotFound
    if after.role is not member.role or slugs is not None:
        now = {"role": after.role.value}
        if slugs is not None:
            now["teams"] = _teams_of(connection, member)
        data: dict[str, object] = {"role": after.role.value, "teams_slugs": slugs}
        data["changes"] = audit.changes_between(before, now)
        _record(connection, context, AuditEvent.MEMBER_EDIT, after, data)
    return after


def ids_of_teams(connection: Connection, organization_id: int, slugs: Collection[str]) -> set[int]:
    """Return the ids of the teams with these slugs. Raise `ValidationFailed` for an unknown one."""
    teams = {team.slug: team.id for team in store.teams_of(connection, organization_id)}
    if any(slug not in teams for slug in slugs):
        raise ValidationFailed({"teams": [UNKNOWN_TEAM]})
    return {teams[slug] for slug in slugs}


def remove_member(connection: Connection, context: ActionContext, member: Member) -> None:
    """Remove a member. Members may always remove themselves. Raise `BadRequest` for the last owner."""
    access = context.access
    _lock_members(connection, access)
    is_oneself = access.user is not None and access.user.id == member.user_id
    if not is_oneself:
        require_scope(access, REMOVE_SCOPES)
        _check_above(access, member.role)
    if member.role is Role.OWNER:
        _check_last_owner(connection, access, member)
    _record(connection, context, AuditEvent.MEMBER_REMOVE, member, {})
    store.remove_member(connection, member.id)


def check_may_invite(access: Access, role: Role) -> None:
    """Raise `Forbidden` unless the caller may change members, and has this role or a higher one."""
    require_scope(access, CHANGE_SCOPES)
    _check_above(access, role)


def check_may_revoke(access: Access, role: Role) -> None:
    """Raise `Forbidden` unless the caller may remove members with this role."""
    require_scope(access, REMOVE_SCOPES)
    _check_above(access, role)


def join_team(connection: Connection, context: ActionContext, member: Member, team: Team) -> bool:
    """Add a member to a team. Return True if they were not on it. In a closed organization members cannot join."""
    _check_team_of_member(connection, context.access, member, team, is_joining=True)
    if store.is_team_member(connection, team.id, member.id):
        return False
    store.join_team(connection, team.id, member.id)
    data = {"team_slug": team.slug, "role": member.role.value}
    _record(connection, context, AuditEvent.MEMBER_JOIN_TEAM, member, data)
    return True


def leave_team(connection: Connection, context: ActionContext, member: Member, team: Team) -> None:
    """Remove a member from a team, if they are on it."""
    _check_team_of_member(connection, context.access, member, team, is_joining=False)
    if store.leave_team(connection, team.id, member.id):
        data = {"team_slug": team.slug, "role": member.role.value}
        _record(connection, context, AuditEvent.MEMBER_LEAVE_TEAM, member, data)


def confirm_team_role(
    connection: Connection, access: Access, member: Member, team: Team, team_role: TeamRole
) -> TeamRole:
    """Return the role of a member on a team, if it is the requested one.

    Raise `ValidationFailed` if it is another one, since it follows from the role in the organization, `NotFound` if the
    member is not on the team, and `Forbidden` if the caller manages neither members nor the team.
    """
    if not access.scopes & _EVERY_TEAM:
        require_scope(access, _TEAMS)
        require_team_access(connection, access, team)
    if not store.is_team_member(connection, team.id, member.id):
        raise NotFound
    role = TeamRole.of(member.role)
    if team_role is not role:
        raise ValidationFailed({"teamRole": [FIXED_TEAM_ROLE.format(role=role.value)]})
    return role


def create_team(connection: Connection, context: ActionContext, slug: str, name: str) -> Team:
    """Create a team with the caller on it. Raise `Conflict` if another team has the slug."""
    organization_id = context.access.organization.id
    team = store.add_team(connection, organization_id, slug, name, context.at)
    if team is None:
        raise store.team_taken()
    if context.by.user_id is not None:
        member = store.member_who_is(connection, organization_id, context.by.user_id)
        if member is not None:
            store.join_team(connection, team.id, member.id)
    _record_team(connection, context, AuditEvent.TEAM_ADD, team)
    return team


def update_team(
    connection: Connection, context: ActionContext, team: Team, values: Mapping[str, str]
) -> Team:
    """Change a team's slug or name. Raise `Conflict` if another team has the slug."""
    require_team_access(connection, context.access, team)
    before = {"slug": team.slug, "name": team.name}
    values = {key: value for key, value in values.items() if before[key] != value}
    if not values:
        return team
    store.change_team(connection, team.id, values)
    after_values = before | values
    after = replace(team, slug=after_values["slug"], name=after_values["name"])
    changes = audit.changes_between(before, after_values)
    _record_team(connection, context, AuditEvent.TEAM_EDIT, after, changes)
    return after


def remove_team(connection: Connection, context: ActionContext, team: Team) -> None:
    """Delete a team; its projects stay."""
    require_team_access(connection, context.access, team)
    _record_team(connection, context, AuditEvent.TEAM_REMOVE, team)
    avatars.remove(connection, OwnerKind.TEAM, [team.id], context.at)
    store.remove_team(connection, team.id)


def _lock_members(connection: Connection, access: Access) -> None:
    """Lock the members against concurrent changes: two owners must not demote each other."""
    if store.lock(connection, access.organization.id) is None:
        raise NotFound


def require_scope(access: Access, scopes: Collection[str]) -> None:
    """Raise `Forbidden` unless the caller has one of the scopes."""
    if not access.scopes & frozenset(scopes):
        raise Forbidden


def _check_above(access: Access, role: Role) -> None:
    if access.role is None or role.rank > access.role.rank:
        raise Forbidden(ABOVE)


def _check_last_owner(connection: Connection, access: Access, member: Member) -> None:
    if not store.has_other_owner(connection, access.organization.id, member.id):
        raise BadRequest(LAST_OWNER)


def _check_team_of_member(
    connection: Connection, access: Access, member: Member, team: Team, *, is_joining: bool
) -> None:
    is_oneself = access.user is not None and access.user.id == member.user_id
    may_join_or_leave = access.organization.is_open or not is_joining
    if (is_oneself and may_join_or_leave) or access.scopes & _EVERY_TEAM:
        return
    require_scope(access, _TEAMS)
    require_team_access(connection, access, team)


def require_team_access(connection: Connection, access: Access, team: Team) -> None:
    """Raise `Forbidden` unless the organization is open, or the caller is on the team or reaches all of them."""
    if access.reaches_all or access.organization.is_open:
        return
    assert access.user is not None, "only users have teams"
    if team.id not in store.team_ids_of(connection, access.organization.id, access.user.id):
        raise Forbidden


def reaches_team(access: Access, team: Team, own_team_ids: Collection[int]) -> bool:
    """Return the same decision for a caller whose teams are known: pages decide about many teams at once."""
    return access.reaches_all or access.organization.is_open or team.id in own_team_ids


def may_change_members_of(access: Access, team: Team, own_team_ids: Collection[int]) -> bool:
    """Return True if the caller may add others to the team and remove them, as `join_team` and `leave_team` decide."""
    is_admin = access.scopes & _TEAMS and reaches_team(access, team, own_team_ids)
    return bool(access.scopes & _EVERY_TEAM or is_admin)


def _record(
    connection: Connection,
    context: ActionContext,
    event: AuditEvent,
    member: Member,
    data: Mapping[str, object],
) -> None:
    user = accounts.by_id(connection, member.user_id)
    fields = {"email": user.email if user else "", "role": member.role.value} | dict(data)
    record_action(connection, context, event, member.id, fields, target_user_id=member.user_id)


def _teams_of(connection: Connection, member: Member) -> str:
    return ", ".join(team.slug for team in store.teams_of_member(connection, member.id))


def _record_team(
    connection: Connection,
    context: ActionContext,
    event: AuditEvent,
    team: Team,
    changes: Mapping[str, str] | None = None,
) -> None:
    data: dict[str, object] = {"slug": team.slug, "name": team.name}
    if changes:
        data["changes"] = changes
    record_action(connection, context, event, team.id, data)
