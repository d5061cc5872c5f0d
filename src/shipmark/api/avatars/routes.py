"""``…/avatar/`` of organizations, projects, teams and users (files-and-avatars.md 2.2)."""

from litestar import Response, Router, get, put
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.accounts import actions as accounts
from shipmark.accounts.model import User, UserToken
from shipmark.api.auth.routes import whole
from shipmark.api.avatars.requests import NEW, NEW_OF_USER, saved, stashed
from shipmark.api.members.user_responses import UserJson, user_json
from shipmark.api.organizations.responses import OrganizationJson, organization_json
from shipmark.api.projects.loading import ViewerContext, serialize_projects, serialize_teams
from shipmark.api.projects.responses import ProjectJson
from shipmark.api.scopes import (
    ANYBODY,
    ORGANIZATION_CHANGE,
    ORGANIZATION_READ,
    PROJECT_READ,
    PROJECT_WRITE,
    TEAM_CHANGE,
    TEAM_READ,
)
from shipmark.api.teams.responses import TeamDetailsJson
from shipmark.http.request_context import GivenVisit, Visit
from shipmark.infrastructure.errors import NotFound, NotSignedIn
from shipmark.organizations import actions as organizations
from shipmark.organizations import store as organization_store
from shipmark.organizations.model import Access, Team
from shipmark.projects import actions as projects
from shipmark.projects.model import Project

_STEP = "avatar.validate"


@get("/organizations/{organization:str}/avatar/", scopes=ORGANIZATION_READ, sync_to_thread=True)
def get_organization_avatar(visit: GivenVisit, organization: FromPath[str]) -> OrganizationJson:
    """Show an organization and its avatar."""
    with visit.database.glance() as connection:
        access = visit.enter(connection, organization)
    return organization_json(access.organization, visit.settings.address)


@put(
    "/organizations/{organization:str}/avatar/",
    scopes=ORGANIZATION_CHANGE,
    takes=NEW,
    answers={200: OrganizationJson},
    sync_to_thread=True,
)
def set_organization_avatar(
    visit: GivenVisit, organization: FromPath[str], body: RawBody
) -> OrganizationJson:
    """Let an organization be shown by a photo or by letters."""
    with visit.database.glance() as connection:
        access = visit.enter(connection, organization)
    new = stashed(visit, visit.body(body, NEW, step=_STEP))
    with visit.database.transaction() as connection:
        changed = saved(organizations.save_avatar, connection, access.organization, new)
    return organization_json(changed, visit.settings.address)


@get("/projects/{organization:str}/{project:str}/avatar/", scopes=PROJECT_READ, sync_to_thread=True)
def get_project_avatar(
    visit: GivenVisit, organization: FromPath[str], project: FromPath[str]
) -> ProjectJson:
    """Show a project and its avatar."""
    with visit.database.snapshot() as connection:
        access = visit.enter(connection, organization)
        found = projects.reached(connection, access, project)
        return _project_json(visit, connection, access, found)


@put(
    "/projects/{organization:str}/{project:str}/avatar/",
    scopes=PROJECT_WRITE,
    takes=NEW,
    answers={200: ProjectJson},
    sync_to_thread=True,
)
def set_project_avatar(
    visit: GivenVisit, organization: FromPath[str], project: FromPath[str], body: RawBody
) -> ProjectJson:
    """Let a project be shown by a photo or by letters."""
    with visit.database.glance() as connection:
        access = visit.enter(connection, organization)
        found = projects.reached(connection, access, project)
    new = stashed(visit, visit.body(body, NEW, step=_STEP))
    with visit.database.transaction() as connection:
        changed = saved(projects.save_avatar, connection, found, new)
        return _project_json(visit, connection, access, changed)


@get("/teams/{organization:str}/{team:str}/avatar/", scopes=TEAM_READ, sync_to_thread=True)
def get_team_avatar(
    visit: GivenVisit, organization: FromPath[str], team: FromPath[str]
) -> TeamDetailsJson:
    """Show a team and its avatar."""
    with visit.database.snapshot() as connection:
        access = visit.enter(connection, organization)
        return _team_json(visit, connection, access, _team(connection, access, team))


@put(
    "/teams/{organization:str}/{team:str}/avatar/",
    scopes=TEAM_CHANGE,
    takes=NEW,
    answers={200: TeamDetailsJson},
    sync_to_thread=True,
)
def set_team_avatar(
    visit: GivenVisit, organization: FromPath[str], team: FromPath[str], body: RawBody
) -> TeamDetailsJson:
    """Let a team be shown by a photo or by letters."""
    with visit.database.glance() as connection:
        access = visit.enter(connection, organization)
        found = _team(connection, access, team)
    new = stashed(visit, visit.body(body, NEW, step=_STEP))
    with visit.database.transaction() as connection:
        changed = saved(organizations.save_team_avatar, connection, found, new)
        return _team_json(visit, connection, access, changed)


@get("/users/{user:str}/avatar/", scopes=ANYBODY, sync_to_thread=True)
def get_user_avatar(visit: GivenVisit, user: FromPath[str]) -> UserJson:
    """Show oneself and one's avatar; ``me`` is whoever asks."""
    with visit.database.snapshot() as connection:
        found = _oneself(visit, connection, user)
        if found is None:
            raise NotFound
    return user_json(found, visit.settings.address)


@put(
    "/users/{user:str}/avatar/",
    scopes=ANYBODY,
    takes=NEW_OF_USER,
    answers={200: UserJson, 403: None},
    sync_to_thread=True,
)
def set_user_avatar(
    visit: GivenVisit, user: FromPath[str], body: RawBody
) -> Response[UserJson | bytes]:
    """Be shown by a photo, by letters, or as Gravatar has it. Nobody does that for somebody else."""
    with visit.database.snapshot() as connection:
        found = _oneself(visit, connection, user)
    if found is None:
        return Response(b"", status_code=403)
    new = stashed(visit, visit.body(body, NEW_OF_USER, step=_STEP))
    with visit.database.transaction() as connection:
        changed = saved(accounts.save_avatar, connection, found, new)
    return Response(user_json(changed, visit.settings.address))


def _oneself(visit: Visit, connection: Connection, name: str) -> User | None:
    """Whoever asks, with addresses, if that is whom the address names."""
    caller = visit.caller(connection)
    if not isinstance(caller, UserToken):
        raise NotSignedIn
    return whole(connection, caller.user) if name in {"me", str(caller.user.id)} else None


def _team(connection: Connection, access: Access, name: str) -> Team:
    found = organization_store.team_by_slug_or_id(connection, access.organization.id, name)
    if found is None:
        raise NotFound
    return found


def _project_json(
    visit: Visit, connection: Connection, access: Access, project: Project
) -> ProjectJson:
    mine = ViewerContext.load(connection, access, visit.settings.address)
    return serialize_projects(connection, mine, [project])[0]


def _team_json(visit: Visit, connection: Connection, access: Access, team: Team) -> TeamDetailsJson:
    mine = ViewerContext.load(connection, access, visit.settings.address)
    return serialize_teams(connection, mine, [team])[0]


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
