"""``organizations/{org}/org-auth-tokens/``: tokens of the organization itself (auth-and-errors.md 1.2)."""

from typing import Annotated

from litestar import Response
from sqlalchemy import Connection

from shipmark.api.scopes import ORGANIZATION_READ
from shipmark.api.tokens.requests import OrgTokenRequest
from shipmark.api.tokens.responses import BadNameResponse, OrgTokenResponse, org_token_response
from shipmark.http import endpoint
from shipmark.http.endpoint import Load
from shipmark.http.request_context import RequestContext, require_id, require_row
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.ids import secret_bytes
from shipmark.organizations import actions, audit, store, tokens
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import ListedToken


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
    access = context.access
    tokens.check_creation(access)
    if not body.name:
        return Response(_BLANK, status_code=400)
    with context.database.transaction() as connection:
        token_id, text = actions.add_token(
            connection,
            access.organization,
            name=body.name,
            address=context.address,
            secret=secret_bytes(),
            by=access.user,
            at=now(),
        )
        context.log_change(connection, AuditEvent.ORG_TOKEN_ADD, token_id, name=body.name)
        token = find_token(context, connection, str(token_id))
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
        current = find_editable_token(context, connection, str(token.id))
        store.rename_token(connection, current.id, body.name)
        if changes := audit.changes_between({"name": current.name}, {"name": body.name}):
            event = AuditEvent.ORG_TOKEN_EDIT
            context.log_change(connection, event, current.id, name=body.name, changes=changes)
    return Response(None, status_code=204)


@endpoint.delete("/{token:str}/", scopes=ORGANIZATION_READ)
def remove_token(context: RequestContext, token: EditableToken) -> None:
    """Revoke a token: the user's own, or any for those who manage the organization."""
    with context.database.transaction() as connection:
        current = find_editable_token(context, connection, str(token.id))
        store.deactivate_token(connection, current.id, now())
        context.log_change(connection, AuditEvent.ORG_TOKEN_REMOVE, current.id, name=current.name)


router = endpoint.router("/api/0/organizations/{organization:str}/org-auth-tokens", __name__)
