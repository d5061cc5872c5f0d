"""``organizations/{org}/org-auth-tokens/``: tokens of the organization itself (auth-and-errors.md 1.2)."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response
from sqlalchemy import Connection

from shipmark.accounts.model import TOKEN_NAME_MAX
from shipmark.api.responses import Wire
from shipmark.http import endpoint
from shipmark.http.endpoint import Load
from shipmark.http.request_context import RequestContext, require_id, require_row
from shipmark.http.scopes import ORGANIZATION_READ
from shipmark.http.validation import (
    RequestModel,
    Text,
    optional,
)
from shipmark.infrastructure.ids import secret_bytes
from shipmark.organizations import store, token_actions, tokens
from shipmark.organizations.actions import CI_SCOPES
from shipmark.organizations.model import ListedToken

BASE_PATH = "/api/0/organizations/{organization:str}/org-auth-tokens"


class OrgTokenRequest(RequestModel):
    """The name of a token of an organization."""

    name: Annotated[str, Text(max_length=TOKEN_NAME_MAX, blank=True)] | None = optional(
        "Name of the token; required, and not blank."
    )


class OrgTokenResponse(Wire):
    """A token for pipelines; ``token`` is shown once, in the response to its creation."""

    id: str
    name: str
    scopes: list[str]
    token_last_characters: str
    date_created: datetime
    date_last_used: datetime | None
    project_last_used_id: str | None
    token: str | msgspec.UnsetType = msgspec.UNSET


class BadNameResponse(Wire):
    """The reason why a token can't have a name. The protocol has a list here."""

    detail: list[str]


def org_token_response(token: ListedToken, secret: str | None = None) -> OrgTokenResponse:
    """Return a token as the API shows it, with its text if it was just created."""
    project_id = token.last_project_id
    return OrgTokenResponse(
        id=str(token.id),
        name=token.name,
        scopes=sorted(CI_SCOPES),
        token_last_characters=token.last_characters,
        date_created=token.created_at,
        date_last_used=token.last_used_at,
        project_last_used_id=None if project_id is None else str(project_id),
        token=secret or msgspec.UNSET,
    )


def find_token(context: RequestContext, connection: Connection, token: str) -> ListedToken:
    """Return the organization's token with this id. Raise `NotFound`."""
    return require_row(store.token(connection, context.organization_id, require_id(token)))


def find_editable_token(context: RequestContext, connection: Connection, token: str) -> ListedToken:
    """Return the same, if the caller may change the token. Raise `Forbidden`."""
    row = find_token(context, connection, token)
    tokens.check_change(context.access, row)
    return row


#: The token of the path.
PathToken = Annotated[ListedToken, Load(find_token)]
#: The same, if the caller may rename and revoke the token.
EditableToken = Annotated[ListedToken, Load(find_editable_token)]


_VALIDATE = "token.validate"
_BLANK = BadNameResponse(detail=["The name cannot be blank."])


@endpoint.get("/", scopes=ORGANIZATION_READ)
def list_tokens(context: RequestContext) -> list[OrgTokenResponse]:
    """List an organization's tokens, the last used first."""
    with context.database.autocommit_read() as connection:
        listed = store.tokens_of(connection, context.organization_id)
    return [org_token_response(token) for token in listed]


@endpoint.post(
    "/",
    scopes=ORGANIZATION_READ,
    responses={201: OrgTokenResponse, 400: BadNameResponse},
    step=_VALIDATE,
)
def create_token(
    context: RequestContext, body: OrgTokenRequest
) -> Response[OrgTokenResponse | BadNameResponse]:
    """Create a token for pipelines. The response shows its text, which is never shown again."""
    # A caller without the right is refused first, whatever the name.
    tokens.check_creation(context.access)
    if not body.name:
        return Response(_BLANK, status_code=400)
    with context.database.transaction() as connection:
        token, text = token_actions.create(
            connection,
            context.action_context(),
            name=body.name,
            address=context.address,
            secret=secret_bytes(),
        )
    return Response(org_token_response(token, text), status_code=201)


@endpoint.get("/{token:str}/", scopes=ORGANIZATION_READ)
def get_token(context: RequestContext, token: PathToken) -> OrgTokenResponse:  # noqa: ARG001  # passed to every endpoint
    """Show a token, but for its text."""
    return org_token_response(token)


@endpoint.put(
    "/{token:str}/",
    scopes=ORGANIZATION_READ,
    responses={204: None, 400: BadNameResponse},
    step=_VALIDATE,
)
def rename_token(
    context: RequestContext, token: EditableToken, body: OrgTokenRequest
) -> Response[BadNameResponse | None]:
    """Rename a token: the user's own, or any for those who manage the organization."""
    if not body.name:
        return Response(_BLANK, status_code=400)
    with context.database.transaction() as connection:
        token_actions.rename(connection, context.action_context(), token.id, body.name)
    return Response(None, status_code=204)


@endpoint.delete("/{token:str}/", scopes=ORGANIZATION_READ)
def remove_token(context: RequestContext, token: EditableToken) -> None:
    """Revoke a token: the user's own, or any for those who manage the organization."""
    with context.database.transaction() as connection:
        token_actions.revoke(connection, context.action_context(), token.id)
