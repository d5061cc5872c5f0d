"""``api-tokens/``: the tokens of the user who asks (auth-and-errors.md 1.1).

The reference takes sessions only; the API has none, so a user token is taken. It leads to no more than it may itself:
a new token has at most its scopes and its end, and no token with further scopes is deleted by it. Tokens of
organizations are refused.
"""

from litestar import Response, Router, delete, get, post
from litestar.params import RawBody
from sqlalchemy import Connection

from shipmark.accounts import actions, store
from shipmark.accounts.model import ALL_SCOPES, UserToken, UserTokenSummary
from shipmark.api.query_parameters import PAGE
from shipmark.api.responses.refusal import RefusalResponse
from shipmark.api.scopes import ANYBODY
from shipmark.api.tokens.responses import ApiTokenResponse, MissingTokenResponse, api_token_response
from shipmark.http.fields import Choice, Field, Fields, Integer, ListOf, Object, Text
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import Forbidden, NotFound, ValidationFailed
from shipmark.infrastructure.ids import digest, secret_hex

_NAME_MAX = 255
_TEXT_MAX = 1000
_SCOPE = Choice({scope: scope for scope in ALL_SCOPES}, '"{}" is not a valid choice.')
_NEW = Object(
    {
        "scopes": Field(ListOf(_SCOPE, is_empty_ok=False, max=len(ALL_SCOPES)), is_required=True),
        "name": Field(Text(max=_NAME_MAX, is_blank_ok=True, is_null_ok=True)),
    }
)
_DELETED = Object({"tokenId": Field(Integer(max=2**63 - 1)), "token": Field(Text(max=_TEXT_MAX))})


@get("/", scopes=ANYBODY, asks=PAGE, sync_to_thread=True)
def list_api_tokens(context: InjectedRequest) -> Response[list[ApiTokenResponse]]:
    """List one's own tokens by id, without their secrets."""
    with context.database.snapshot() as connection:
        caller = _user_token(context, connection)
        page = context.page()
        rows = store.tokens_of(connection, caller.user.id, limit=page.limit, offset=page.skipped)
    found, links = paginate(rows, page)
    return context.listed([api_token_response(it) for it in found], links)


@post("/", scopes=ANYBODY, takes=_NEW, sync_to_thread=True)
def create_api_token(context: InjectedRequest, body: RawBody) -> ApiTokenResponse:
    """Create a token for oneself. Its secret is in this answer and never shown again.

    It has no further scopes than the token that asks, and ends when that one does.
    """
    with context.database.autocommit_read() as connection:
        _user_token(context, connection)
    fields = context.body(body, _NEW, lists=("scopes",), step="token.validate")
    with context.database.transaction() as connection:
        # Again, in the transaction: a token that was revoked meanwhile must not leave another one behind.
        caller = _user_token(context, connection)
        _check_within(caller, fields["scopes"])
        token_id, secret = actions.add_token(
            connection,
            caller.user,
            list(dict.fromkeys(fields["scopes"])),
            fields.get("name") or "",
            secret_hex(),
            now(),
            expires_at=caller.expires_at,
        )
        made = store.token_by_id(connection, token_id)
        assert made is not None, "it was added just now"
    return api_token_response(made, secret)


@delete(
    "/",
    status_code=204,
    scopes=ANYBODY,
    takes=_DELETED,
    answers={204: None, 400: MissingTokenResponse, 404: RefusalResponse},
    sync_to_thread=True,
)
def delete_api_token(context: InjectedRequest, body: RawBody) -> Response[None]:
    """Delete one of one's own tokens, by ``tokenId`` or by its text (``token``). It may be the one that asks."""
    with context.database.autocommit_read() as connection:
        _user_token(context, connection)
    fields = context.body(body, _DELETED, step="token.validate")
    if not fields:
        raise ValidationFailed({"token": ""})
    with context.database.transaction() as connection:
        caller = _user_token(context, connection)
        named = _named(connection, fields)
        if named is None or named.user_id != caller.user.id:
            raise NotFound
        _check_within(caller, named.scopes)
        store.remove_token(connection, named.id)
    return Response(None, status_code=204)


def _user_token(context: RequestContext, connection: Connection) -> UserToken:
    """Return the user token of the caller. Raise `Forbidden` for a token of an organization."""
    caller = context.caller(connection)
    if not isinstance(caller, UserToken):
        raise Forbidden
    return caller


def _check_within(caller: UserToken, scopes: list[str] | tuple[str, ...]) -> None:
    if beyond := sorted(set(scopes) - caller.scopes):
        raise Forbidden(f"scopes: your own token does not have {', '.join(beyond)}.")


def _named(connection: Connection, fields: Fields) -> UserTokenSummary | None:
    if "tokenId" in fields:
        return store.token_by_id(connection, fields["tokenId"])
    known = store.token_by_digest(connection, digest(fields["token"]))
    return store.token_by_id(connection, known.id) if known else None


router = Router(
    "/api/0/api-tokens",
    route_handlers=[list_api_tokens, create_api_token, delete_api_token],
)
