"""The objects of projects, their summary and details (auth-and-errors.md 8.4)."""

from collections.abc import Sequence
from colorsys import hls_to_rgb
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from shipmark.api.avatars.responses import AvatarResponse, avatar_response
from shipmark.api.organizations.responses import OrganizationResponse
from shipmark.api.responses import Wire
from shipmark.avatars.model import OwnerKind
from shipmark.infrastructure.ids import digest
from shipmark.organizations.model import Access, Team, TeamRole
from shipmark.organizations.options import Stored
from shipmark.projects import options
from shipmark.projects.model import Environment, Project


class TeamResponse(Wire):
    """A team that owns a project."""

    id: str
    slug: str
    name: str


class EventProcessingResponse(Wire):
    """The state of the processing of events."""

    symbolication_degraded: bool = False


class LatestReleaseResponse(Wire):
    """The release that was shipped last."""

    version: str


class ProjectResponse(Wire):
    """A project as lists show it. Fields of other products of the reference have fixed values."""

    id: str
    slug: str
    name: str
    platform: str | None
    platforms: list[str]
    date_created: datetime
    first_event: datetime | None
    first_transaction_event: bool
    is_bookmarked: bool
    is_member: bool
    is_internal: bool
    is_public: bool
    access: list[str]
    has_access: bool
    has_minified_stack_trace: bool
    has_monitors: bool
    has_profiles: bool
    has_replays: bool
    has_sessions: bool
    has_user_reports: bool
    event_processing: EventProcessingResponse
    environments: list[str]
    features: list[str]
    latest_release: LatestReleaseResponse | None
    latest_deploys: None
    status: str
    color: str
    team: TeamResponse | None
    teams: list[TeamResponse]
    avatar: AvatarResponse


class OwnedProjectResponse(ProjectResponse):
    """A project with its organization."""

    organization: OrganizationResponse


class ProjectDetailsResponse(OwnedProjectResponse):
    """A project with its settings."""

    options: dict[str, object]
    digests_min_delay: int
    digests_max_delay: int
    subject_prefix: str
    subject_template: str
    allowed_domains: list[str]
    resolve_age: int
    data_scrubber: bool
    data_scrubber_defaults: bool
    safe_fields: list[str]
    sensitive_fields: list[str]
    store_crash_reports: int | None
    security_token: str
    security_token_header: str | None
    verify_ssl: bool = msgspec.field(name="verifySSL")
    scrub_ip_addresses: bool = msgspec.field(name="scrubIPAddresses")
    scrape_java_script: bool
    default_environment: str | None
    relay_pii_config: str | None
    grouping_config: str
    grouping_enhancements: str
    grouping_enhancements_base: str | None
    secondary_grouping_expiry: int
    secondary_grouping_config: str | None
    grouping_auto_update: bool
    fingerprinting_rules: str
    plugins: list[object]
    processing_issues: int
    builtin_symbol_sources: list[str]
    symbol_sources: str
    dynamic_sampling_biases: list[object]
    recap_server_url: str | None


class EnvironmentResponse(Wire):
    """An environment of a project."""

    id: str
    name: str
    is_hidden: bool


class CommitPathsResponse(Wire):
    """Folders, from the root of a repository; none for all commits."""

    paths: list[str]


#: The fields of settings, by their name in `options.OPTIONS`.
_SETTINGS = {
    field.encode_name: field.name
    for field in msgspec.structs.fields(ProjectDetailsResponse)
    if field.encode_name in options.OPTIONS
}

#: Fields of parts of the reference that this server does not have.
_ABSENT: dict[str, Any] = {
    "options": {},
    "grouping_config": "",
    "grouping_enhancements": "",
    "grouping_enhancements_base": None,
    "secondary_grouping_expiry": 0,
    "secondary_grouping_config": None,
    "grouping_auto_update": False,
    "fingerprinting_rules": "",
    "plugins": [],
    "processing_issues": 0,
    "builtin_symbol_sources": [],
    "symbol_sources": "[]",
    "dynamic_sampling_biases": [],
    "recap_server_url": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectContext:
    """What the JSON of a project tells of what is around it; ``address`` is where this server is reached."""

    address: str

    teams: Sequence[Team] = ()
    platforms: Sequence[str] = ()
    environments: Sequence[str] = ()
    latest_version: str | None = None
    is_member: bool = False


def project_response(project: Project, access: Access, context: ProjectContext) -> ProjectResponse:
    """Return a project as the caller sees it."""
    return ProjectResponse(**project_fields(project, access, context))


def owned_project_response(
    project: Project, access: Access, context: ProjectContext, organization: OrganizationResponse
) -> OwnedProjectResponse:
    """Return a project with its organization as the caller sees it."""
    return OwnedProjectResponse(
        **project_fields(project, access, context), organization=organization
    )


def project_details_response(
    project: Project,
    access: Access,
    context: ProjectContext,
    organization: OrganizationResponse,
    stored: Stored,
) -> ProjectDetailsResponse:
    """Return a project with its settings as the caller sees it."""
    set_to: dict[str, Any] = {
        _SETTINGS[name]: value for name, value in options.values(stored).items()
    }
    if access.user is None or "project:write" not in access.scopes:
        # A secret of the project's own servers: pipelines and readers have no use for it.
        set_to["security_token"] = ""
    return ProjectDetailsResponse(
        **project_fields(project, access, context), **_ABSENT, **set_to, organization=organization
    )


def project_fields(project: Project, access: Access, context: ProjectContext) -> dict[str, Any]:
    """Return the fields that all objects of a project have."""
    teams = [
        TeamResponse(id=str(team.id), slug=team.slug, name=team.name) for team in context.teams
    ]
    role = TeamRole.of(access.role) if access.role else TeamRole.ADMIN
    is_inside = context.is_member or access.reaches_all
    absent = ("minified_stack_trace", "monitors", "profiles", "replays", "sessions", "user_reports")
    latest = context.latest_version
    return {
        "id": str(project.id),
        "slug": project.slug,
        "name": project.name,
        "platform": project.platform,
        "platforms": list(context.platforms),
        "date_created": project.created_at,
        "first_event": project.first_event_at,
        "first_transaction_event": False,
        "is_bookmarked": False,
        "is_member": context.is_member,
        "is_internal": False,
        "is_public": False,
        "access": sorted(role.scopes) if is_inside else [],
        "has_access": is_inside or access.organization.is_open,
        **{f"has_{name}": False for name in absent},
        "event_processing": EventProcessingResponse(),
        "environments": list(context.environments),
        "features": ["releases"] if project.has_releases else [],
        "latest_release": None if latest is None else LatestReleaseResponse(version=latest),
        "latest_deploys": None,
        "status": "active",
        "color": color(project.slug),
        "team": teams[0] if teams else None,
        "teams": teams,
        "avatar": avatar_response(project.avatar, OwnerKind.PROJECT, context.address),
    }


def color(slug: str) -> str:
    """Return a colour for a project, always the same for its slug and never pale."""
    hue = int(digest(slug)[:8], 16) / 2**32
    return "#" + "".join(f"{round(part * 255):02x}" for part in hls_to_rgb(hue, 0.45, 0.5))


def environment_response(environment: Environment) -> EnvironmentResponse:
    """Return an environment; hiding one is not possible yet."""
    return EnvironmentResponse(id=str(environment.id), name=environment.name, is_hidden=False)
