"""The organization object, its base part (auth-and-errors.md 8.3)."""

from datetime import datetime

import msgspec

from shipmark.api.wire import Wire
from shipmark.api.wire.avatar import AvatarJson, avatar_json
from shipmark.avatars.model import OwnerKind
from shipmark.organizations.model import Organization


class StatusJson(Wire):
    """What has become of an organization."""

    id: str = "active"
    name: str = "active"


class LinksJson(Wire):
    """Where the organization is served. Newer clients send all later calls to ``regionUrl`` (clients.md 1)."""

    organization_url: str
    region_url: str


class OrganizationJson(Wire):
    """The owner of projects and releases."""

    id: str
    slug: str
    status: StatusJson
    name: str
    date_created: datetime
    is_early_adopter: bool
    require_2fa: bool = msgspec.field(name="require2FA")
    require_email_verification: bool
    avatar: AvatarJson
    features: list[str]
    links: LinksJson
    has_auth_provider: bool


def organization_json(organization: Organization, address: str) -> OrganizationJson:
    """An organization as the API shows it; ``address`` is where this server is reached."""
    return OrganizationJson(
        id=str(organization.id),
        slug=organization.slug,
        status=StatusJson(),
        name=organization.name,
        date_created=organization.created_at,
        is_early_adopter=False,
        require_2fa=False,
        require_email_verification=False,
        avatar=avatar_json(organization.avatar, OwnerKind.ORGANIZATION, address),
        features=["open-membership"] if organization.is_open else [],
        links=LinksJson(organization_url=address, region_url=address),
        has_auth_provider=False,
    )
