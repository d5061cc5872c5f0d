"""``/``, ``/sign-in/`` and ``/sign-out/``: sessions of users."""

from litestar import get, post
from litestar.datastructures import Cookie
from litestar.params import RawBody

from shipmark.accounts import actions as accounts
from shipmark.accounts import sign_in_attempts as attempts
from shipmark.accounts import store as account_store
from shipmark.accounts.actions import SESSION_LENGTH
from shipmark.accounts.model import EMAIL_MAX
from shipmark.accounts.sign_in_limits import TooManyAttempts, limits_of
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.ids import secret_hex
from shipmark.web import urls
from shipmark.web.cookies import page_cookie
from shipmark.web.forms import form_of
from shipmark.web.passwords import check_password
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import COOKIE, InjectedWebRequest, WebRequest

_WRONG = "Incorrect email or password."


@get("/", scopes=None, sync_to_thread=True)
def go_home(web_request: InjectedWebRequest) -> Answer:
    """Redirect to the releases of the organization that the browser was in last, or else of the user's newest."""
    with web_request.database.snapshot() as connection:
        user = web_request.user(connection)
        workspace = web_request.workspace_of(connection, user)
    if workspace is None:
        return page(web_request, "no_organization.html", user=user)
    return redirect(urls.releases(workspace.organization.slug))


@get(urls.SIGN_IN, scopes=None, sync_to_thread=True)
def show_form(web_request: InjectedWebRequest) -> Answer:
    """Show the form, or redirect a user who is signed in already."""
    after = urls.local_or(web_request.parameter("next"))
    with web_request.database.snapshot() as connection:
        is_in = web_request.user_if_any(connection) is not None
    return redirect(after) if is_in else sign_in_form(web_request, 200, after)


@post(urls.SIGN_IN, scopes=None, sync_to_thread=True)
def sign_in(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Begin a session and redirect to the requested page. Attempts are limited by account and client address."""
    sent = form_of(body)
    email = sent.get("email", "").strip()[:EMAIL_MAX]
    after = urls.local_or(sent.get("next", ""))
    secret = secret_hex()
    try:
        is_right = _sign_in(web_request, email, sent.get("password", ""), secret)
    except TooManyAttempts as refusal:
        answer = sign_in_form(web_request, 429, after, email, refusal.detail)
        answer.headers["Retry-After"] = str(refusal.retry_after_seconds)
        return answer
    if not is_right:
        return sign_in_form(web_request, 401, after, email, _WRONG)
    answer = redirect(after)
    answer.set_cookie(session_cookie(web_request, secret))
    return answer


def _sign_in(web_request: WebRequest, email: str, password: str, secret: str) -> bool:
    """Begin a session if the password is correct. Raise `TooManyAttempts` if this attempt must wait."""
    stored = check_password(web_request, email, password)
    if stored is None:
        return False
    with web_request.database.transaction() as connection:
        # The password may have been changed, or the user removed, during the check.
        if account_store.password_of(connection, email) != stored:
            return False
        attempts.succeed(connection, limits_of(email, web_request.client_address), now())
        accounts.sign_in(connection, stored[0], secret, now(), web_request.client)
    return True


def sign_in_form(
    web_request: WebRequest, status: int, after: str, email: str = "", problem: str = ""
) -> Answer:
    """Return the form, with the problem of the last attempt if there was one."""
    provider = web_request.provider
    return page(
        web_request,
        "sign_in.html",
        status=status,
        after=after,
        email=email,
        problem=problem,
        is_unsaved=bool(web_request.parameter("unsaved")),
        provider=provider.name if provider else "",
    )


@post("/sign-out/", scopes=None, sync_to_thread=True)
def sign_out(web_request: InjectedWebRequest) -> Answer:
    """End the session in the database, which invalidates the cookie."""
    with web_request.database.autocommit_read() as connection:
        is_signed_in = web_request.user_if_any(connection) is not None
    # An invalid cookie takes no write lock.
    if web_request.secret and is_signed_in:
        with web_request.database.transaction() as connection:
            accounts.sign_out(connection, web_request.secret)
    answer = redirect(urls.SIGN_IN)
    answer.set_cookie(no_session_cookie(web_request))
    return answer


def session_cookie(web_request: WebRequest, secret: str) -> Cookie:
    """Return the cookie with the secret of a session that begins."""
    seconds = int(SESSION_LENGTH.total_seconds())
    return page_cookie(COOKIE, secret, seconds, is_secure=web_request.is_secure)


def no_session_cookie(web_request: WebRequest) -> Cookie:
    """Return the cookie that deletes the session's."""
    return page_cookie(COOKIE, "", 0, is_secure=web_request.is_secure)
