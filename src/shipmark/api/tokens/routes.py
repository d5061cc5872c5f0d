"""``api-tokens/``: the tokens of the calling user (auth-and-errors.md 1.1).

The reference accepts sessions only; the API has none, so it accepts a user token. The token grants no more than it has
itself: a new token has at most its scopes and its end, and it deletes no token with further scopes. Tokens of
organizations are refused.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response
from pydantic import Field
from sqlalchemy import Connection

from shipmark.accounts import actions, store
from shipmark.accounts.model import ALL_SCOPES, TOKEN_NAME_MAX, UserToken, UserTokenSummary
from shipmark.api.auth.calling_user import CallingUser
from shipmark.api.queries import PageQuery
from shipmark.api.responses import Wire
from shipmark.api.responses.refusal import RefusalResponse
from shipmark.http import endpoint
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ANY_CALLER
from shipmark.http.validation import (
    Integer,
    Items,
    Omittable,
    RequestModel,
    Text,
    choice_of,
    optional,
)
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import Forbidden, NotFound, ValidationFailed
from shipmark.infrastructure.ids import digest, secret_hex

BASE_PATH = "/api/0/api-tokens"
_TEXT_MAX = 1000
_Scope = Annotated[str, choice_of(ALL_SCOPES)]


class ApiTokenRequest(RequestModel):
    """A new token of the user."""

    scopes: Annotated[list[_Scope], Items(empty=False, max_length=len(ALL_SCOPES))] = Field(
        description="Scopes, all of which the calling token has too."
    )
    name: Annotated[str, Text(max_length=TOKEN_NAME_MAX, blank=True)] | None = optional(
        "Name of the token."
    )


class ApiTokenDeletionRequest(RequestModel):
    """The token of the user to delete."""

    token_id: Omittable[Annotated[int, Integer(maximum=2**63 - 1)]] = optional("Id of the token.")
    token: Omittable[Annotated[str, Text(max_length=_TEXT_MAX)]] = optional(
        "Text of the token; ignored beside `tokenId`."
    )


class ApiTokenResponse(Wire):
    """A user token; ``token`` is shown once, in the response to its creation.

    Applications and refresh tokens are not supported: their keys are null.
    """

    id: str
    name: str
    scopes: list[str]
    token_last_characters: str
    date_created: datetime
    expires_at: datetime | None
    application: None = None
    state: None = None
    token: str | msgspec.UnsetType = msgspec.UNSET
    refresh_token: msgspec.UnsetType | None = msgspec.UNSET


class MissingTokenResponse(Wire):
    """The response to a deletion that names no token: a blank, as in the protocol."""

    token: str


def api_token_response(token: UserTokenSummary, secret: str | None = None) -> ApiTokenResponse:
    """Return a token as the API shows it, with its secret if it was just created."""
    return ApiTokenResponse(
        id=str(token.id),
        name=token.name,
        scopes=sorted(token.scopes),
        token_last_characters=token.last_characters,
        date_created=token.created_at,
        expires_at=token.expires_at,
        token=secret or msgspec.UNSET,
        refresh_token=None if secret else msgspec.UNSET,
    )


_VALIDATE = "token.validate"


@endpoint.get("/", scopes=ANY_CALLER)
def list_api_tokens(
    context: RequestContext, caller: CallingUser, query: PageQuery
) -> Response[list[ApiTokenResponse]]:
    """List the user's tokens by id, without their secrets."""
    page = query.page()
    with context.database.autocommit_read() as connection:
        rows = store.tokens_of(connection, caller.user.id, **page.window)
    return context.listed(*paginate([api_token_response(token) for token in rows], page))


@endpoint.post("/", scopes=ANY_CALLER, step=_VALIDATE)
def create_api_token(
    context: RequestContext, caller: CallingUser, body: ApiTokenRequest
) -> ApiTokenResponse:
    """Create a token for the user. The response shows its secret, which is never shown again.

    The new token has no further scopes than the calling one, and ends when that one does.
    """
    with context.database.transaction() as connection:
        # Again: a token that was revoked meanwhile must not leave another one behind.
        context.caller(connection)
        _check_within(caller, body.scopes)
        token_id, secret = actions.add_token(
            connection,
            caller.user,
            list(dict.fromkeys(body.scopes)),
            body.name or "",
            secret_hex(),
            now(),
            expires_at=caller.expires_at,
        )
        created = store.token_by_id(connection, token_id)
        assert created is not None, "the transaction has just added the token"
    return api_token_response(created, secret)


@endpoint.delete(
    "/",
    scopes=ANY_CALLER,
    responses={400: MissingTokenResponse, 404: RefusalResponse},
    step=_VALIDATE,
)
def delete_api_token(
    context: RequestContext, caller: CallingUser, body: ApiTokenDeletionRequest
) -> None:
    """Delete one of the user's tokens, by ``tokenId`` or by its text (``token``). It may be the calling one."""
    if not body.model_fields_set:
        raise ValidationFailed({"token": ""})
    with context.database.transaction() as connection:
        context.caller(connection)
        token = _named(connection, body)
        if token is None or token.user_id != caller.user.id:
            raise NotFound
        _check_within(caller, token.scopes)
        store.remove_token(connection, token.id)


def _check_within(caller: UserToken, scopes: Collection[str]) -> None:
    if missing := sorted(set(scopes) - caller.scopes):
        raise Forbidden(f"scopes: your own token does not have {', '.join(missing)}.")


def _named(connection: Connection, body: ApiTokenDeletionRequest) -> UserTokenSummary | None:
    token_id = body.token_id
    if token_id is None and body.token is not None:
        token = store.token_by_digest(connection, digest(body.token))
        token_id = token.id if token else None
    return None if token_id is None else store.token_by_id(connection, token_id)
