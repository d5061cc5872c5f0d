"""The roles that members can have, in the organization and on teams (files-and-avatars.md 1.3.3)."""

import msgspec

from shipmark.api.responses import Wire
from shipmark.organizations import roles
from shipmark.organizations.model import Organization, Role, TeamRole


class RoleNameResponse(Wire):
    """A role by its name."""

    id: str
    name: str


class RoleResponse(Wire):
    """What a member can be. The reference writes one key in snake case too."""

    id: str
    name: str
    desc: str
    scopes: list[str]
    allowed: bool
    is_allowed: bool
    is_retired: bool
    is_global_too: bool = msgspec.field(name="is_global")
    is_global: bool
    minimum_team_role: str


class TeamRoleResponse(Wire):
    """What a member can be on a team."""

    id: str
    name: str
    desc: str
    scopes: list[str]
    allowed: bool
    is_allowed: bool
    is_retired: bool
    is_minimum_role_for: str | None


def role_names() -> list[RoleNameResponse]:
    """All roles, the least first."""
    return [RoleNameResponse(id=role.value, name=roles.NAMES[role]) for role in Role]


def roles_of(organization: Organization) -> list[RoleResponse]:
    """All roles with what they may do there, the least first."""
    return [
        RoleResponse(
            id=role.value,
            name=roles.NAMES[role],
            desc=roles.MEANINGS[role],
            scopes=sorted(organization.scopes_of(role)),
            allowed=False,
            is_allowed=False,
            is_retired=role is Role.ADMIN,
            is_global_too=role.is_org_wide,
            is_global=role.is_org_wide,
            minimum_team_role=TeamRole.of(role).value,
        )
        for role in Role
    ]


def team_roles() -> list[TeamRoleResponse]:
    """All roles on teams, the least first."""
    return [
        TeamRoleResponse(
            id=role.value,
            name=roles.TEAM_NAMES[role],
            desc=roles.TEAM_MEANINGS[role],
            scopes=sorted(role.scopes),
            allowed=False,
            is_allowed=False,
            is_retired=False,
            is_minimum_role_for=least.value if (least := roles.LEAST_OF[role]) else None,
        )
        for role in TeamRole
    ]
