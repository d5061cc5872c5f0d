"""The user whose token a request carries, for paths that name no organization."""

from typing import Annotated

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User, UserToken
from shipmark.http.endpoint import Load
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure.errors import Forbidden, Unauthenticated


def _require_user(context: RequestContext, _: Connection) -> UserToken:
    """Return the token. Raise `Forbidden` for a token of an organization."""
    if not isinstance(context.authenticated, UserToken):
        raise Forbidden
    return context.authenticated


def _require_signed_in(context: RequestContext, _: Connection) -> UserToken:
    """Return the token. Raise `Unauthenticated` for a token of an organization."""
    if not isinstance(context.authenticated, UserToken):
        raise Unauthenticated
    return context.authenticated


def with_emails(connection: Connection, user: User) -> User:
    """Return the user with email addresses, which authentication does not load."""
    return accounts.by_id(connection, user.id) or user


#: The user token of the caller, where others are refused with 403.
CallingUser = Annotated[UserToken, Load(_require_user)]
#: The same, where others are refused with 401.
SignedInUser = Annotated[UserToken, Load(_require_signed_in)]
