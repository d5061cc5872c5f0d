"""The root of the API, and ``auth/``: the caller and the scopes of the token (auth-and-errors.md 8.1, 8.2)."""

from shipmark.accounts.model import UserToken
from shipmark.api.auth.calling_user import SignedInUser, with_emails
from shipmark.api.members.user_responses import UserResponse, user_response
from shipmark.api.responses import Wire
from shipmark.http import endpoint
from shipmark.http.endpoint import Credentials
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ANY_CALLER
from shipmark.organizations.actions import CI_SCOPES


class AuthResponse(Wire):
    """The rights of a token."""

    scopes: list[str]


class RootResponse(Wire):
    """The caller, by which clients check their token."""

    version: str
    auth: AuthResponse | None
    user: UserResponse | None


@endpoint.get("/", scopes=ANY_CALLER, credentials=Credentials.OPTIONAL)
def get_root(context: RequestContext) -> RootResponse:
    """Show the user and the scopes of the token; both are null without a token. A wrong token is refused."""
    with context.database.snapshot() as connection:
        caller = context.optional_caller(connection)
        user = with_emails(connection, caller.user) if isinstance(caller, UserToken) else None
    scopes = caller.scopes if isinstance(caller, UserToken) else CI_SCOPES
    return RootResponse(
        version="0",
        auth=None if caller is None else AuthResponse(scopes=sorted(scopes)),
        user=None if user is None else user_response(user, context.address),
    )


@endpoint.get("/auth/", scopes=ANY_CALLER)
def get_user(context: RequestContext, caller: SignedInUser) -> UserResponse:
    """Show the user of the token."""
    with context.database.autocommit_read() as connection:
        return user_response(with_emails(connection, caller.user), context.address)
