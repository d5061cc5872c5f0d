"""The organization object, its base part (files-and-avatars.md 1.3.1)."""

from datetime import datetime

import msgspec

from shipmark.api.avatars.responses import AvatarResponse, avatar_response
from shipmark.api.responses import Wire
from shipmark.avatars.model import OwnerKind
from shipmark.organizations.model import Flag, Organization


class StatusResponse(Wire):
    """What has become of an organization."""

    id: str
    name: str


class LinksResponse(Wire):
    """Where the organization is served. Newer clients send all later calls to ``regionUrl`` (clients.md 1)."""

    organization_url: str
    region_url: str


class OrganizationResponse(Wire, kw_only=True):
    """The owner of projects and releases."""

    id: str
    slug: str
    status: StatusResponse
    name: str
    date_created: datetime
    is_early_adopter: bool
    require_2fa: bool = msgspec.field(name="require2FA")
    require_email_verification: bool = False
    avatar: AvatarResponse
    features: list[str]
    links: LinksResponse
    has_auth_provider: bool = False
    allow_member_invite: bool
    allow_member_project_creation: bool
    allow_superuser_access: bool


def organization_response(organization: Organization, address: str) -> OrganizationResponse:
    """Return an organization; ``address`` is that at which clients reach this server."""
    status = organization.status.value
    return OrganizationResponse(
        id=str(organization.id),
        slug=organization.slug,
        status=StatusResponse(id=status, name=status.replace("_", " ")),
        name=organization.name,
        date_created=organization.created_at,
        is_early_adopter=organization.has(Flag.EARLY_ADOPTER),
        require_2fa=organization.has(Flag.REQUIRE_2FA),
        avatar=avatar_response(organization.avatar, OwnerKind.ORGANIZATION, address),
        features=features(organization),
        links=LinksResponse(organization_url=address, region_url=address),
        allow_member_invite=not organization.has(Flag.DISABLE_MEMBER_INVITE),
        allow_member_project_creation=not organization.has(Flag.DISABLE_MEMBER_PROJECT_CREATION),
        allow_superuser_access=not organization.has(Flag.PREVENT_SUPERUSER_ACCESS),
    )


class OwnedOrganizationResponse(Wire):
    """An organization that the caller owns."""

    organization: OrganizationResponse
    single_owner: bool


def features(organization: Organization) -> list[str]:
    """Return what the organization can use of that which is not everywhere, sorted."""
    names = ["relay", "team-roles"]
    if organization.is_open:
        names.append("open-membership")
    if organization.shares_issues:
        names.append("shared-issues")
    return sorted(names)
