"""Names and descriptions of the roles (files-and-avatars.md 1.3.3)."""

from collections.abc import Mapping

from shipmark.organizations.model import Role, TeamRole

NAMES: Mapping[Role, str] = {role: role.value.capitalize() for role in Role}
MEANINGS: Mapping[Role, str] = {
    Role.MEMBER: "Sees the organization's data and works with events and releases.",
    Role.ADMIN: "As members, and manages projects and the teams that they are on.",
    Role.MANAGER: "As admins for every team, and manages members and settings.",
    Role.OWNER: "May do everything, also delete the organization.",
}
TEAM_NAMES: Mapping[TeamRole, str] = {
    TeamRole.CONTRIBUTOR: "Contributor",
    TeamRole.ADMIN: "Team Admin",
}
TEAM_MEANINGS: Mapping[TeamRole, str] = {
    TeamRole.CONTRIBUTOR: "Sees what the team owns and works with its events and releases.",
    TeamRole.ADMIN: "As contributors, and manages the team and its projects.",
}
#: The role in the organization whose members have at least this team role.
LEAST_OF: Mapping[TeamRole, Role | None] = {TeamRole.CONTRIBUTOR: None, TeamRole.ADMIN: Role.ADMIN}
