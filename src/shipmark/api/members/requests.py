"""Bodies of members and invitations (auth-and-errors.md 8.6)."""

from typing import Annotated

from pydantic import Field

from shipmark.accounts.model import EMAIL_MAX
from shipmark.http.validation import (
    Items,
    Omittable,
    OmittableBoolean,
    RequestModel,
    Text,
    choice_of,
    optional,
)
from shipmark.organizations.model import SLUG_MAX, Role, TeamRole

_TEAMS_MAX = 1000
_Role = Annotated[Role, choice_of(Role)]
_TeamRole = Annotated[TeamRole, choice_of(TeamRole)]
_Slug = Annotated[str, Text(max_length=SLUG_MAX)]


class MemberTeamRequest(RequestModel):
    """A team that a member is on."""

    team_slug: _Slug = Field(description="Slug of the team.")
    role: Annotated[str, Text()] | None = optional(
        "Ignored: the role on a team follows from that in the organization."
    )


class MemberUpdateRequest(RequestModel):
    """Changes of a member."""

    org_role: Omittable[_Role] = optional("Role in the organization.")
    role: Omittable[_Role] = optional("Deprecated name of `orgRole`.")
    team_roles: Omittable[Annotated[list[MemberTeamRequest], Items(max_length=_TEAMS_MAX)]] = (
        optional("The teams of the member; they replace those before.")
    )
    teams: Omittable[Annotated[list[_Slug], Items(max_length=_TEAMS_MAX)]] = optional(
        "Slugs of the teams; ignored beside `teamRoles`."
    )

    @property
    def new_role(self) -> Role | None:
        """The role, or None if the body has none."""
        return self.org_role or self.role

    @property
    def team_slugs(self) -> list[str] | None:
        """The slugs of the teams, or None if the body has none."""
        if self.team_roles is None:
            return self.teams
        return [team.team_slug for team in self.team_roles]


class InvitationRequest(MemberUpdateRequest):
    """An invitation of a person to an organization."""

    email: Annotated[str, Text(max_length=EMAIL_MAX)] = Field(
        description="Email address of the person."
    )
    send_invite: OmittableBoolean = optional("Ignored: no mail is sent.")
    reinvite: OmittableBoolean = optional("Ignored: inviting again always creates a new link.")


class TeamRoleRequest(RequestModel):
    """The role of a member on a team."""

    team_role: _TeamRole = Field(
        description="The role that follows from the role in the organization."
    )
