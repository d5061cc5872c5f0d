"""The user whose token a request carries, for paths that name no organization."""

from typing import Annotated

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User, UserToken
from shipmark.http.endpoint import Load
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure.errors import Forbidden, Unauthenticated


def _load_or(refusal: type[Forbidden | Unauthenticated]) -> Load:
    """Return the annotation of the caller's token, with the refusal for a token of an organization."""

    def load(context: RequestContext, _: Connection) -> UserToken:
        if not isinstance(context.authenticated, UserToken):
            raise refusal
        return context.authenticated

    return Load(load)


def with_emails(connection: Connection, user: User) -> User:
    """Return the user with email addresses, which authentication does not load."""
    return accounts.by_id(connection, user.id) or user


#: The user token of the caller, where others are refused with 403.
CallingUser = Annotated[UserToken, _load_or(Forbidden)]
#: The same, where others are refused with 401.
SignedInUser = Annotated[UserToken, _load_or(Unauthenticated)]
