"""The objects of projects, their summary and details (auth-and-errors.md 8.4)."""

from collections.abc import Sequence
from colorsys import hls_to_rgb
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from shipmark.api.avatars.responses import AvatarResponse, avatar_response
from shipmark.api.organizations.responses import OrganizationResponse
from shipmark.api.rate_limits import RateLimitResponse
from shipmark.api.responses import Wire
from shipmark.api.verdict_criteria import VerdictCriteriaResponse, verdict_criteria_response
from shipmark.avatars.model import OwnerKind
from shipmark.infrastructure.ids import digest
from shipmark.organizations.model import Access, Team, TeamRole
from shipmark.organizations.options import Stored
from shipmark.projects import options
from shipmark.projects.model import Environment, Project
from shipmark.verdicts.criteria import from_option


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


class ProjectResponse(Wire, kw_only=True):
    """A project as lists show it. Fields of other products of the reference have fixed values."""

    id: str
    slug: str
    name: str
    platform: str | None
    platforms: list[str]
    date_created: datetime
    first_event: datetime | None
    first_transaction_event: bool = False
    is_bookmarked: bool = False
    is_member: bool
    is_internal: bool = False
    is_public: bool = False
    access: list[str]
    has_access: bool
    has_minified_stack_trace: bool = False
    has_monitors: bool = False
    has_profiles: bool = False
    has_replays: bool = False
    has_sessions: bool
    has_user_reports: bool
    event_processing: EventProcessingResponse = msgspec.field(
        default_factory=EventProcessingResponse
    )
    environments: list[str]
    features: list[str]
    latest_release: LatestReleaseResponse | None
    latest_deploys: None = None
    status: str = "active"
    color: str
    team: TeamResponse | None
    teams: list[TeamResponse]
    avatar: AvatarResponse


class OwnedProjectResponse(ProjectResponse, kw_only=True):
    """A project with its organization."""

    organization: OrganizationResponse


class ProjectDetailsResponse(OwnedProjectResponse, kw_only=True):
    """A project with its settings."""

    # Fields of parts of the reference that this server does not have are constant.
    options: dict[str, str]
    digests_min_delay: int
    digests_max_delay: int
    subject_prefix: str
    subject_template: str
    allowed_domains: list[str]
    resolve_age: int
    data_scrubber: bool
    data_scrubber_defaults: bool
    safe_fields: list[str]
    fingerprinting_rules: str
    sensitive_fields: list[str]
    store_crash_reports: int | None
    rate_limit: RateLimitResponse | None
    verdict_criteria: VerdictCriteriaResponse
    security_token: str
    security_token_header: str | None
    verify_ssl: bool = msgspec.field(name="verifySSL")
    scrub_ip_addresses: bool = msgspec.field(name="scrubIPAddresses")
    scrape_java_script: bool
    default_environment: str | None
    relay_pii_config: str | None
    grouping_config: str = ""
    grouping_enhancements: str = ""
    grouping_enhancements_base: str | None = None
    secondary_grouping_expiry: int = 0
    secondary_grouping_config: str | None = None
    grouping_auto_update: bool = False
    plugins: Sequence[object] = ()
    processing_issues: int = 0
    builtin_symbol_sources: Sequence[str] = ()
    symbol_sources: str = "[]"
    dynamic_sampling_biases: Sequence[object] = ()
    recap_server_url: str | None = None


class EnvironmentResponse(Wire):
    """An environment of a project."""

    id: str
    name: str
    is_hidden: bool = False


class CommitPathsResponse(Wire):
    """Folders, from the root of a repository; none for all commits."""

    paths: list[str]


#: The fields of settings, by their name in `options.OPTIONS`.
_SETTINGS = {
    field.encode_name: field.name
    for field in msgspec.structs.fields(ProjectDetailsResponse)
    if field.encode_name in options.OPTIONS
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectContext:
    """What the JSON of a project tells of what is around it; ``address`` is where this server is reached."""

    address: str

    teams: Sequence[Team] = ()
    platforms: Sequence[str] = ()
    environments: Sequence[str] = ()
    latest_version: str | None = None
    has_sessions: bool = False
    has_user_reports: bool = False
    is_member: bool = False


def project_details_response(
    project: Project,
    access: Access,
    context: ProjectContext,
    organization: OrganizationResponse,
    stored: Stored,
) -> ProjectDetailsResponse:
    """Return a project with its settings as the caller sees it."""
    set_to: dict[str, Any] = {
        _SETTINGS[name]: value
        for name, value in options.values(stored).items()
        if name in _SETTINGS
    }
    set_to["options"] = {
        name: "\n".join(options.lines(stored, name)) for name in options.FILTER_LISTS
    }
    if (limit := set_to["rate_limit"]) is not None:
        set_to["rate_limit"] = RateLimitResponse(**limit)
    criteria = from_option(set_to["verdict_criteria"])
    set_to["verdict_criteria"] = verdict_criteria_response(criteria)
    if access.user is None or "project:write" not in access.scopes:
        # A secret of the project's own servers: pipelines and readers have no use for it.
        set_to["security_token"] = ""
    return ProjectDetailsResponse(
        **project_fields(project, access, context), **set_to, organization=organization
    )


def project_fields(project: Project, access: Access, context: ProjectContext) -> dict[str, Any]:
    """Return the fields that all objects of a project have, as the caller sees it."""
    teams = [
        TeamResponse(id=str(team.id), slug=team.slug, name=team.name) for team in context.teams
    ]
    role = TeamRole.of(access.role) if access.role else TeamRole.ADMIN
    is_inside, latest = context.is_member or access.reaches_all, context.latest_version
    return {
        "id": str(project.id),
        "slug": project.slug,
        "name": project.name,
        "platform": project.platform,
        "platforms": list(context.platforms),
        "date_created": project.created_at,
        "first_event": project.first_event_at,
        "is_member": context.is_member,
        "access": sorted(role.scopes) if is_inside else [],
        "has_access": is_inside or access.organization.is_open,
        "environments": list(context.environments),
        "has_sessions": context.has_sessions,
        "has_user_reports": context.has_user_reports,
        "features": ["releases"] if project.has_releases else [],
        "latest_release": None if latest is None else LatestReleaseResponse(version=latest),
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
    return EnvironmentResponse(id=str(environment.id), name=environment.name)
