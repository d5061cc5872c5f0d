"""Who signs in with an identity of an OpenID provider: a known user, or a new one who is invited or welcome."""

from datetime import datetime

from sqlalchemy import Connection

from shipmark.accounts import identity_store
from shipmark.accounts import store as accounts
from shipmark.accounts.model import EMAIL_MAX, NAME_MAX, User
from shipmark.accounts.openid_connect import Identity
from shipmark.infrastructure.errors import Forbidden, NotFound
from shipmark.infrastructure.telemetry import log
from shipmark.organizations import invitations, store
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Actor, Role

DEACTIVATED = "This account is deactivated."
NOT_VERIFIED = "The provider does not confirm that {} is your email address."
UNKNOWN = "There is no account for {}. Ask a member for an invitation."


def find_or_create_user(
    connection: Connection,
    identity: Identity,
    by: Actor,
    at: datetime,
    *,
    invitation: str | None = None,
    organization: str | None = None,
) -> tuple[User, bool]:
    """Return the user of an identity, and True if they are new.

    The first time it is the user of the verified address, who has the identity from then on. Without an account one is
    created for who comes with the token of an ``invitation`` for this address, or joins the ``organization`` with this
    slug, as a member. Raise `Forbidden` for anyone else, and for deactivated users.
    """
    user, is_new = identity_store.user_of(connection, identity), False
    if user is None:
        if not identity.is_email_verified or not 0 < len(identity.email) <= EMAIL_MAX:
            raise Forbidden(NOT_VERIFIED.format(identity.email or "your address"))
        user = identity_store.user_with_verified_email(connection, identity.email)
        if user is None:
            user, is_new = _create(connection, identity, by, at, invitation, organization), True
        identity_store.add(connection, user.id, identity, at)
        log.info("identity.added", user=user.id, issuer=identity.issuer)
    if not user.is_active:
        raise Forbidden(DEACTIVATED)
    return user, is_new


def _create(
    connection: Connection,
    identity: Identity,
    by: Actor,
    at: datetime,
    invitation: str | None,
    organization: str | None,
) -> User:
    name = identity.name[:NAME_MAX]
    if invitation is not None and _is_for(connection, invitation, identity.email, at):
        return invitations.accept_as_new_user(connection, invitation, name, None, by, at)
    joined = store.by_slug(connection, organization) if organization else None
    if joined is None or accounts.by_email(connection, identity.email) is not None:
        raise Forbidden(UNKNOWN.format(identity.email))
    # Of two first requests of a user, the second waits here, and finds the account.
    store.lock_organization(connection, joined.id)
    if known := identity_store.user_with_verified_email(connection, identity.email):
        return known
    user_id = accounts.add(connection, identity.email, name, None, at)
    user = accounts.by_id(connection, user_id)
    assert user is not None, "it was added just now"
    member_id = store.ensure_member(connection, joined.id, user.id, Role.MEMBER, at)
    store.record(
        connection,
        joined.id,
        AuditEvent.MEMBER_ADD,
        Actor(user_id=user.id, label=user.email, ip_address=by.ip_address),
        at,
        data={"email": user.email, "role": Role.MEMBER.value, "teams": []},
        target_id=member_id,
        target_user_id=user.id,
    )
    return user


def _is_for(connection: Connection, token: str, email: str, at: datetime) -> bool:
    try:
        return invitations.pending(connection, token, at).email == email
    except NotFound:
        return False
