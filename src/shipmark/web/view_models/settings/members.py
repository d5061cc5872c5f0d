"""The view model of members and invitations."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Invitation, Member, Role
from shipmark.organizations.store import invitations as invitation_store
from shipmark.web.request_context import Workspace

MEMBERS_PER_PAGE = 100
#: The most invitations that are shown; accepting or revoking some shows the others.
_INVITATIONS_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """A member and their user; ``is_oneself`` for the signed-in user."""

    member: Member
    user: User
    is_oneself: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersPage:
    """A page of members, by the date of joining, and the pending invitations; ``roles`` are those to give."""

    rows: Sequence[MemberRow]
    count: int
    invitations: Sequence[Invitation]
    roles: Sequence[Role]
    number: int
    has_more: bool


def members_page(connection: Connection, workspace: Workspace, number: int) -> MembersPage:
    """Return a page of the members, the first of which is number 1."""
    organization_id = workspace.organization.id
    members = organizations.members_of(
        connection,
        organization_id,
        limit=MEMBERS_PER_PAGE + 1,
        offset=(number - 1) * MEMBERS_PER_PAGE,
    )
    role = workspace.access.role
    return MembersPage(
        rows=member_rows(connection, workspace, members[:MEMBERS_PER_PAGE]),
        count=invitation_store.count_members(connection, organization_id),
        invitations=invitation_store.page_of(
            connection, organization_id, limit=_INVITATIONS_MAX, offset=0
        ),
        roles=[each for each in Role if role is not None and each.rank <= role.rank],
        number=number,
        has_more=len(members) > MEMBERS_PER_PAGE,
    )


def member_rows(
    connection: Connection, workspace: Workspace, members: Sequence[Member]
) -> list[MemberRow]:
    """Return the members with their users, by one statement."""
    users = accounts.by_ids(connection, {member.user_id for member in members})
    return [
        MemberRow(
            member=member,
            user=users[member.user_id],
            is_oneself=member.user_id == workspace.user.id,
        )
        for member in members
    ]
