"""Deletion of users: each of their organizations keeps an owner, and gets an entry in its audit log."""

from datetime import datetime

from sqlalchemy import Connection

from shipmark.accounts import actions as accounts
from shipmark.accounts.model import User
from shipmark.infrastructure.errors import Conflict
from shipmark.organizations import store
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Actor, Role


def remove_user(connection: Connection, user: User, by: Actor, at: datetime) -> None:
    """Delete a user. Raise `Conflict`, naming the organizations, if one would be left without an owner.

    The organizations are locked first, in the order of their ids, as changes of members lock them.
    """
    organization_ids = sorted(item.id for item, _ in store.of_user(connection, user.id))
    ownerless = []
    for organization_id in organization_ids:
        organization = store.lock(connection, organization_id)
        member = store.member_who_is(connection, organization_id, user.id)
        if organization is None or member is None:
            continue
        is_owner = member.role is Role.OWNER
        if is_owner and not store.has_other_owner(connection, organization_id, member.id):
            ownerless.append(organization.slug)
            continue
        event, data = AuditEvent.MEMBER_REMOVE, {"email": user.email, "role": member.role.value}
        store.record(connection, organization_id, event, by, at, data=data, target_id=member.id)
    if ownerless:
        names = ", ".join(ownerless)
        raise Conflict(
            f"{user.email} is the only owner of {names}. Make another user an owner first."
        )
    accounts.remove_user(connection, user, at)
