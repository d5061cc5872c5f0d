"""The view model of the organization's tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User
from shipmark.organizations import store as organizations
from shipmark.organizations.model import ListedToken
from shipmark.web.request_context import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A token and its creator, or None if they were removed."""

    token: ListedToken
    creator: User | None


def token_rows(connection: Connection, workspace: Workspace) -> Sequence[TokenRow]:
    """Return the organization's tokens, the last used first."""
    tokens = organizations.tokens_of(connection, workspace.organization.id)
    creators = accounts.by_ids(connection, {each.created_by for each in tokens if each.created_by})
    return [TokenRow(token=token, creator=creators.get(token.created_by or 0)) for token in tokens]
