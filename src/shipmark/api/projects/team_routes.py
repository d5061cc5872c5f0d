"""``projects/{org}/{project}/teams/{team}/``: which teams own a project (auth-and-errors.md 8.5)."""

from litestar import Response, Router, delete, post
from litestar.params import FromPath
from sqlalchemy import Connection

from shipmark.api.projects.detail_responses import ProjectDetailsResponse
from shipmark.api.projects.routes import details_response
from shipmark.api.scopes import PROJECT_WRITE
from shipmark.http.request_context import InjectedRequest
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.organizations import membership
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Access, Team
from shipmark.projects import actions, settings

UNKNOWN_TEAM = "Team does not exist."


@post("/", scopes=PROJECT_WRITE, status_code=201, sync_to_thread=True)
def add_project_team(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    team: FromPath[str],
) -> ProjectDetailsResponse:
    """Let a team own a project. 201 and the project, also where the team owns it already."""
    with context.database.transaction() as connection:
        access = context.authorize(connection, organization)
        known = actions.require_project(connection, access, project)
        owner = _team(connection, access, team)
        settings.add_team(connection, known, owner, by=context.actor(access), at=now())
        return details_response(context, connection, access, known)


@delete("/", scopes=PROJECT_WRITE, status_code=200, sync_to_thread=True)
def remove_project_team(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    team: FromPath[str],
) -> Response[ProjectDetailsResponse]:
    """Let a team own a project no longer. 200 and the project, also where the team does not own it."""
    with context.database.transaction() as connection:
        access = context.authorize(connection, organization)
        known = actions.require_project(connection, access, project)
        owner = _team(connection, access, team)
        settings.remove_team(connection, known, owner, by=context.actor(access), at=now())
        return Response(details_response(context, connection, access, known))


def _team(connection: Connection, access: Access, name: str) -> Team:
    """Return the team that the address names, if the caller may decide what it owns."""
    team = organizations.team_by_slug_or_id(connection, access.organization.id, name)
    if team is None:
        raise NotFound(UNKNOWN_TEAM)
    membership.require_team_access(connection, access, team)
    return team


router = Router(
    "/api/0/projects/{organization:str}/{project:str}/teams/{team:str}",
    route_handlers=[add_project_team, remove_project_team],
)
