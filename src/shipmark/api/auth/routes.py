"""Who is there, and what can they reach? The root, ``auth/``, organizations and projects (auth-and-errors.md 8)."""

from litestar import Response, Router, get
from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User, UserToken
from shipmark.api.members.user_responses import UserJson, user_json
from shipmark.api.organizations.responses import OrganizationJson, organization_json
from shipmark.api.query_parameters import ORGANIZATION_QUERY, PAGE
from shipmark.api.responses import Wire
from shipmark.api.scopes import ANYBODY, ORGANIZATION_READ
from shipmark.http.endpoint import Credentials
from shipmark.http.pagination.offset import counted
from shipmark.http.request_context import GivenVisit
from shipmark.infrastructure.errors import NotAllowed, NotSignedIn
from shipmark.organizations import actions as organization_actions
from shipmark.organizations import store as organizations
from shipmark.organizations import text_filter
from shipmark.organizations.model import Organization


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
            raise NotSignedIn
        return user_json(whole(connection, caller.user), visit.settings.address)


_TESTS: text_filter.Tests[Organization] = {
    text_filter.TEXT: lambda it, text: text_filter.holds(text, it.slug, it.name),
    "query": lambda it, text: text_filter.holds(text, it.slug, it.name),
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
            raise NotAllowed
        page = visit.page()
        known = [it for it, _ in organizations.of_user(connection, caller.user.id)]
    chosen = text_filter.chosen(known, visit.parameter("query"), _TESTS)
    found, links = counted(chosen[page.skipped : page.skipped + page.limit], page)
    return visit.listed([organization_json(it, visit.settings.address) for it in found], links)


def whole(connection: Connection, user: User) -> User:
    """The user with addresses, which a token's record leaves out."""
    return accounts.by_id(connection, user.id) or user


router = Router(
    "/api/0",
    route_handlers=[
        get_root,
        get_user,
        list_organizations,
    ],
)
