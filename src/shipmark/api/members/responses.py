"""The objects of members and their roles (auth-and-errors.md 8.6, files-and-avatars.md 1.3.3)."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from shipmark.accounts.model import User
from shipmark.api.members.user_responses import UserResponse, user_response
from shipmark.api.responses import Wire
from shipmark.organizations import roles
from shipmark.organizations.model import Invitation, Member, Organization, Role, Team, TeamRole

#: Ids of invitations begin so: they are apart from those of members.
INVITATION_PREFIX = "invitation-"

#: What is never so here, for there are no identity providers.
_FLAGS = (
    "idp:provisioned",
    "idp:role-restricted",
    "sso:linked",
    "sso:invalid",
    "member-limit:restricted",
)


class RoleNameResponse(Wire):
    """A role by its name."""

    id: str
    name: str


class _RoleFields(Wire, kw_only=True):
    id: str
    name: str
    desc: str
    scopes: list[str]
    allowed: bool = False
    is_allowed: bool = False
    is_retired: bool = False


class RoleResponse(_RoleFields, kw_only=True):
    """What a member can be. The reference writes one key in snake case too."""

    is_global_too: bool = msgspec.field(name="is_global")
    is_global: bool
    minimum_team_role: str


class TeamRoleResponse(_RoleFields, kw_only=True):
    """What a member can be on a team."""

    is_minimum_role_for: str | None


class MemberTeamResponse(Wire):
    """A team that a member is on."""

    team_slug: str
    role: str


class TeamRoleOfMemberResponse(Wire):
    """The role of a member on a team that they are on."""

    is_active: bool
    team_role: str


class MemberResponse(Wire, kw_only=True):
    """A user in an organization, or a person who is invited to it: ``pending``, without a user, until they accept.

    ``invite_link`` is in the answer to an invitation only: it is shown once. ``projects`` is in lists of users only.
    """

    id: str
    email: str
    name: str
    user: UserResponse | None = None
    role: str
    role_name: str
    org_role: str
    pending: bool = False
    expired: bool = False
    flags: dict[str, bool] = msgspec.field(default_factory=lambda: dict.fromkeys(_FLAGS, False))
    date_created: datetime
    invite_status: str = "approved"
    inviter_name: str | None = None
    group_org_roles: Sequence[str] = ()
    invite_link: str | msgspec.UnsetType = msgspec.UNSET
    projects: list[str] | msgspec.UnsetType = msgspec.UNSET
    teams: list[str] | msgspec.UnsetType = msgspec.UNSET
    team_roles: list[MemberTeamResponse] | msgspec.UnsetType = msgspec.UNSET
    org_role_list: list[RoleResponse] | msgspec.UnsetType = msgspec.UNSET
    team_role_list: list[TeamRoleResponse] | msgspec.UnsetType = msgspec.UNSET


def member_response(
    member: Member,
    user: User,
    *,
    teams: Sequence[Team] | None = None,
    organization: Organization | None = None,
    projects: Sequence[str] | None = None,
) -> MemberResponse:
    """Return a member, with the teams, all roles of the organization and the projects unless these are None."""
    role = TeamRole.of(member.role).value
    on = [MemberTeamResponse(team_slug=team.slug, role=role) for team in teams or ()]
    return MemberResponse(
        id=str(member.id),
        email=user.email,
        name=user.display_name,
        user=user_response(user),
        role=member.role.value,
        role_name=roles.NAMES[member.role],
        org_role=member.role.value,
        date_created=member.created_at,
        projects=msgspec.UNSET if projects is None else list(projects),
        teams=msgspec.UNSET if teams is None else [team.slug for team in teams],
        team_roles=msgspec.UNSET if teams is None else on,
        org_role_list=msgspec.UNSET if organization is None else roles_of(organization),
        team_role_list=msgspec.UNSET if organization is None else team_roles(),
    )


def invitation_response(
    invitation: Invitation,
    *,
    at: datetime,
    inviter: User | None,
    teams: Sequence[Team],
    link: str | None = None,
) -> MemberResponse:
    """Return an invitation as the member that it may become; ``link`` is that of a new one."""
    role = TeamRole.of(invitation.role).value
    on = [team.slug for team in teams if team.id in invitation.team_ids]
    return MemberResponse(
        id=f"{INVITATION_PREFIX}{invitation.id}",
        email=invitation.email,
        name=invitation.email,
        role=invitation.role.value,
        role_name=roles.NAMES[invitation.role],
        org_role=invitation.role.value,
        pending=True,
        expired=invitation.expires_at <= at,
        date_created=invitation.created_at,
        inviter_name=inviter.display_name if inviter else None,
        invite_link=link or msgspec.UNSET,
        teams=on,
        team_roles=[MemberTeamResponse(team_slug=slug, role=role) for slug in on],
    )


def role_names() -> list[RoleNameResponse]:
    """Return all roles, the lowest first."""
    return [RoleNameResponse(id=role.value, name=roles.NAMES[role]) for role in Role]


def roles_of(organization: Organization) -> list[RoleResponse]:
    """Return all roles with their scopes in the organization, the lowest first."""
    return [
        RoleResponse(
            id=role.value,
            name=roles.NAMES[role],
            desc=roles.MEANINGS[role],
            scopes=sorted(organization.scopes_of(role)),
            is_retired=role is Role.ADMIN,
            is_global_too=role.is_org_wide,
            is_global=role.is_org_wide,
            minimum_team_role=TeamRole.of(role).value,
        )
        for role in Role
    ]


def team_roles() -> list[TeamRoleResponse]:
    """Return all roles on teams, the lowest first."""
    return [
        TeamRoleResponse(
            id=role.value,
            name=roles.TEAM_NAMES[role],
            desc=roles.TEAM_MEANINGS[role],
            scopes=sorted(role.scopes),
            is_minimum_role_for=least.value if (least := roles.LEAST_OF[role]) else None,
        )
        for role in TeamRole
    ]
