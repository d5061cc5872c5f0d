"""The project object, its summary (auth-and-errors.md 8.4)."""

from collections.abc import Sequence
from datetime import datetime

from shipmark.api.wire import Wire
from shipmark.api.wire.avatar import AvatarJson, avatar_json
from shipmark.avatars.model import OwnerKind
from shipmark.organizations.model import Team
from shipmark.projects.model import Environment, Project


class TeamJson(Wire):
    """A team that owns a project."""

    id: str
    slug: str
    name: str


class ProjectJson(Wire):
    """A project as lists show it."""

    id: str
    slug: str
    name: str
    platform: str | None
    platforms: list[str]
    date_created: datetime
    first_event: datetime | None
    is_bookmarked: bool
    is_member: bool
    has_access: bool
    features: list[str]
    status: str
    team: TeamJson | None
    teams: list[TeamJson]
    avatar: AvatarJson


class EnvironmentJson(Wire):
    """An environment of a project."""

    id: str
    name: str
    is_hidden: bool


def project_json(
    project: Project,
    teams: Sequence[Team],
    platforms: Sequence[str],
    address: str,
    *,
    is_member: bool,
) -> ProjectJson:
    """A project with its teams and the platforms that were seen; ``address`` is where this server is reached."""
    shown = [TeamJson(id=str(team.id), slug=team.slug, name=team.name) for team in teams]
    return ProjectJson(
        id=str(project.id),
        slug=project.slug,
        name=project.name,
        platform=project.platform,
        platforms=list(platforms),
        date_created=project.created_at,
        first_event=project.first_event_at,
        is_bookmarked=False,
        is_member=is_member,
        has_access=True,
        features=["releases"] if project.has_releases else [],
        status="active",
        team=shown[0] if shown else None,
        teams=shown,
        avatar=avatar_json(project.avatar, OwnerKind.PROJECT, address),
    )


def environment_json(environment: Environment) -> EnvironmentJson:
    """An environment; hiding one is not possible yet."""
    return EnvironmentJson(id=str(environment.id), name=environment.name, is_hidden=False)
