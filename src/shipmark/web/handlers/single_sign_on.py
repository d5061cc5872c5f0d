"""``/sign-in/oidc/``: signing in with the OpenID provider of the operator."""

import base64
import json
from dataclasses import asdict

from litestar import get
from litestar.datastructures import Cookie

from shipmark.accounts import actions as accounts
from shipmark.accounts.openid_connect import (
    AuthorizationRequest,
    Identity,
    IdentityRefused,
    OpenIdProvider,
    ProviderUnavailable,
)
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import Conflict, Forbidden, NotFound
from shipmark.infrastructure.ids import secret_hex
from shipmark.infrastructure.telemetry import log
from shipmark.organizations.model import Actor
from shipmark.organizations.single_sign_on import find_or_create_user
from shipmark.web import urls
from shipmark.web.cookies import page_cookie
from shipmark.web.handlers.sign_in import session_cookie, sign_in_form
from shipmark.web.rendering import Answer, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest

_COOKIE = "shipmark_authorization"
#: How long a user may take at the provider.
_COOKIE_SECONDS = 600
_EXPIRED = "This sign-in has expired, or was begun in another browser. Start again."
_REFUSED = "{} did not confirm who you are."
_UNAVAILABLE = "{} cannot be reached. Try again in a minute, or sign in with your password."
_ANSWER_FIELDS = ("code", "state", "iss", "error")


@get(urls.SINGLE_SIGN_ON, scopes=None, sync_to_thread=True)
def begin(web_request: InjectedWebRequest) -> Answer:
    """Redirect to the provider; the browser keeps what its answer is checked against."""
    provider = _provider(web_request)
    request = AuthorizationRequest.begin(urls.local_or(web_request.parameter("next")))
    try:
        address = provider.authorization_url(request, _redirect_uri(web_request))
    except ProviderUnavailable as error:
        return _unavailable(web_request, provider, request.after, error)
    answer = redirect(address)
    content = base64.urlsafe_b64encode(json.dumps(asdict(request)).encode()).decode()
    answer.set_cookie(_cookie(web_request, content, _COOKIE_SECONDS))
    return answer


@get(urls.SINGLE_SIGN_ON_CALLBACK, scopes=None, sync_to_thread=True)
def complete(web_request: InjectedWebRequest) -> Answer:
    """Begin a session for the user whom the provider has sent back, and redirect to the page they wanted."""
    provider, request = _provider(web_request), _request(web_request)
    if request is None or not request.is_answered_by(web_request.parameter("state")):
        return sign_in_form(web_request, 400, urls.HOME, problem=_EXPIRED)
    parameters = {name: web_request.parameter(name) for name in _ANSWER_FIELDS}
    sent = {name: value for name, value in parameters.items() if value}
    try:
        # The provider is asked before a unit of work is opened.
        identity = provider.identify(request, sent, _redirect_uri(web_request), now())
        secret, after = _sign_in(web_request, identity, request.after)
    except ProviderUnavailable as error:
        return _unavailable(web_request, provider, request.after, error)
    except IdentityRefused as error:
        log.warning("identity.refused", issuer_name=provider.name, error=str(error))
        problem = _REFUSED.format(_at_start(provider.name))
        return sign_in_form(web_request, 401, request.after, problem=problem)
    except (Forbidden, Conflict) as refusal:
        return sign_in_form(web_request, 403, request.after, problem=refusal.detail)
    answer = redirect(after)
    answer.set_cookie(session_cookie(web_request, secret))
    answer.set_cookie(_cookie(web_request, "", 0))
    return answer


def _sign_in(web_request: WebRequest, identity: Identity, after: str) -> tuple[str, str]:
    """Begin a session. Return its secret, and where to go. Raise `Forbidden` without an account or an invitation."""
    secret, at = secret_hex(), now()
    by = Actor(user_id=None, label=identity.email, ip_address=web_request.client_address)
    invitation = urls.invitation_token(after)
    with web_request.database.transaction() as connection:
        user, is_new = find_or_create_user(
            connection,
            identity,
            by,
            at,
            invitation=invitation,
            organization=web_request.settings.oidc_organization or None,
        )
        accounts.sign_in(connection, user.id, secret, at, web_request.client)
    # A new user has accepted the invitation already, so its page is gone.
    return secret, urls.HOME if is_new and invitation else after


def _provider(web_request: WebRequest) -> OpenIdProvider:
    if web_request.provider is None:
        raise NotFound
    return web_request.provider


def _redirect_uri(web_request: WebRequest) -> str:
    return web_request.settings.address + urls.SINGLE_SIGN_ON_CALLBACK


def _request(web_request: WebRequest) -> AuthorizationRequest | None:
    """Return what the browser has kept, or None if it can't be read."""
    content = web_request.request.cookies.get(_cookie_name(web_request), "")
    try:
        fields = json.loads(base64.urlsafe_b64decode(content))
        request = AuthorizationRequest(**{name: str(value) for name, value in fields.items()})
    except (ValueError, TypeError, AttributeError):
        return None
    # The cookie is the browser's: what it says is believed no more than a parameter.
    return request if urls.is_local(request.after) else None


def _unavailable(
    web_request: WebRequest, provider: OpenIdProvider, after: str, error: ProviderUnavailable
) -> Answer:
    log.warning("identity.provider_unavailable", issuer_name=provider.name, error=str(error))
    problem = _UNAVAILABLE.format(_at_start(provider.name))
    answer = sign_in_form(web_request, 503, after, problem=problem)
    answer.headers["Retry-After"] = "60"
    return answer


def _at_start(name: str) -> str:
    return name[:1].upper() + name[1:]


def _cookie_name(web_request: WebRequest) -> str:
    # Browsers let no other host set a cookie with this prefix, so no sibling can begin a sign-in for a user.
    return f"__Host-{_COOKIE}" if web_request.is_secure else _COOKIE


def _cookie(web_request: WebRequest, content: str, seconds: int) -> Cookie:
    name = _cookie_name(web_request)
    return page_cookie(name, content, seconds, is_secure=web_request.is_secure)
