"""POST ``organizations/{org}/members/``: invite people, and show invitations among members (auth-and-errors.md 8.6)."""

from typing import Any

from litestar import post
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import EMAIL_MAX
from shipmark.api.members.responses import INVITATION_PREFIX, MemberResponse, invitation_response
from shipmark.api.scopes import MEMBER_CHANGE
from shipmark.http.fields import Boolean, Choice, Field, Fields, ListOf, Object, Text
from shipmark.http.pagination.offset import PageRequest
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.ids import id_of, secret_hex
from shipmark.organizations import invitations, store
from shipmark.organizations.membership import ActionContext
from shipmark.organizations.model import SLUG_MAX, Access, Invitation, Role
from shipmark.organizations.store import invitations as invitation_store

_TEAMS_MAX = 1000
_ROLE = Choice({it.value: it for it in Role}, '"{}" is not a valid choice.')
_ON_TEAM = Object(
    {"teamSlug": Field(Text(max=SLUG_MAX), is_required=True), "role": Field(Text(is_null_ok=True))}
)
#: What is said of a member: the role, and the teams with or without roles there.
ROLE_AND_TEAMS: dict[str, Field[Any]] = {
    "orgRole": Field(_ROLE),
    "role": Field(_ROLE),
    "teamRoles": Field(ListOf(_ON_TEAM, max=_TEAMS_MAX)),
    "teams": Field(ListOf(Text(max=SLUG_MAX), max=_TEAMS_MAX)),
}
_NEW = Object(
    {
        "email": Field(Text(max=EMAIL_MAX), is_required=True),
        **ROLE_AND_TEAMS,
        "sendInvite": Field(Boolean()),
        "reinvite": Field(Boolean()),
    }
)


@post("/", scopes=MEMBER_CHANGE, takes=_NEW, sync_to_thread=True)
def invite_member(
    context: InjectedRequest, organization: FromPath[str], body: RawBody
) -> MemberResponse:
    """Invite a person by a link, which is shown once: no mail is sent. Inviting again makes a new link."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
    fields = context.body(body, _NEW, lists=("teams",), step="member.validate")
    role = fields.get("orgRole") or fields.get("role") or Role.MEMBER
    secret = secret_hex()
    with context.database.transaction() as connection:
        done = action_context(context, access)
        slugs = team_slugs(fields) or []
        made = invitations.invite(connection, done, fields["email"], role, slugs, secret)
        link = f"{context.settings.address}/invitations/{secret}/"
        return serialize_invitation(connection, access, made, link)


def invited_members(
    connection: Connection, access: Access, page: PageRequest, listed: int
) -> list[MemberResponse]:
    """Return the invitations that are on a page of which members take the first ``listed`` rows."""
    if listed >= page.limit:
        return []
    count = invitation_store.count_members(connection, access.organization.id)
    found = invitation_store.page_of(
        connection,
        access.organization.id,
        limit=page.limit - listed,
        offset=max(page.skipped - count, 0),
    )
    return _shown(connection, access, found)


def find_invitation(connection: Connection, access: Access, name: str) -> Invitation | None:
    """Return the invitation that an id names, or None where it is that of a member, or of nothing."""
    found = _named(connection, access, name)
    return found if found is not None and found.member_id is None else None


def find_invited_member(connection: Connection, access: Access, name: str) -> int | None:
    """Return the id of the member that the invitation of this id has become, or None."""
    found = _named(connection, access, name)
    return found.member_id if found is not None else None


def _named(connection: Connection, access: Access, name: str) -> Invitation | None:
    if not name.startswith(INVITATION_PREFIX):
        return None
    invitation_id = id_of(name.removeprefix(INVITATION_PREFIX))
    if invitation_id is None:
        return None
    return invitation_store.by_id(connection, access.organization.id, invitation_id)


def serialize_invitation(
    connection: Connection, access: Access, invitation: Invitation, link: str | None = None
) -> MemberResponse:
    """Return an invitation, with its link for who has just made it."""
    return _shown(connection, access, [invitation], link)[0]


def team_slugs(fields: Fields) -> list[str] | None:
    """Return the slugs of the teams that a member is to be on, or None; those with roles win."""
    if "teamRoles" in fields:
        return [it["teamSlug"] for it in fields["teamRoles"]]
    found: list[str] | None = fields.get("teams")
    return found


def action_context(context: RequestContext, access: Access) -> ActionContext:
    """Return who changes members, where and when."""
    return ActionContext(access=access, by=context.actor(access), at=now())


def _shown(
    connection: Connection, access: Access, found: list[Invitation], link: str | None = None
) -> list[MemberResponse]:
    if not found:
        return []
    inviters = accounts.by_ids(connection, {it.invited_by for it in found if it.invited_by})
    teams = store.teams_of(connection, access.organization.id)
    return [
        invitation_response(
            it, at=now(), inviter=inviters.get(it.invited_by or 0), teams=teams, link=link
        )
        for it in found
    ]
