"""The team object (auth-and-errors.md 8.5)."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from shipmark.api.avatars.responses import AvatarResponse, avatar_response
from shipmark.api.organizations.responses import OrganizationResponse
from shipmark.api.projects.responses import ProjectResponse
from shipmark.api.responses import Wire
from shipmark.avatars.model import OwnerKind
from shipmark.organizations.model import Access, Team, TeamRole


class TeamDetailsResponse(Wire, kw_only=True):
    """A team of an organization, with the role of the caller."""

    id: str
    slug: str
    name: str
    date_created: datetime
    is_member: bool
    team_role: str | None
    flags: dict[str, bool] = msgspec.field(default_factory=lambda: {"idp:provisioned": False})
    access: list[str]
    has_access: bool
    is_pending: bool = False
    member_count: int
    avatar: AvatarResponse
    org_role: str | None = None
    external_teams: list[str] | msgspec.UnsetType = msgspec.UNSET
    organization: OrganizationResponse | msgspec.UnsetType = msgspec.UNSET
    projects: list[ProjectResponse] | msgspec.UnsetType = msgspec.UNSET


def team_response(
    team: Team,
    access: Access,
    address: str,
    *,
    is_member: bool,
    member_count: int,
    organization: OrganizationResponse | None = None,
    projects: Sequence[ProjectResponse] | None = None,
) -> TeamDetailsResponse:
    """Return a team as the caller sees it, with the organization and the projects unless they are None."""
    role = TeamRole.of(access.role) if access.role else TeamRole.ADMIN
    is_inside = is_member or access.reaches_all
    return TeamDetailsResponse(
        id=str(team.id),
        slug=team.slug,
        name=team.name,
        date_created=team.created_at,
        is_member=is_member,
        team_role=role.value if is_member else None,
        access=sorted(role.scopes) if is_inside else [],
        has_access=is_inside or access.organization.is_open,
        member_count=member_count,
        avatar=avatar_response(team.avatar, OwnerKind.TEAM, address),
        external_teams=msgspec.UNSET if projects is None else [],
        organization=organization or msgspec.UNSET,
        projects=msgspec.UNSET if projects is None else list(projects),
    )
