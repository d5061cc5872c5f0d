"""Who is there, and what can they reach? The root, ``auth/``, organizations and projects (auth-and-errors.md 8)."""

from litestar import Response, Router, get
from litestar.params import FromPath
from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User, UserToken
from shipmark.api.members.user_responses import UserJson, user_json
from shipmark.api.organizations.responses import OrganizationJson, organization_json
from shipmark.api.projects.responses import EnvironmentJson, environment_json
from shipmark.api.query_parameters import ORGANIZATION_QUERY, PAGE
from shipmark.api.responses import Wire
from shipmark.api.scopes import ANYBODY, ORGANIZATION_READ, PROJECT_READ, Credentials
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import GivenVisit
from shipmark.infrastructure.errors import Forbidden, Unauthenticated
from shipmark.organizations import actions as organization_actions
from shipmark.organizations import store as organizations
from shipmark.organizations import text_filter
from shipmark.organizations.model import Organization
from shipmark.projects import actions as projects
from shipmark.projects import store as project_store


class AuthJson(Wire):
    """What a token may do."""

    scopes: list[str]


class RootJson(Wire):
    """What clients ask first, to check their token."""

    version: str
    auth: AuthJson | None
    user: UserJson | None


@get("/", scopes=ANYBODY, credentials=Credentials.OPTIONAL, sync_to_thread=True)
def get_root(visit: GivenVisit) -> RootJson:
    """Say who is there; nobody is welcome too, but a wrong token is not."""
    with visit.database.snapshot() as connection:
        caller = visit.known_caller(connection)
        if caller is None:
            return RootJson(version="0", auth=None, user=None)
        if isinstance(caller, UserToken):
            user = whole(connection, caller.user)
            auth = AuthJson(scopes=sorted(caller.scopes))
            return RootJson(version="0", auth=auth, user=user_json(user, visit.settings.address))
    auth = AuthJson(scopes=sorted(organization_actions.CI_SCOPES))
    return RootJson(version="0", auth=auth, user=None)


@get("/auth/", scopes=ANYBODY, sync_to_thread=True)
def get_user(visit: GivenVisit) -> UserJson:
    """Show the user whose token it is."""
    with visit.database.snapshot() as connection:
        caller = visit.caller(connection)
        if not isinstance(caller, UserToken):
            raise Unauthenticated
        return user_json(whole(connection, caller.user), visit.settings.address)


_TESTS: text_filter.Tests[Organization] = {
    text_filter.TEXT: lambda it, text: text_filter.contains(text, it.slug, it.name),
    "query": lambda it, text: text_filter.contains(text, it.slug, it.name),
    "slug": lambda it, text: it.slug == text,
    "id": lambda it, text: str(it.id) == text,
    "status": lambda it, text: it.status.value == text,
}


@get(
    "/organizations/",
    scopes=ORGANIZATION_READ,
    asks=(ORGANIZATION_QUERY, *PAGE),
    sync_to_thread=True,
)
def list_organizations(visit: GivenVisit) -> Response[list[OrganizationJson]]:
    """List the user's organizations, the newest first."""
    with visit.database.snapshot() as connection:
        caller = visit.caller(connection)
        if not isinstance(caller, UserToken):
            raise Forbidden
        page = visit.page()
        known = [it for it, _ in organizations.of_user(connection, caller.user.id)]
    chosen = text_filter.apply_filter(known, visit.parameter("query"), _TESTS)
    found, links = paginate(chosen[page.skipped : page.skipped + page.limit], page)
    return visit.listed([organization_json(it, visit.settings.address) for it in found], links)


@get(
    "/projects/{organization:str}/{project:str}/environments/",
    scopes=PROJECT_READ | {"org:ci"},
    sync_to_thread=True,
)
def list_environments(
    visit: GivenVisit, organization: FromPath[str], project: FromPath[str]
) -> list[EnvironmentJson]:
    """List the environments that the project runs in, by name; the one without a name is left out."""
    with visit.database.snapshot() as connection:
        access = visit.enter(connection, organization)
        found = projects.require_project(connection, access, project)
        known = project_store.environments_of(connection, found.id)
    return [environment_json(it) for it in known if it.name]


def whole(connection: Connection, user: User) -> User:
    """The user with addresses, which a token's record leaves out."""
    return accounts.by_id(connection, user.id) or user


router = Router(
    "/api/0",
    route_handlers=[
        get_root,
        get_user,
        list_organizations,
        list_environments,
    ],
)
