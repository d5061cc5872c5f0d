"""``/``, ``/sign-in/`` and ``/sign-out/``: who comes in, and where to."""

from litestar import get, post
from litestar.datastructures import Cookie
from litestar.params import RawBody
from sqlalchemy import Connection

from shipmark.accounts import actions as accounts
from shipmark.accounts.actions import SESSION_LENGTH
from shipmark.accounts.model import EMAIL_MAX, User
from shipmark.ground.clock import now
from shipmark.ground.ids import secret_hex
from shipmark.organizations import store as organizations
from shipmark.web import addresses
from shipmark.web.forms import form_of
from shipmark.web.given import COOKIE, GivenVisitor, Visitor
from shipmark.web.rendering import Answer, leading_to, page

_WRONG = "This e-mail address and password do not belong together."


@get("/", scopes=None, sync_to_thread=True)
def go_home(visitor: GivenVisitor) -> Answer:
    """Lead to the releases of the visitor's newest organization."""
    with visitor.database.snapshot() as connection:
        user = visitor.user(connection)
        address = _home_of(connection, user)
    return leading_to(address) if address else page("nowhere.html", user=user)


@get(addresses.SIGN_IN, scopes=None, sync_to_thread=True)
def show_form(visitor: GivenVisitor) -> Answer:
    """Show the form, or lead on somebody who is signed in already."""
    after = _after(visitor.parameter("next"))
    with visitor.database.snapshot() as connection:
        is_in = visitor.user_if_any(connection) is not None
    return leading_to(after) if is_in else page("sign_in.html", after=after, email="", problem="")


@post(addresses.SIGN_IN, scopes=None, sync_to_thread=True)
def sign_in(visitor: GivenVisitor, body: RawBody) -> Answer:
    """Begin a session and lead on to where the visitor wanted to go."""
    sent = form_of(body)
    email = sent.get("email", "").strip()[:EMAIL_MAX]
    after = _after(sent.get("next", ""))
    # The check takes long on purpose, so it must not hold up those who write.
    with visitor.database.snapshot() as connection:
        user_id = accounts.check_password(connection, email, sent.get("password", ""))
    if user_id is None:
        return page("sign_in.html", status=401, after=after, email=email, problem=_WRONG)
    secret = secret_hex()
    with visitor.database.transaction() as connection:
        accounts.sign_in(connection, user_id, secret, now())
    answer = leading_to(after)
    answer.set_cookie(_cookie(visitor, secret, int(SESSION_LENGTH.total_seconds())))
    return answer


@post("/sign-out/", scopes=None, sync_to_thread=True)
def sign_out(visitor: GivenVisitor) -> Answer:
    """End the session, in the database too: the cookie is worth nothing then."""
    if visitor.secret and _is_signed_in(visitor):
        with visitor.database.transaction() as connection:
            accounts.sign_out(connection, visitor.secret)
    answer = leading_to(addresses.SIGN_IN)
    answer.set_cookie(_cookie(visitor, "", 0))
    return answer


def _is_signed_in(visitor: Visitor) -> bool:
    """Look the session up first: a cookie that opens nothing takes no write lock."""
    with visitor.database.glance() as connection:
        return visitor.user_if_any(connection) is not None


def _home_of(connection: Connection, user: User) -> str | None:
    newest = organizations.of_user(connection, user.id, limit=1)
    return addresses.releases(newest[0][0].slug) if newest else None


def _after(wanted: str) -> str:
    return wanted if addresses.is_local(wanted) else addresses.HOME


def _cookie(visitor: Visitor, secret: str, seconds: int) -> Cookie:
    return Cookie(
        key=COOKIE,
        value=secret,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="lax",
        secure=visitor.is_secure,
    )
