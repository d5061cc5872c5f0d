"""The token of an organization that a path names."""

from typing import Annotated

from sqlalchemy import Connection

from shipmark.http.endpoint import Load
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.ids import id_of
from shipmark.organizations import store, tokens
from shipmark.organizations.model import ListedToken


def find_token(context: RequestContext, connection: Connection, token: str) -> ListedToken:
    """Return the organization's token with this id. Raise `NotFound`."""
    token_id, row = id_of(token), None
    if token_id is not None:
        row = store.token(connection, context.access.organization.id, token_id)
    if row is None:
        raise NotFound
    return row


def find_editable_token(context: RequestContext, connection: Connection, token: str) -> ListedToken:
    """Return the same, if the caller may change the token. Raise `Forbidden`."""
    row = find_token(context, connection, token)
    tokens.check_change(context.access, row)
    return row


#: The token of the path.
PathToken = Annotated[ListedToken, Load(find_token)]
#: The same, if the caller may rename and revoke the token.
EditableToken = Annotated[ListedToken, Load(find_editable_token)]
