"""Who is there, and what can they reach? The root, ``auth/``, organizations and projects (auth-and-errors.md 8)."""

from litestar import Response, Router, get
from litestar.params import FromPath
from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User, UserToken
from shipmark.api.members.user_responses import UserResponse, user_response
from shipmark.api.organizations.responses import OrganizationResponse, organization_response
from shipmark.api.projects.responses import EnvironmentResponse, environment_response
from shipmark.api.query_parameters import ORGANIZATION_QUERY, PAGE
from shipmark.api.responses import Wire
from shipmark.api.scopes import ANYBODY, ORGANIZATION_READ, PROJECT_READ, Credentials
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import InjectedRequest
from shipmark.infrastructure.errors import Forbidden, Unauthenticated
from shipmark.organizations import actions as organization_actions
from shipmark.organizations import store as organizations
from shipmark.organizations import text_filter
from shipmark.organizations.model import Organization
from shipmark.projects import actions as projects
from shipmark.projects import store as project_store


class AuthResponse(Wire):
    """What a token may do."""

    scopes: list[str]


class RootResponse(Wire):
    """What clients ask first, to check their token."""

    version: str
    auth: AuthResponse | None
    user: UserResponse | None


@get("/", scopes=ANYBODY, credentials=Credentials.OPTIONAL, sync_to_thread=True)
def get_root(context: InjectedRequest) -> RootResponse:
    """Say who is there; nobody is welcome too, but a wrong token is not."""
    with context.database.snapshot() as connection:
        caller = context.optional_caller(connection)
        if caller is None:
            return RootResponse(version="0", auth=None, user=None)
        if isinstance(caller, UserToken):
            user = with_emails(connection, caller.user)
            auth = AuthResponse(scopes=sorted(caller.scopes))
            return RootResponse(
                version="0", auth=auth, user=user_response(user, context.settings.address)
            )
    auth = AuthResponse(scopes=sorted(organization_actions.CI_SCOPES))
    return RootResponse(version="0", auth=auth, user=None)


@get("/auth/", scopes=ANYBODY, sync_to_thread=True)
def get_user(context: InjectedRequest) -> UserResponse:
    """Show the user whose token it is."""
    with context.database.snapshot() as connection:
        caller = context.caller(connection)
        if not isinstance(caller, UserToken):
            raise Unauthenticated
        return user_response(with_emails(connection, caller.user), context.settings.address)


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
def list_organizations(context: InjectedRequest) -> Response[list[OrganizationResponse]]:
    """List the user's organizations, the newest first."""
    with context.database.snapshot() as connection:
        caller = context.caller(connection)
        if not isinstance(caller, UserToken):
            raise Forbidden
        page = context.page()
        known = [it for it, _ in organizations.of_user(connection, caller.user.id)]
    chosen = text_filter.apply_filter(known, context.parameter("query"), _TESTS)
    found, links = paginate(chosen[page.skipped : page.skipped + page.limit], page)
    return context.listed(
        [organization_response(it, context.settings.address) for it in found], links
    )


@get(
    "/projects/{organization:str}/{project:str}/environments/",
    scopes=PROJECT_READ | {"org:ci"},
    sync_to_thread=True,
)
def list_environments(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> list[EnvironmentResponse]:
    """List the environments that the project runs in, by name; the one without a name is left out."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        found = projects.require_project(connection, access, project)
        known = project_store.environments_of(connection, found.id)
    return [environment_response(it) for it in known if it.name]


def with_emails(connection: Connection, user: User) -> User:
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
