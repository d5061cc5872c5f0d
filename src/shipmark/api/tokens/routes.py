"""``api-tokens/``: the tokens of the calling user (auth-and-errors.md 1.1).

The reference accepts sessions only; the API has none, so it accepts a user token. The token grants no more than it has
itself: a new token has at most its scopes and its end, and it deletes no token with further scopes. Tokens of
organizations are refused.
"""

from collections.abc import Collection

from litestar import Response
from sqlalchemy import Connection

from shipmark.accounts import actions, store
from shipmark.accounts.model import UserToken, UserTokenSummary
from shipmark.api.auth.calling_user import CallingUser
from shipmark.api.queries import PageQuery
from shipmark.api.responses.refusal import RefusalResponse
from shipmark.api.tokens.requests import ApiTokenDeletionRequest, ApiTokenRequest
from shipmark.api.tokens.responses import ApiTokenResponse, MissingTokenResponse, api_token_response
from shipmark.http import endpoint
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ANY_CALLER
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import Forbidden, NotFound, ValidationFailed
from shipmark.infrastructure.ids import digest, secret_hex

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


router = endpoint.router("/api/0/api-tokens", __name__)
