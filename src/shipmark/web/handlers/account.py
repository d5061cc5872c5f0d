"""``/account/``: the user's own name, password, sessions, avatar and tokens."""

from collections.abc import Mapping

from litestar import get, post
from litestar.params import FromPath, RawBody

from shipmark.accounts import actions as accounts
from shipmark.accounts import sign_in_attempts as attempts
from shipmark.accounts import store as account_store
from shipmark.accounts.actions import PASSWORD_MIN
from shipmark.accounts.model import ALL_SCOPES, NAME_MAX, TOKEN_NAME_MAX, User
from shipmark.accounts.password_checks import hasher
from shipmark.accounts.sign_in_limits import TooManyAttempts, limits_of
from shipmark.http.multipart import threaded
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, NotFound
from shipmark.infrastructure.ids import digest, secret_hex
from shipmark.web import urls
from shipmark.web.avatar_forms import BODY_MAX, AvatarForm, receive, save
from shipmark.web.forms import (
    NAME_TOO_LONG,
    PASSWORD_TOO_SHORT,
    UNSENT,
    FormState,
    form_of,
    row_id,
    values_of,
)
from shipmark.web.handlers.sign_in import no_session_cookie, session_cookie
from shipmark.web.passwords import check_password
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest
from shipmark.web.time_zones import zones_by_region
from shipmark.web.view_models.account import (
    PRESETS,
    SCOPES,
    TokenForm,
    preset_form,
    read_token_form,
    session_rows,
    user_tokens,
)

_WRONG = "Incorrect password."


@get(urls.ACCOUNT, scopes=None, sync_to_thread=True)
def show_account(web_request: InjectedWebRequest) -> Answer:
    """Show the forms of the account."""
    return _form(web_request)


@post(urls.ACCOUNT, scopes=None, sync_to_thread=True)
def change_account(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Change the name or the password, or end sessions of the user."""
    sent = form_of(body)
    match sent.get("action"):
        case "name":
            return _change_name(web_request, sent.get("name", "").strip())
        case "password":
            return _change_password(web_request, sent)
        case "sessions":
            return _end_other_sessions(web_request)
        case "session":
            return _end_session(web_request, sent.get("session", ""))
        case _:
            raise BadRequest("The action must be name, password, session or sessions.")


def _change_name(web_request: WebRequest, name: str) -> Answer:
    if len(name) > NAME_MAX:
        return _form(
            web_request, status=400, problems={"name": NAME_TOO_LONG}, name=name[:NAME_MAX]
        )
    user = web_request.require_user()
    with web_request.database.transaction() as connection:
        account_store.set_name(connection, user.id, name)
    return redirect(f"{urls.ACCOUNT}?changed=name")


def _change_password(web_request: WebRequest, sent: Mapping[str, str]) -> Answer:
    """Store the new password. All sessions end, but the browser of this request gets a new one."""
    user, password = web_request.require_user(), sent.get("new", "")
    if len(password) < PASSWORD_MIN:
        return _form(web_request, status=400, problems={"new": PASSWORD_TOO_SHORT})
    try:
        stored = check_password(web_request, user.email, sent.get("current", ""))
    except TooManyAttempts as refusal:
        answer = _form(web_request, status=429, problems={"current": refusal.detail})
        answer.headers["Retry-After"] = str(refusal.retry_after_seconds)
        return answer
    if stored is None or stored[0] != user.id:
        return _form(web_request, status=400, problems={"current": _WRONG})
    hashed, secret = hasher.hash(password), secret_hex()
    with web_request.database.transaction() as connection:
        # The password may have been changed, or the user removed, during the check.
        is_current = account_store.password_of(connection, user.email) == stored
        if is_current:
            attempts.succeed(connection, limits_of(user.email, web_request.client_address), now())
            account_store.set_password(connection, user.id, hashed)
            accounts.sign_in(connection, user.id, secret, now(), web_request.client)
    if not is_current:
        return _form(web_request, status=409, problems={"current": _WRONG})
    answer = redirect(f"{urls.ACCOUNT}?changed=password")
    answer.set_cookie(session_cookie(web_request, secret))
    return answer


def _end_other_sessions(web_request: WebRequest) -> Answer:
    user = web_request.require_user()
    with web_request.database.transaction() as connection:
        account_store.end_other_sessions(connection, user.id, _digest(web_request))
    return redirect(f"{urls.ACCOUNT}?changed=sessions")


def _end_session(web_request: WebRequest, session: str) -> Answer:
    """End a session of the user, named by its digest; this browser's own ends as by signing out."""
    user = web_request.require_user()
    with web_request.database.transaction() as connection:
        if not account_store.end_session_of(connection, user.id, session):
            raise NotFound
    if session != _digest(web_request):
        return redirect(f"{urls.ACCOUNT}?changed=session")
    answer = redirect(urls.SIGN_IN)
    answer.set_cookie(no_session_cookie(web_request))
    return answer


def _form(
    web_request: WebRequest,
    *,
    status: int = 200,
    problems: Mapping[str, str] | None = None,
    name: str | None = None,
) -> Answer:
    with web_request.database.snapshot() as connection:
        user = web_request.user(connection)
        workspace = web_request.workspace_of(connection, user)
        sessions = session_rows(connection, user, _digest(web_request), now())
    return page(
        web_request,
        "account/account.html",
        status=status,
        workspace=workspace,
        user=user,
        name=user.name if name is None else name,
        sessions=sessions,
        zones=zones_by_region(),
        problems=problems or {},
        name_max=NAME_MAX,
        password_min=PASSWORD_MIN,
    )


def _digest(web_request: WebRequest) -> str:
    return digest(web_request.secret or "")


@get(urls.ACCOUNT_AVATAR, scopes=None, sync_to_thread=True)
def show_avatar_form(web_request: InjectedWebRequest) -> Answer:
    """Show the form by itself; the page of the account has it too."""
    return _avatar_form(web_request)


@post(urls.ACCOUNT_AVATAR, scopes=None, request_max_body_size=BODY_MAX)
async def change_avatar(web_request: InjectedWebRequest) -> Answer:
    """Show the user by a photo or by letters. Who is not signed in is refused before the photo is received."""
    user = await threaded(web_request.require_user)
    form = await receive(web_request)
    return await threaded(_save_avatar, web_request, user, form)


def _save_avatar(web_request: WebRequest, user: User, form: AvatarForm) -> Answer:
    refused_form = save(
        web_request,
        form,
        lambda connection, new: accounts.save_avatar(connection, user, new, now()),
    )
    if refused_form is not None:
        return _avatar_form(web_request, refused_form)
    return redirect(f"{urls.ACCOUNT}?changed=avatar")


def _avatar_form(web_request: WebRequest, state: FormState = UNSENT) -> Answer:
    with web_request.database.snapshot() as connection:
        user = web_request.user(connection)
        workspace = web_request.workspace_of(connection, user)
    return page(
        web_request,
        "account_avatar.html",
        form_state=state,
        workspace=workspace,
        user=user,
        problem=state.problem,
    )


@get(urls.ACCOUNT_TOKENS, scopes=None, sync_to_thread=True)
def list_user_tokens(web_request: InjectedWebRequest) -> Answer:
    """Show the user's tokens, but for their text, and the form for a new one, perhaps with a preset."""
    return _tokens_page(web_request, preset_form(web_request.parameter("preset")))


@post(urls.ACCOUNT_TOKENS, scopes=None, sync_to_thread=True)
def create_user_token(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Create a token, and show its text, which is never shown again."""
    form = read_token_form(form_of(body).get("name", ""), values_of(body, "scope"))
    if form.problems:
        return _tokens_page(web_request, form, status=400)
    scopes = [scope for scope in ALL_SCOPES if scope in form.scopes]
    user = web_request.require_user()
    with web_request.database.transaction() as connection:
        _, text = accounts.add_token(connection, user, scopes, form.name, secret_hex(), now())
    return _tokens_page(web_request, TokenForm(), status=201, created=form.name, text=text)


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


def _tokens_page(
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
