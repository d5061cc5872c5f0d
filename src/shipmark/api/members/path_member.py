"""The member, or the invitation, that a path names."""

from typing import Annotated

from sqlalchemy import Connection

from shipmark.api.members.responses import INVITATION_PREFIX
from shipmark.http.endpoint import Load
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.ids import id_of
from shipmark.organizations import store
from shipmark.organizations.model import Invitation, Member
from shipmark.organizations.store import invitations


def find_member(context: RequestContext, connection: Connection, member: str) -> Member:
    """Return the member with this id, also that of their accepted invitation; ``me`` is the caller.

    Raise `NotFound`.
    """
    row = find_member_or_invitation(context, connection, member)
    if isinstance(row, Invitation):
        raise NotFound
    return row


def find_member_or_invitation(
    context: RequestContext, connection: Connection, member: str
) -> Member | Invitation:
    """Return the same, or the open invitation with this id. Raise `NotFound`."""
    organization_id, user = context.organization_id, context.access.user
    row: Member | Invitation | None = None
    member_id = id_of(member)
    if member == "me" and user is not None:
        row = store.member_who_is(connection, organization_id, user.id)
    elif member.startswith(INVITATION_PREFIX):
        invitation_id = id_of(member.removeprefix(INVITATION_PREFIX))
        if invitation_id is not None:
            row = invitation = invitations.by_id(connection, organization_id, invitation_id)
            member_id = invitation.member_id if invitation else None
    if member_id is not None:
        row = store.member(connection, organization_id, member_id)
    if row is None:
        raise NotFound
    return row


def reload_member(context: RequestContext, connection: Connection, member: Member) -> Member:
    """Return the member as the transaction sees them. Raise `NotFound` if they were removed meanwhile."""
    return find_member(context, connection, str(member.id))


#: The member of the path.
PathMember = Annotated[Member, Load(find_member)]
#: The member or the open invitation of the path.
PathMemberOrInvitation = Annotated[Member | Invitation, Load(find_member_or_invitation)]
