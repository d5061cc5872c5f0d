"""``/invitations/{token}/``: the page to accept an invitation."""

from dataclasses import dataclass

from litestar import get, post
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.accounts import actions as accounts
from shipmark.accounts import store as account_store
from shipmark.accounts.actions import PASSWORD_MIN
from shipmark.accounts.model import NAME_MAX, User
from shipmark.accounts.password_checks import hasher
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.ids import secret_hex
from shipmark.organizations import invitations
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Actor, Invitation, Organization
from shipmark.web import urls
from shipmark.web.forms import NAME_TOO_LONG, PASSWORD_TOO_SHORT, form_of
from shipmark.web.handlers.sign_in import session_cookie
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Invited:
    """An invitation that can be accepted, with the signed-in user and the account of the invited address."""

    invitation: Invitation
    organization: Organization
    user: User | None
    has_account: bool


@get("/invitations/{token:str}/", scopes=None, sync_to_thread=True)
def show_invitation(web_request: InjectedWebRequest, token: FromPath[str]) -> Answer:
    """Show the invitation with the applicable form: join, sign in first, or create an account."""
    with web_request.database.snapshot() as connection:
        invited = _invited(web_request, connection, token)
    return _form(web_request, invited, token) if invited else _nothing(web_request)


@post("/invitations/{token:str}/", scopes=None, sync_to_thread=True)
def accept_invitation(
    web_request: InjectedWebRequest, token: FromPath[str], body: RawBody
) -> Answer:
    """Make the user a member, creating the account if the address has none."""
    with web_request.database.snapshot() as connection:
        invited = _invited(web_request, connection, token)
    if invited is None:
        return _nothing(web_request)
    home = urls.releases(invited.organization.slug)
    by = Actor(user_id=None, label=invited.invitation.email, ip_address=web_request.client_address)
    if invited.user is not None:
        if invited.user.email.lower() != invited.invitation.email:
            problem = invitations.OTHER_ADDRESS.format(invited.invitation.email)
            return _form(web_request, invited, token, status=409, problem=problem)
        by = Actor(user_id=invited.user.id, label=by.label, ip_address=by.ip_address)
        with web_request.database.transaction() as connection:
            invitations.accept(connection, token, invited.user, by, now())
        return redirect(home)
    if invited.has_account:
        return redirect(urls.sign_in(_address(token)))
    sent = form_of(body)
    name, password = sent.get("name", "").strip(), sent.get("password", "")
    if len(name) > NAME_MAX or len(password) < PASSWORD_MIN:
        problem = NAME_TOO_LONG if len(name) > NAME_MAX else PASSWORD_TOO_SHORT
        return _form(web_request, invited, token, status=400, name=name[:NAME_MAX], problem=problem)
    # Hashing is slow on purpose: no unit of work is open meanwhile.
    hashed, secret = hasher.hash(password), secret_hex()
    with web_request.database.transaction() as connection:
        user = invitations.accept_as_new_user(connection, token, name, hashed, by, now())
        accounts.sign_in(connection, user.id, secret, now(), web_request.client)
    answer = redirect(home)
    answer.set_cookie(session_cookie(web_request, secret))
    return answer


def _nothing(web_request: WebRequest) -> Answer:
    return page(
        web_request, "invitation.html", status=404, invited=None, problem=invitations.EXPIRED
    )


def _invited(web_request: WebRequest, connection: Connection, token: str) -> _Invited | None:
    """Return the invitation, or None if it can't be accepted any more."""
    try:
        invitation = invitations.pending(connection, token, now())
    except NotFound:
        return None
    organization = organizations.by_id(connection, invitation.organization_id)
    if organization is None:
        raise NotFound
    has_account = account_store.by_email(connection, invitation.email) is not None
    user = web_request.user_if_any(connection)
    return _Invited(
        invitation=invitation, organization=organization, user=user, has_account=has_account
    )


def _form(
    web_request: WebRequest,
    invited: _Invited,
    token: str,
    *,
    status: int = 200,
    name: str = "",
    problem: str = "",
) -> Answer:
    return page(
        web_request,
        "invitation.html",
        status=status,
        invited=invited,
        address=_address(token),
        sign_in=urls.sign_in(_address(token)),
        name=name,
        problem=problem,
        password_min=PASSWORD_MIN,
        name_max=NAME_MAX,
        provider=web_request.provider.name if web_request.provider else "",
    )


def _address(token: str) -> str:
    return f"/invitations/{token}/"
