"""``projects/``: projects, their settings, teams and environments (auth-and-errors.md 8.4, 8.5)."""

from collections.abc import Callable, Sequence
from typing import Annotated

from litestar import Response
from sqlalchemy import Connection

from shipmark.accounts.model import UserToken
from shipmark.api.auth.calling_user import CallingUser
from shipmark.api.organizations.responses import organization_response
from shipmark.api.projects.loading import (
    ViewerContext,
    load_viewer,
    prefetch_for_projects,
    serialize_projects,
    serialize_teams,
)
from shipmark.api.projects.path_project import PathProject, VisibleProjects, reload_project
from shipmark.api.projects.requests import (
    CommitPathsRequest,
    EnvironmentListQuery,
    OrganizationEnvironmentListQuery,
    OwnProjectListQuery,
    ProjectListQuery,
    ProjectUpdateRequest,
)
from shipmark.api.projects.responses import (
    CommitPathsResponse,
    EnvironmentResponse,
    OwnedProjectResponse,
    ProjectDetailsResponse,
    ProjectResponse,
    environment_response,
    project_details_response,
    project_fields,
)
from shipmark.api.queries import PageQuery
from shipmark.api.teams.responses import TeamDetailsResponse
from shipmark.http import endpoint
from shipmark.http.endpoint import Load
from shipmark.http.pagination.offset import paginate_all
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ORGANIZATION_READ, PROJECT_DELETE, PROJECT_READ, PROJECT_WRITE
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.ids import hex32
from shipmark.organizations import actions as organization_actions
from shipmark.organizations import membership, text_filter
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Team
from shipmark.projects import deletion_requests, settings, store
from shipmark.projects.model import Project

UNKNOWN_TEAM = "Team does not exist."

_PROJECT = "/projects/{organization:str}/{project:str}/"
_PROJECT_TEAM = f"{_PROJECT}teams/{{team:str}}/"
_COMMIT_PATHS = f"{_PROJECT}commit-paths/"
_VALIDATE = "project.validate"

_TESTS: text_filter.Tests[Project] = {
    **text_filter.NAME_TESTS,
    "name": lambda project, text: text_filter.contains(text, project.name),
    "platform": lambda project, text: project.platform == text,
}


def _find_team(context: RequestContext, connection: Connection, team: str) -> Team:
    """Return the team if the caller may decide what it owns. Raise `NotFound` or `Forbidden`."""
    row = organizations.team_by_slug_or_id(connection, context.organization_id, team)
    if row is None:
        raise NotFound(UNKNOWN_TEAM)
    membership.require_team_access(connection, context.access, row)
    return row


_OwnerTeam = Annotated[Team, Load(_find_team)]


@endpoint.get("/projects/", scopes=PROJECT_READ)
def list_own_projects(
    context: RequestContext, caller: CallingUser, query: OwnProjectListQuery
) -> Response[list[OwnedProjectResponse]]:
    """List the projects of all organizations that the user may see, by slug."""
    page = query.page()
    with context.database.snapshot() as connection:
        is_shown = query.status in {None, "", "active"}
        known = store.of_user(connection, caller.user.id) if is_shown else []
        tests = {**_TESTS, "dsn": _dsn_test(connection, query.query)}
        projects, links = paginate_all(text_filter.apply_filter(known, query.query, tests), page)
        shown = _with_organizations(context, connection, caller, projects)
    return context.listed(shown, links)


@endpoint.get("/organizations/{organization:str}/projects/", scopes=ORGANIZATION_READ)
def list_projects(
    context: RequestContext, visible: VisibleProjects, query: ProjectListQuery
) -> Response[list[ProjectResponse]]:
    """List the organization's projects that the caller may name, by slug."""
    query.check_period()
    page = query.page()
    with context.database.snapshot() as connection:
        viewer = load_viewer(context, connection)
        selected = _filter(connection, viewer, visible, query.query)
        if query.all_projects == "1":
            return context.listed(serialize_projects(connection, viewer, selected), None)
        projects, links = paginate_all(selected, page)
        return context.listed(serialize_projects(connection, viewer, projects), links)


@endpoint.get(_PROJECT, scopes=PROJECT_READ | {"org:ci"})
def get_project(context: RequestContext, project: PathProject) -> ProjectDetailsResponse:
    """Show a project with its settings."""
    with context.database.snapshot() as connection:
        return _details(context, connection, project)


@endpoint.put(_PROJECT, scopes=PROJECT_WRITE, step=_VALIDATE)
def update_project(
    context: RequestContext, project: PathProject, body: ProjectUpdateRequest
) -> ProjectDetailsResponse:
    """Change the settings of a project that are sent. Its former slug leads to it from now on."""
    with context.database.transaction() as connection:
        current = reload_project(context, connection, project)
        update = body.to_input()
        updated = settings.update(connection, context.action_context(), current, update)
        return _details(context, connection, updated)


@endpoint.delete(_PROJECT, scopes=PROJECT_DELETE)
def delete_project(context: RequestContext, project: PathProject) -> None:
    """Delete a project. It is hidden at once and its slug is free; its data is deleted a day later."""
    with context.database.transaction() as connection:
        current = reload_project(context, connection, project)
        deletion_requests.request(connection, context.action_context(), current, spare_slug=hex32())


@endpoint.get(f"{_PROJECT}environments/", scopes=PROJECT_READ | {"org:ci"})
def list_environments(
    context: RequestContext, project: PathProject, query: EnvironmentListQuery
) -> list[EnvironmentResponse]:
    """List the environments of a project, by name; the one without a name is left out."""
    return _environments(context, [project], query)


@endpoint.get("/organizations/{organization:str}/environments/", scopes=ORGANIZATION_READ)
def list_organization_environments(
    context: RequestContext, visible: VisibleProjects, query: OrganizationEnvironmentListQuery
) -> list[EnvironmentResponse]:
    """List the environments of all projects that the caller can see, by name, each once."""
    return _environments(context, query.select(visible), query)


@endpoint.get(f"{_PROJECT}teams/", scopes=PROJECT_READ)
def list_project_teams(
    context: RequestContext, project: PathProject, query: PageQuery
) -> Response[list[TeamDetailsResponse]]:
    """List the teams that own a project, by name."""
    page = query.page()
    with context.database.snapshot() as connection:
        owners = store.teams_of(connection, [project.id]).get(project.id, [])
        teams, links = paginate_all(sorted(owners, key=lambda team: (team.name, team.id)), page)
        shown = serialize_teams(connection, load_viewer(context, connection), teams)
    return context.listed(shown, links)


@endpoint.post(_PROJECT_TEAM, scopes=PROJECT_WRITE)
def add_project_team(
    context: RequestContext, project: PathProject, team: _OwnerTeam
) -> ProjectDetailsResponse:
    """Add a team to the owners of a project. 201 and the project, also if the team owns it already."""
    return _change_owner(context, project, team, settings.add_team)


@endpoint.delete(_PROJECT_TEAM, scopes=PROJECT_WRITE, status_code=200)
def remove_project_team(
    context: RequestContext, project: PathProject, team: _OwnerTeam
) -> ProjectDetailsResponse:
    """Remove a team from the owners of a project. 200 and the project, also if the team does not own it."""
    return _change_owner(context, project, team, settings.remove_team)


@endpoint.get(_COMMIT_PATHS, scopes=PROJECT_READ)
def get_commit_paths(
    context: RequestContext,  # noqa: ARG001  # passed to every endpoint
    project: PathProject,
) -> CommitPathsResponse:
    """Show the folders that limit the commits of the project's releases."""
    return CommitPathsResponse(paths=list(project.commit_paths))


@endpoint.put(_COMMIT_PATHS, scopes=PROJECT_WRITE, step=_VALIDATE)
def set_commit_paths(
    context: RequestContext, project: PathProject, body: CommitPathsRequest
) -> CommitPathsResponse:
    """Limit the commits of the project's releases to those that touch these folders, from the next commits on."""
    with context.database.transaction() as connection:
        current, action = reload_project(context, connection, project), context.action_context()
        paths = settings.set_commit_paths(connection, action, current, body.paths)
    return CommitPathsResponse(paths=paths)


def _details(
    context: RequestContext, connection: Connection, project: Project
) -> ProjectDetailsResponse:
    viewer = load_viewer(context, connection)
    return project_details_response(
        project,
        viewer.access,
        prefetch_for_projects(connection, viewer, [project])[project.id],
        organization_response(viewer.access.organization, viewer.address),
        store.options_of(connection, project.id),
    )


def _change_owner(
    context: RequestContext, project: Project, team: Team, change: Callable[..., None]
) -> ProjectDetailsResponse:
    with context.database.transaction() as connection:
        current = reload_project(context, connection, project)
        owner = _find_team(context, connection, str(team.id))
        change(connection, context.action_context(), current, owner)
        return _details(context, connection, current)


def _with_organizations(
    context: RequestContext, connection: Connection, caller: UserToken, projects: Sequence[Project]
) -> list[OwnedProjectResponse]:
    """Return projects of several organizations; the access to each organization is loaded once."""
    shown: dict[int, OwnedProjectResponse] = {}
    for organization_id in sorted({project.organization_id for project in projects}):
        access = organization_actions.access_of_user(
            connection, str(organization_id), caller.user, caller.scopes
        )
        viewer = ViewerContext.load(connection, access, context.address)
        own = [project for project in projects if project.organization_id == organization_id]
        contexts = prefetch_for_projects(connection, viewer, own)
        organization = organization_response(access.organization, viewer.address)
        shown |= {
            project.id: OwnedProjectResponse(
                **project_fields(project, access, contexts[project.id]), organization=organization
            )
            for project in own
        }
    return [shown[project.id] for project in projects]


def _dsn_test(connection: Connection, query: str | None) -> Callable[[Project, str], bool]:
    """Return the test of terms for a public key, which are looked up if there are any."""
    sent = [value for name, value in text_filter.terms(query or "") if name == "dsn"]
    project_ids = store.projects_of_keys(connection, sent) if sent else {}
    return lambda project, key: project_ids.get(key) == project.id


def _filter(
    connection: Connection, viewer: ViewerContext, projects: Sequence[Project], query: str | None
) -> list[Project]:
    """Return the projects that a query finds; teams are loaded if it has a term for them."""
    tests = _TESTS
    if {name for name, _ in text_filter.terms(query or "")} & {"team", "!team", "is_member"}:
        teams = store.teams_of(connection, [project.id for project in projects])

        def is_of(project: Project, slug: str) -> bool:
            return any(team.slug == slug for team in teams.get(project.id, ()))

        def is_member(project: Project, _: str) -> bool:
            return any(team.id in viewer.team_ids for team in teams.get(project.id, ()))

        tests = {
            **_TESTS,
            "team": is_of,
            "!team": lambda project, slug: not is_of(project, slug),
            "is_member": is_member,
        }
    return text_filter.apply_filter(projects, query, tests)


def _environments(
    context: RequestContext, projects: Sequence[Project], query: EnvironmentListQuery
) -> list[EnvironmentResponse]:
    if query.is_hidden:
        return []
    with context.database.autocommit_read() as connection:
        environments = store.environments_of(connection, [project.id for project in projects])
    return [environment_response(row) for row in environments if row.name]
