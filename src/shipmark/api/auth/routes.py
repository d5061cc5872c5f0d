"""The root of the API, and ``auth/``: the caller and the scopes of the token (auth-and-errors.md 8.1, 8.2)."""

from litestar import Router

from shipmark.accounts.model import UserToken
from shipmark.api.auth.calling_user import SignedInUser, with_emails
from shipmark.api.members.user_responses import UserJson, user_json
from shipmark.api.responses import Wire
from shipmark.api.scopes import ANYBODY
from shipmark.http import endpoint
from shipmark.http.endpoint import Credentials
from shipmark.http.request_context import Visit
from shipmark.organizations.actions import CI_SCOPES


class AuthJson(Wire):
    """The rights of a token."""

    scopes: list[str]


class RootJson(Wire):
    """The caller, by which clients check their token."""

    version: str
    auth: AuthJson | None
    user: UserJson | None


@endpoint.get("/", scopes=ANYBODY, credentials=Credentials.OPTIONAL)
def get_root(context: Visit) -> RootJson:
    """Show the user and the scopes of the token; both are null without a token. A wrong token is refused."""
    with context.database.snapshot() as connection:
        caller = context.known_caller(connection)
        user = with_emails(connection, caller.user) if isinstance(caller, UserToken) else None
    scopes = caller.scopes if isinstance(caller, UserToken) else CI_SCOPES
    return RootJson(
        version="0",
        auth=None if caller is None else AuthJson(scopes=sorted(scopes)),
        user=None if user is None else user_json(user, context.settings.address),
    )


@endpoint.get("/auth/", scopes=ANYBODY)
def get_user(context: Visit, caller: SignedInUser) -> UserJson:
    """Show the user of the token."""
    with context.database.glance() as connection:
        return user_json(with_emails(connection, caller.user), context.settings.address)


router = Router("/api/0", route_handlers=[get_root, get_user])
