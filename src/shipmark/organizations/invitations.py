"""Operations on invitations: invite a person, revoke an invitation, accept one.

The link is shown to the inviting user only: Shipmark sends no mail. So a link alone never gives access to an existing
account: its user signs in and accepts; only for an address without an account the link sets name and password.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.accounts import store as account_store
from shipmark.accounts.actions import NO_ADDRESS
from shipmark.accounts.model import EMAIL_MAX, User
from shipmark.infrastructure.errors import Conflict, NotFound, ValidationFailed
from shipmark.infrastructure.ids import digest
from shipmark.organizations import membership, store
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.membership import ActionContext
from shipmark.organizations.model import Actor, Invitation, Role
from shipmark.organizations.store import invitations as invitation_store
from shipmark.organizations.store.invitations import NewInvitation

LIFETIME = timedelta(days=30)
#: Pending invitations of an organization.
PENDING_MAX = 1000
IS_MEMBER = "The user {} is already a member"
OTHER_ADDRESS = "This invitation is for {}. Sign out, and sign in with that address."
HAS_ACCOUNT = "{} has an account already. Sign in to accept the invitation."
EXPIRED = "This invitation has expired, or was used or revoked. Ask for a new one."


def invite(
    connection: Connection,
    context: ActionContext,
    email: str,
    role: Role,
    slugs: Sequence[str],
    secret: str,
) -> Invitation:
    """Invite a person; the link of an earlier invitation becomes invalid.

    Raise `Forbidden` for a role above the caller's, and `ValidationFailed` for an invalid address, a member, or an
    unknown team.
    """
    access, address = context.access, email.strip().lower()
    membership.check_may_invite(access, role)
    if "@" not in address or len(address) > EMAIL_MAX:
        raise ValidationFailed({"email": [NO_ADDRESS]})
    user = account_store.by_email(connection, address)
    organization_id = access.organization.id
    if user and store.member_who_is(connection, organization_id, user.id) is not None:
        raise ValidationFailed({"email": [IS_MEMBER.format(address)]})
    if invitation_store.count_pending(connection, organization_id) >= PENDING_MAX:
        raise ValidationFailed({"email": [f"There are {PENDING_MAX} open invitations already."]})
    team_ids = membership.ids_of_teams(connection, organization_id, slugs)
    invitation = invitation_store.put(
        connection,
        NewInvitation(
            organization_id=organization_id,
            email=address,
            role=role,
            team_ids=sorted(team_ids),
            digest=digest(secret),
            invited_by=context.by.user_id,
            created_at=context.at,
            expires_at=context.at + LIFETIME,
        ),
    )
    _record(connection, context, AuditEvent.MEMBER_INVITE, invitation)
    return invitation


def revoke(connection: Connection, context: ActionContext, invitation: Invitation) -> None:
    """Delete an invitation, if the caller may remove a member with its role."""
    membership.check_may_revoke(context.access, invitation.role)
    _record(connection, context, AuditEvent.MEMBER_REMOVE, invitation)
    invitation_store.remove(connection, invitation.id)


def pending(connection: Connection, token: str, at: datetime) -> Invitation:
    """Return the invitation of a link. Raise `NotFound` unless it can still be accepted."""
    return _require_pending(invitation_store.look_up(connection, digest(token)), at)


def accept(connection: Connection, token: str, user: User, by: Actor, at: datetime) -> Invitation:
    """Add a signed-in user as a member. Raise `Conflict` if the invitation is for another address than the user's."""
    invitation = _lock_invitation(connection, token, at)
    if user.email.lower() != invitation.email:
        raise Conflict(OTHER_ADDRESS.format(invitation.email))
    _add_member(connection, invitation, user, by, at)
    return invitation


def accept_as_new_user(
    connection: Connection,
    token: str,
    name: str,
    password_hash: str | None,
    by: Actor,
    at: datetime,
) -> User:
    """Create a user with the invited address, and add them. Raise `Conflict` if the address has an account already.

    Without a hash the user has no password to sign in with.
    """
    invitation = _lock_invitation(connection, token, at)
    if account_store.by_email(connection, invitation.email) is not None:
        raise Conflict(HAS_ACCOUNT.format(invitation.email))
    user_id = account_store.add(connection, invitation.email, name, password_hash, at)
    user = account_store.by_id(connection, user_id)
    assert user is not None, "it was added just now"
    _add_member(connection, invitation, user, replace(by, user_id=user.id, label=user.email), at)
    return user


def _lock_invitation(connection: Connection, token: str, at: datetime) -> Invitation:
    """Return the invitation, locked: of two requests that accept it at once, the second is refused."""
    return _require_pending(invitation_store.by_digest(connection, digest(token)), at)


def _require_pending(invitation: Invitation | None, at: datetime) -> Invitation:
    if invitation is None or invitation.expires_at <= at:
        raise NotFound(EXPIRED)
    return invitation


def _add_member(
    connection: Connection, invitation: Invitation, user: User, by: Actor, at: datetime
) -> None:
    organization_id = invitation.organization_id
    member_id = store.ensure_member(connection, organization_id, user.id, invitation.role, at)
    teams = {team.id for team in store.teams_of(connection, organization_id)}
    store.join_teams(connection, teams & set(invitation.team_ids), member_id)
    invitation_store.mark_accepted(connection, invitation.id, member_id)
    event, data = AuditEvent.MEMBER_ACCEPT, _data(invitation)
    ids = {"target_id": member_id, "target_user_id": user.id}
    store.record(connection, organization_id, event, by, at, data=data, **ids)


def _record(
    connection: Connection, context: ActionContext, event: AuditEvent, invitation: Invitation
) -> None:
    membership.record_action(connection, context, event, None, _data(invitation))


def _data(invitation: Invitation) -> dict[str, str]:
    return {"email": invitation.email, "role": invitation.role.value}
