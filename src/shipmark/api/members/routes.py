"""``organizations/{org}/members/``: members of an organization, and invitations (auth-and-errors.md 8.6)."""

from collections.abc import Sequence
from typing import Annotated

from litestar import Response
from pydantic import Field
from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import EMAIL_MAX
from shipmark.api.members.responses import (
    INVITATION_PREFIX,
    MemberResponse,
    TeamRoleOfMemberResponse,
    invitation_response,
    member_response,
)
from shipmark.api.projects.loading import serialize_team
from shipmark.api.queries import PageQuery
from shipmark.api.teams.path_team import PathTeam, reload_team
from shipmark.api.teams.responses import TeamDetailsResponse
from shipmark.http import endpoint
from shipmark.http.endpoint import Load
from shipmark.http.pagination.offset import PageRequest, paginate, paginate_all
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import MEMBER_CHANGE, MEMBER_DELETE, MEMBER_READ, TEAM_CHANGE, TEAM_JOIN
from shipmark.http.validation import (
    Items,
    Omittable,
    OmittableBoolean,
    RequestModel,
    Text,
    choice_of,
    optional,
)
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.ids import id_of, secret_hex
from shipmark.organizations import invitations, membership, store, text_filter
from shipmark.organizations.model import SLUG_MAX, Invitation, Member, Role, TeamRole
from shipmark.organizations.store import invitations as invitation_store

BASE_PATH = "/api/0/organizations/{organization:str}/members"
_TEAMS_MAX = 1000
_Role = Annotated[Role, choice_of(Role)]
_TeamRole = Annotated[TeamRole, choice_of(TeamRole)]
_Slug = Annotated[str, Text(max_length=SLUG_MAX)]


#: The members and invitations that a query looks at.
_ALL = PageRequest(per_page=100_000, cursor=None)
_TESTS: text_filter.Tests[MemberResponse] = {
    text_filter.TEXT: lambda row, text: text_filter.contains(text, row.email, row.name),
    "id": lambda row, text: row.id == text,
    "email": lambda row, text: row.email.lower() == text.lower(),
    "role": lambda row, text: row.role == text,
    "isinvited": lambda row, text: row.pending == (text.lower() == "true"),
}


class MemberListQuery(PageQuery):
    """A page of the members of an organization."""

    query: str | None = optional(
        "Text in names or addresses, or terms: `email:`, `role:`, `id:` and `isInvited:true`.",
        example="role:owner",
    )


class MemberTeamRequest(RequestModel):
    """A team that a member is on."""

    team_slug: _Slug = Field(description="Slug of the team.")
    role: Annotated[str, Text()] | None = optional(
        "Ignored: the role on a team follows from that in the organization."
    )


class MemberUpdateRequest(RequestModel):
    """Changes of a member."""

    org_role: Omittable[_Role] = optional("Role in the organization.")
    role: Omittable[_Role] = optional("Deprecated name of `orgRole`.")
    team_roles: Omittable[Annotated[list[MemberTeamRequest], Items(max_length=_TEAMS_MAX)]] = (
        optional("The teams of the member; they replace those before.")
    )
    teams: Omittable[Annotated[list[_Slug], Items(max_length=_TEAMS_MAX)]] = optional(
        "Slugs of the teams; ignored beside `teamRoles`."
    )

    @property
    def new_role(self) -> Role | None:
        """Return the role, or None if the body has none."""
        return self.org_role or self.role

    @property
    def team_slugs(self) -> list[str] | None:
        """Return the slugs of the teams, or None if the body has none."""
        if self.team_roles is None:
            return self.teams
        return [team.team_slug for team in self.team_roles]


class InvitationRequest(MemberUpdateRequest):
    """An invitation of a person to an organization."""

    email: Annotated[str, Text(max_length=EMAIL_MAX)] = Field(
        description="Email address of the person."
    )
    send_invite: OmittableBoolean = optional("Ignored: no mail is sent.")
    reinvite: OmittableBoolean = optional("Ignored: inviting again always creates a new link.")


class TeamRoleRequest(RequestModel):
    """The role of a member on a team."""

    team_role: _TeamRole = Field(
        description="The role that follows from the role in the organization."
    )


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
            row = invitation = invitation_store.by_id(connection, organization_id, invitation_id)
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


_VALIDATE = "member.validate"
_MEMBER_TEAM = "/{member:str}/teams/{team:str}/"


@endpoint.post("/", scopes=MEMBER_CHANGE, step=_VALIDATE)
def invite_member(context: RequestContext, body: InvitationRequest) -> MemberResponse:
    """Invite a person by a link, which is shown once: no mail is sent. Inviting again creates a new link."""
    secret = secret_hex()
    with context.database.transaction() as connection:
        invitation = invitations.invite(
            connection,
            context.action_context(),
            body.email,
            body.new_role or Role.MEMBER,
            body.team_slugs or (),
            secret,
        )
        link = f"{context.address}/invitations/{secret}/"
        return _invitations(context, connection, [invitation], link)[0]


@endpoint.get("/", scopes=MEMBER_READ)
def list_members(context: RequestContext, query: MemberListQuery) -> Response[list[MemberResponse]]:
    """List the members of an organization, and then the open invitations."""
    page = query.page()
    with context.database.snapshot() as connection:
        if query.query:
            every = _members_and_invitations(context, connection, _ALL)
            found = text_filter.apply_filter(every, query.query, _TESTS)
            return context.listed(*paginate_all(found, page))
        listed = _members_and_invitations(context, connection, page)
    return context.listed(*paginate(listed, page))


@endpoint.get("/{member:str}/", scopes=MEMBER_READ)
def get_member(context: RequestContext, member: PathMemberOrInvitation) -> MemberResponse:
    """Show a member with their teams and all roles, or an open invitation."""
    with context.database.snapshot() as connection:
        if isinstance(member, Invitation):
            return _invitations(context, connection, [member])[0]
        return _details(context, connection, member)


@endpoint.put("/{member:str}/", scopes=MEMBER_CHANGE, step=_VALIDATE)
def update_member(
    context: RequestContext, member: PathMember, body: MemberUpdateRequest
) -> MemberResponse:
    """Change the role of a member, or replace the teams that they are on."""
    with context.database.transaction() as connection:
        current = reload_member(context, connection, member)
        updated = membership.update_member(
            connection, context.action_context(), current, body.new_role, body.team_slugs
        )
        return _details(context, connection, updated)


@endpoint.delete("/{member:str}/", scopes=MEMBER_DELETE)
def remove_member(context: RequestContext, member: str) -> None:
    """Remove a member, or revoke an invitation. Members may leave by themselves; what they did stays."""
    with context.database.transaction() as connection:
        action = context.action_context()
        # Loaded here only: an invitation may be accepted meanwhile.
        current = find_member_or_invitation(context, connection, member)
        if isinstance(current, Invitation):
            invitations.revoke(connection, action, current)
        else:
            membership.remove_member(connection, action, current)


@endpoint.post(_MEMBER_TEAM, scopes=TEAM_JOIN, responses={201: TeamDetailsResponse, 204: None})
def join_team(
    context: RequestContext, member: PathMember, team: PathTeam
) -> Response[TeamDetailsResponse | None]:
    """Add a member to a team: oneself in an open organization, others for those who manage the team."""
    with context.database.transaction() as connection:
        current = reload_member(context, connection, member)
        joined = reload_team(context, connection, team)
        if not membership.join_team(connection, context.action_context(), current, joined):
            return Response(None, status_code=204)
        return Response(serialize_team(context, connection, joined), status_code=201)


@endpoint.put(_MEMBER_TEAM, scopes=MEMBER_CHANGE | TEAM_CHANGE, step=_VALIDATE)
def update_team_role(
    context: RequestContext, member: PathMember, team: PathTeam, body: TeamRoleRequest
) -> TeamRoleOfMemberResponse:
    """Confirm the role of a member on a team. It follows from the role in the organization, and has no other value."""
    with context.database.snapshot() as connection:
        role = membership.confirm_team_role(
            connection, context.access, member, team, body.team_role
        )
    return TeamRoleOfMemberResponse(is_active=True, team_role=role.value)


@endpoint.delete(_MEMBER_TEAM, status_code=200, scopes=TEAM_JOIN)
def leave_team(context: RequestContext, member: PathMember, team: PathTeam) -> TeamDetailsResponse:
    """Remove a member from a team."""
    with context.database.transaction() as connection:
        current = reload_member(context, connection, member)
        left = reload_team(context, connection, team)
        membership.leave_team(connection, context.action_context(), current, left)
        return serialize_team(context, connection, left)


def _members_and_invitations(
    context: RequestContext, connection: Connection, page: PageRequest
) -> list[MemberResponse]:
    rows = store.members_of(connection, context.organization_id, **page.window)
    users = accounts.by_ids(connection, {row.user_id for row in rows})
    listed = [member_response(row, users[row.user_id]) for row in rows]
    return listed + _invitations_behind(context, connection, page, len(rows))


def _invitations_behind(
    context: RequestContext, connection: Connection, page: PageRequest, member_count: int
) -> list[MemberResponse]:
    """Return the invitations on a page whose first rows are members."""
    if member_count >= page.limit:
        return []
    organization_id = context.organization_id
    skipped = page.skipped - invitation_store.count_members(connection, organization_id)
    rows = invitation_store.page_of(
        connection, organization_id, limit=page.limit - member_count, offset=max(skipped, 0)
    )
    return _invitations(context, connection, rows)


def _invitations(
    context: RequestContext,
    connection: Connection,
    rows: Sequence[Invitation],
    link: str | None = None,
) -> list[MemberResponse]:
    """Return invitations as the members that they may become; ``link`` is that of a new one."""
    if not rows:
        return []
    inviters = accounts.by_ids(connection, {row.invited_by for row in rows if row.invited_by})
    teams = store.teams_of(connection, context.organization_id)
    return [
        invitation_response(
            row, at=now(), inviter=inviters.get(row.invited_by or 0), teams=teams, link=link
        )
        for row in rows
    ]


def _details(context: RequestContext, connection: Connection, member: Member) -> MemberResponse:
    user = accounts.by_id(connection, member.user_id)
    assert user is not None, "a member is a user"
    teams = store.teams_of_member(connection, member.id)
    return member_response(member, user, teams=teams, organization=context.access.organization)
