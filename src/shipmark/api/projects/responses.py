"""The project object, its summary (auth-and-errors.md 8.4)."""

from collections.abc import Sequence
from colorsys import hls_to_rgb
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shipmark.api.avatars.responses import AvatarJson, avatar_json
from shipmark.api.responses import Wire
from shipmark.avatars.model import OwnerKind
from shipmark.infrastructure.ids import digest
from shipmark.organizations.model import Access, Team, TeamRole
from shipmark.projects.model import Environment, Project


class TeamJson(Wire):
    """A team that owns a project."""

    id: str
    slug: str
    name: str


class EventProcessingJson(Wire):
    """How well events are processed."""

    symbolication_degraded: bool = False


class LatestReleaseJson(Wire):
    """The release that went out last."""

    version: str


class ProjectJson(Wire):
    """A project as lists show it. What is of other products of the reference is never there."""

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
    event_processing: EventProcessingJson
    environments: list[str]
    features: list[str]
    latest_release: LatestReleaseJson | None
    latest_deploys: None
    status: str
    color: str
    team: TeamJson | None
    teams: list[TeamJson]
    avatar: AvatarJson


class EnvironmentJson(Wire):
    """An environment of a project."""

    id: str
    name: str
    is_hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectContext:
    """What the JSON of a project tells of what is around it; ``address`` is where this server is reached."""

    address: str

    teams: Sequence[Team] = ()
    platforms: Sequence[str] = ()
    environments: Sequence[str] = ()
    latest_version: str | None = None
    is_member: bool = False


def project_json(project: Project, access: Access, around: ProjectContext) -> ProjectJson:
    """A project as the API shows it to a caller."""
    return ProjectJson(**shown(project, access, around))


def shown(project: Project, access: Access, around: ProjectContext) -> dict[str, Any]:
    """The fields that all forms of a project have."""
    teams = [TeamJson(id=str(it.id), slug=it.slug, name=it.name) for it in around.teams]
    role = TeamRole.of(access.role) if access.role else TeamRole.ADMIN
    is_inside = around.is_member or access.reaches_all
    absent = ("minified_stack_trace", "monitors", "profiles", "replays", "sessions", "user_reports")
    latest = around.latest_version
    return {
        "id": str(project.id),
        "slug": project.slug,
        "name": project.name,
        "platform": project.platform,
        "platforms": list(around.platforms),
        "date_created": project.created_at,
        "first_event": project.first_event_at,
        "first_transaction_event": False,
        "is_bookmarked": False,
        "is_member": around.is_member,
        "is_internal": False,
        "is_public": False,
        "access": sorted(role.scopes) if is_inside else [],
        "has_access": is_inside or access.organization.is_open,
        **{f"has_{name}": False for name in absent},
        "event_processing": EventProcessingJson(),
        "environments": list(around.environments),
        "features": ["releases"] if project.has_releases else [],
        "latest_release": None if latest is None else LatestReleaseJson(version=latest),
        "latest_deploys": None,
        "status": "active",
        "color": color(project.slug),
        "team": teams[0] if teams else None,
        "teams": teams,
        "avatar": avatar_json(project.avatar, OwnerKind.PROJECT, around.address),
    }


def color(slug: str) -> str:
    """A colour for a project, always the same for its slug and never pale."""
    hue = int(digest(slug)[:8], 16) / 2**32
    return "#" + "".join(f"{round(part * 255):02x}" for part in hls_to_rgb(hue, 0.45, 0.5))


def environment_json(environment: Environment) -> EnvironmentJson:
    """An environment; hiding one is not possible yet."""
    return EnvironmentJson(id=str(environment.id), name=environment.name, is_hidden=False)
