"""``…/avatar/`` of organizations, projects, teams and users (files-and-avatars.md 2.2)."""

from litestar import Response, Router, get, put
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.accounts import actions as accounts
from shipmark.accounts.model import User, UserToken
from shipmark.api.auth.routes import with_emails
from shipmark.api.avatars.requests import NEW, NEW_OF_USER, saved, stashed
from shipmark.api.members.user_responses import UserResponse, user_response
from shipmark.api.organizations.responses import OrganizationResponse, organization_response
from shipmark.api.projects.loading import ViewerContext, serialize_projects, serialize_teams
from shipmark.api.projects.responses import ProjectResponse
from shipmark.api.scopes import (
    ANYBODY,
    ORGANIZATION_CHANGE,
    ORGANIZATION_READ,
    PROJECT_READ,
    PROJECT_WRITE,
    TEAM_CHANGE,
    TEAM_READ,
)
from shipmark.api.teams.responses import TeamDetailsResponse
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.errors import NotFound, Unauthenticated
from shipmark.organizations import actions as organizations
from shipmark.organizations import store as organization_store
from shipmark.organizations.model import Access, Team
from shipmark.projects import actions as projects
from shipmark.projects.model import Project

_STEP = "avatar.validate"


@get("/organizations/{organization:str}/avatar/", scopes=ORGANIZATION_READ, sync_to_thread=True)
def get_organization_avatar(
    context: InjectedRequest, organization: FromPath[str]
) -> OrganizationResponse:
    """Show an organization and its avatar."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
    return organization_response(access.organization, context.settings.address)


@put(
    "/organizations/{organization:str}/avatar/",
    scopes=ORGANIZATION_CHANGE,
    takes=NEW,
    answers={200: OrganizationResponse},
    sync_to_thread=True,
)
def set_organization_avatar(
    context: InjectedRequest, organization: FromPath[str], body: RawBody
) -> OrganizationResponse:
    """Let an organization be shown by a photo or by letters."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
    new = stashed(context, context.body(body, NEW, step=_STEP))
    with context.database.transaction() as connection:
        changed = saved(organizations.save_avatar, connection, access.organization, new)
    return organization_response(changed, context.settings.address)


@get("/projects/{organization:str}/{project:str}/avatar/", scopes=PROJECT_READ, sync_to_thread=True)
def get_project_avatar(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> ProjectResponse:
    """Show a project and its avatar."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        found = projects.require_project(connection, access, project)
        return _project_response(context, connection, access, found)


@put(
    "/projects/{organization:str}/{project:str}/avatar/",
    scopes=PROJECT_WRITE,
    takes=NEW,
    answers={200: ProjectResponse},
    sync_to_thread=True,
)
def set_project_avatar(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str], body: RawBody
) -> ProjectResponse:
    """Let a project be shown by a photo or by letters."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        found = projects.require_project(connection, access, project)
    new = stashed(context, context.body(body, NEW, step=_STEP))
    with context.database.transaction() as connection:
        changed = saved(projects.save_avatar, connection, found, new)
        return _project_response(context, connection, access, changed)


@get("/teams/{organization:str}/{team:str}/avatar/", scopes=TEAM_READ, sync_to_thread=True)
def get_team_avatar(
    context: InjectedRequest, organization: FromPath[str], team: FromPath[str]
) -> TeamDetailsResponse:
    """Show a team and its avatar."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        return _team_response(context, connection, access, _team(connection, access, team))


@put(
    "/teams/{organization:str}/{team:str}/avatar/",
    scopes=TEAM_CHANGE,
    takes=NEW,
    answers={200: TeamDetailsResponse},
    sync_to_thread=True,
)
def set_team_avatar(
    context: InjectedRequest, organization: FromPath[str], team: FromPath[str], body: RawBody
) -> TeamDetailsResponse:
    """Let a team be shown by a photo or by letters."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        found = _team(connection, access, team)
    new = stashed(context, context.body(body, NEW, step=_STEP))
    with context.database.transaction() as connection:
        changed = saved(organizations.save_team_avatar, connection, found, new)
        return _team_response(context, connection, access, changed)


@get("/users/{user:str}/avatar/", scopes=ANYBODY, sync_to_thread=True)
def get_user_avatar(context: InjectedRequest, user: FromPath[str]) -> UserResponse:
    """Show oneself and one's avatar; ``me`` is whoever asks."""
    with context.database.snapshot() as connection:
        found = _oneself(context, connection, user)
        if found is None:
            raise NotFound
    return user_response(found, context.settings.address)


@put(
    "/users/{user:str}/avatar/",
    scopes=ANYBODY,
    takes=NEW_OF_USER,
    answers={200: UserResponse, 403: None},
    sync_to_thread=True,
)
def set_user_avatar(
    context: InjectedRequest, user: FromPath[str], body: RawBody
) -> Response[UserResponse | bytes]:
    """Be shown by a photo, by letters, or as Gravatar has it. Nobody does that for somebody else."""
    with context.database.snapshot() as connection:
        found = _oneself(context, connection, user)
    if found is None:
        return Response(b"", status_code=403)
    new = stashed(context, context.body(body, NEW_OF_USER, step=_STEP))
    with context.database.transaction() as connection:
        changed = saved(accounts.save_avatar, connection, found, new)
    return Response(user_response(changed, context.settings.address))


def _oneself(context: RequestContext, connection: Connection, name: str) -> User | None:
    """Whoever asks, with addresses, if that is whom the address names."""
    caller = context.caller(connection)
    if not isinstance(caller, UserToken):
        raise Unauthenticated
    return with_emails(connection, caller.user) if name in {"me", str(caller.user.id)} else None


def _team(connection: Connection, access: Access, name: str) -> Team:
    found = organization_store.team_by_slug_or_id(connection, access.organization.id, name)
    if found is None:
        raise NotFound
    return found


def _project_response(
    context: RequestContext, connection: Connection, access: Access, project: Project
) -> ProjectResponse:
    mine = ViewerContext.of(connection, access, context.settings.address)
    return serialize_projects(connection, access, [project], mine)[0]


def _team_response(
    context: RequestContext, connection: Connection, access: Access, team: Team
) -> TeamDetailsResponse:
    mine = ViewerContext.of(connection, access, context.settings.address)
    return serialize_teams(connection, access, [team], mine)[0]


router = Router(
    "/api/0",
    route_handlers=[
        get_organization_avatar,
        set_organization_avatar,
        get_project_avatar,
        set_project_avatar,
        get_team_avatar,
        set_team_avatar,
        get_user_avatar,
        set_user_avatar,
    ],
)
