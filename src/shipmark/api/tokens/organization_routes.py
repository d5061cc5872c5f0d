"""``organizations/{org}/org-auth-tokens/``: tokens of the organization itself (auth-and-errors.md 1.2)."""

from litestar import Response, Router, delete, get, post, put
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.api.scopes import ORGANIZATION_READ
from shipmark.api.tokens.organization_responses import (
    BadNameResponse,
    OrgTokenResponse,
    org_token_response,
)
from shipmark.http.fields import Field, Object, Text
from shipmark.http.request_context import InjectedRequest
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.ids import id_of, secret_bytes
from shipmark.organizations import actions, audit, store, token_rules
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Access, ListedToken

_NAME_MAX = 255
_NAMED = Object({"name": Field(Text(max=_NAME_MAX, is_blank_ok=True, is_null_ok=True))})
_BLANK = BadNameResponse(detail=["The name cannot be blank."])


@get("/", scopes=ORGANIZATION_READ, sync_to_thread=True)
def list_tokens(context: InjectedRequest, organization: FromPath[str]) -> list[OrgTokenResponse]:
    """List an organization's tokens, those used last first."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        found = store.tokens_of(connection, access.organization.id)
    return [org_token_response(it) for it in found]


@post(
    "/",
    scopes=ORGANIZATION_READ,
    takes=_NAMED,
    answers={201: OrgTokenResponse, 400: BadNameResponse},
    sync_to_thread=True,
)
def create_token(
    context: InjectedRequest, organization: FromPath[str], body: RawBody
) -> Response[OrgTokenResponse | BadNameResponse]:
    """Make a token for pipelines. Its text is in this answer and never shown again."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        token_rules.check_creation(access)
    name = context.body(body, _NAMED, step="token.validate").get("name")
    if not name:
        return Response(_BLANK, status_code=400)
    at = now()
    with context.database.transaction() as connection:
        token_id, text = actions.add_token(
            connection,
            access.organization,
            name=name,
            address=context.settings.address,
            secret=secret_bytes(),
            by=access.user,
            at=at,
        )
        store.record(
            connection, access.organization.id, AuditEvent.ORG_TOKEN_ADD, context.actor(access), at,
            data={"name": name}, target_id=token_id,
        )  # fmt: skip
        made = _found(connection, access, str(token_id))
    return Response(org_token_response(made, text), status_code=201)


@get("/{token:str}/", scopes=ORGANIZATION_READ, sync_to_thread=True)
def get_token(
    context: InjectedRequest, organization: FromPath[str], token: FromPath[str]
) -> OrgTokenResponse:
    """Show a token, but for its text."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        return org_token_response(_found(connection, access, token))


@put(
    "/{token:str}/",
    scopes=ORGANIZATION_READ,
    takes=_NAMED,
    answers={204: None, 400: BadNameResponse},
    sync_to_thread=True,
)
def rename_token(
    context: InjectedRequest, organization: FromPath[str], token: FromPath[str], body: RawBody
) -> Response[BadNameResponse | None]:
    """Give a token another name: one of one's own, or as who manages the organization any."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        token_rules.check_change(access, _found(connection, access, token))
    name = context.body(body, _NAMED, step="token.validate").get("name")
    if not name:
        return Response(_BLANK, status_code=400)
    with context.database.transaction() as connection:
        known = _found(connection, access, token)
        store.rename_token(connection, known.id, name)
        if changes := audit.changes_between({"name": known.name}, {"name": name}):
            data = {"name": name, "changes": changes}
            context.log_change(
                connection, access, AuditEvent.ORG_TOKEN_EDIT, data, target_id=known.id
            )
    return Response(None, status_code=204)


@delete("/{token:str}/", status_code=204, scopes=ORGANIZATION_READ, sync_to_thread=True)
def remove_token(
    context: InjectedRequest, organization: FromPath[str], token: FromPath[str]
) -> Response[None]:
    """Revoke a token: one of one's own, or as who manages the organization any."""
    with context.database.transaction() as connection:
        access = context.authorize(connection, organization)
        known = _found(connection, access, token)
        token_rules.check_change(access, known)
        at = now()
        store.deactivate_token(connection, known.id, at)
        store.record(
            connection, access.organization.id, AuditEvent.ORG_TOKEN_REMOVE, context.actor(access), at,
            data={"name": known.name}, target_id=known.id,
        )  # fmt: skip
    return Response(None, status_code=204)


def _found(connection: Connection, access: Access, text: str) -> ListedToken:
    """The token of an id in the address."""
    token_id = id_of(text)
    if token_id is None:
        raise NotFound
    known = store.token(connection, access.organization.id, token_id)
    if known is None:
        raise NotFound
    return known


router = Router(
    "/api/0/organizations/{organization:str}/org-auth-tokens",
    route_handlers=[list_tokens, create_token, get_token, rename_token, remove_token],
)
