"""``/account/tokens/``: the user's own tokens."""

from litestar import get, post
from litestar.params import FromPath, RawBody

from shipmark.accounts import actions as accounts
from shipmark.accounts import store as account_store
from shipmark.accounts.model import ALL_SCOPES, TOKEN_NAME_MAX
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.ids import secret_hex
from shipmark.web import urls
from shipmark.web.forms import form_of, row_id, values_of
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest
from shipmark.web.view_models.account import (
    PRESETS,
    SCOPES,
    TokenForm,
    preset_form,
    read_token_form,
    user_tokens,
)


@get(urls.ACCOUNT_TOKENS, scopes=None, sync_to_thread=True)
def list_user_tokens(web_request: InjectedWebRequest) -> Answer:
    """Show the user's tokens, but for their text, and the form for a new one, perhaps with a preset."""
    return _answer(web_request, preset_form(web_request.parameter("preset")))


@post(urls.ACCOUNT_TOKENS, scopes=None, sync_to_thread=True)
def create_user_token(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Create a token, and show its text, which is never shown again."""
    form = read_token_form(form_of(body).get("name", ""), values_of(body, "scope"))
    if form.problems:
        return _answer(web_request, form, status=400)
    scopes = [scope for scope in ALL_SCOPES if scope in form.scopes]
    user = web_request.require_user()
    with web_request.database.transaction() as connection:
        _, text = accounts.add_token(connection, user, scopes, form.name, secret_hex(), now())
    return _answer(web_request, TokenForm(), status=201, created=form.name, text=text)


@post(urls.ACCOUNT_TOKENS + "{token:str}/", scopes=None, sync_to_thread=True)
def revoke_user_token(web_request: InjectedWebRequest, token: FromPath[str]) -> Answer:
    """Revoke a token of the user: what uses it fails from now on."""
    user = web_request.require_user()
    with web_request.database.transaction() as connection:
        known = account_store.token_by_id(connection, row_id(token))
        if known is None or known.user_id != user.id:
            raise NotFound
        account_store.remove_token(connection, known.id)
    return redirect(urls.ACCOUNT_TOKENS)


def _answer(
    web_request: WebRequest,
    form: TokenForm,
    *,
    status: int = 200,
    created: str = "",
    text: str = "",
) -> Answer:
    with web_request.database.snapshot() as connection:
        user = web_request.user(connection)
        workspace = web_request.workspace_of(connection, user)
        tokens = user_tokens(connection, user)
    return page(
        web_request,
        "account/tokens.html",
        status=status,
        workspace=workspace,
        user=user,
        tokens=tokens,
        form=form,
        created=created,
        text=text,
        presets={name: words for name, (words, _) in PRESETS.items()},
        scope_groups=SCOPES,
        name_max=TOKEN_NAME_MAX,
    )
