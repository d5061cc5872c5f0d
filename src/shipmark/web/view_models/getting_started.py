"""The view model of the guide: the steps from a project to its first release, and which of them are done."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.artifacts.store import bundles
from shipmark.deploys import store as deploys
from shipmark.organizations import tokens
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.release_health import overviews
from shipmark.releases.store import project_commits
from shipmark.web.live_updates import marks_of
from shipmark.web.request_context import WebRequest, Workspace
from shipmark.web.setup_lines import SDKS, TOOLS, Setup

_SDKS_OF_PLATFORMS = {"javascript": "browser", "node": "node", "python": "python"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The steps that are done. Source maps and sessions are optional: only some projects have any."""

    first_event_at: datetime | None = None
    has_release: bool = False
    has_commits: bool = False
    has_deploy: bool = False
    has_source_maps: bool = False
    has_sessions: bool = False

    @property
    def done(self) -> int:
        """Return the number of done steps of those that every project has."""
        return sum((bool(self.first_event_at), self.has_release, self.has_commits, self.has_deploy))

    @property
    def count(self) -> int:
        """Return the number of steps that every project has."""
        return 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """The guide for a project, or without one. ``setup`` is None without a project or an active client key.

    ``mark`` is the state that it shows, after which the page follows changes.
    """

    project: Project | None
    setup: Setup | None
    steps: Steps
    sdk: str
    tool: str
    may_create_token: bool
    mark: str


def guide(
    connection: Connection,
    web_request: WebRequest,
    workspace: Workspace,
    token: str = "",
) -> Guide:
    """Return the guide for the project that the URL names, by default the first one; ``token`` was just made."""
    slug = web_request.parameter("project")
    by_slug = {project.slug: project for project in workspace.projects}
    project = by_slug.get(slug) or next(iter(workspace.projects), None)
    platform = (project.platform or "").partition("-")[0] if project else ""
    sdk = web_request.parameter("sdk")
    tool = web_request.parameter("tool")
    organization_id = workspace.organization.id
    mark = marks_of(connection, [organization_id])[organization_id]
    return Guide(
        project=project,
        setup=_setup(connection, web_request, workspace, project, token) if project else None,
        steps=_steps(connection, project) if project else Steps(),
        sdk=sdk if sdk in SDKS else _SDKS_OF_PLATFORMS.get(platform, next(iter(SDKS))),
        tool=tool if tool in TOOLS else next(iter(TOOLS)),
        may_create_token=tokens.may_create(workspace.access),
        mark=mark,
    )


def _setup(
    connection: Connection,
    web_request: WebRequest,
    workspace: Workspace,
    project: Project,
    token: str,
) -> Setup | None:
    key = projects.first_keys(connection, [project.id]).get(project.id)
    if key is None:
        return None
    address = web_request.address
    return Setup(
        address=address,
        organization=workspace.organization.slug,
        project=project.slug,
        dsn=key.dsn(address),
        token=token,
    )


def _steps(connection: Connection, project: Project) -> Steps:
    """Return the steps that are done, each by at most one statement that ends at the first row."""
    has = project.has_releases
    return Steps(
        first_event_at=project.first_event_at,
        has_release=has,
        has_commits=has and project_commits.is_any(connection, project.id),
        has_deploy=has and deploys.is_any(connection, project.id),
        has_source_maps=bundles.is_any(connection, project.id),
        has_sessions=bool(overviews.projects_with_sessions(connection, [project.id])),
    )
