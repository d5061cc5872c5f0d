"""``organizations/{org}/members/``: who is in an organization (auth-and-errors.md 8.6)."""

from litestar import Response, Router, delete, get, post, put
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.api.members.invitation_routes import (
    ROLE_AND_TEAMS,
    done_by,
    find_invitation,
    find_invited_member,
    invite_member,
    invited_members,
    shown_invitation,
    team_slugs,
)
from shipmark.api.members.responses import MemberJson, TeamRoleOfMemberJson, member_json
from shipmark.api.projects.loading import ViewerContext, serialize_teams
from shipmark.api.query_parameters import PAGE
from shipmark.api.scopes import MEMBER_CHANGE, MEMBER_DELETE, MEMBER_READ, TEAM_CHANGE, TEAM_JOIN
from shipmark.api.teams.responses import TeamDetailsJson
from shipmark.http.fields import Choice, Field, Record
from shipmark.http.pagination.offset import counted
from shipmark.http.request_context import GivenVisit, Visit
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.ids import id_of
from shipmark.organizations import invitations, membership, store
from shipmark.organizations.model import Access, Member, Team, TeamRole

_CHANGED = Record(ROLE_AND_TEAMS)
_TEAM_ROLE = Record(
    {
        "teamRole": Field(
            Choice({it.value: it for it in TeamRole}, '"{}" is not a valid choice.'),
            is_required=True,
        )
    }
)


@get("/", scopes=MEMBER_READ, asks=PAGE, sync_to_thread=True)
def list_members(visit: GivenVisit, organization: FromPath[str]) -> Response[list[MemberJson]]:
    """List the members of an organization, and behind them those who are invited."""
    with visit.database.snapshot() as connection:
        access = visit.enter(connection, organization)
        page = visit.page()
        rows = store.members_of(
            connection, access.organization.id, limit=page.limit, offset=page.skipped
        )
        users = accounts.by_ids(connection, {it.user_id for it in rows})
        listed = [member_json(it, users[it.user_id]) for it in rows]
        listed += invited_members(connection, access, page, len(rows))
    found, links = counted(listed, page)
    return visit.listed(found, links)


@get("/{member:str}/", scopes=MEMBER_READ, sync_to_thread=True)
def get_member(visit: GivenVisit, organization: FromPath[str], member: FromPath[str]) -> MemberJson:
    """Show a member with their teams, and the roles that there are."""
    with visit.database.snapshot() as connection:
        access = visit.enter(connection, organization)
        if (invitation := find_invitation(connection, access, member)) is not None:
            return shown_invitation(connection, access, invitation)
        return _shown(connection, access, _found(connection, access, member))


@put("/{member:str}/", scopes=MEMBER_CHANGE, takes=_CHANGED, sync_to_thread=True)
def amend_member(
    visit: GivenVisit, organization: FromPath[str], member: FromPath[str], body: RawBody
) -> MemberJson:
    """Give a member another role, or other teams in place of those that they are on."""
    with visit.database.glance() as connection:
        access = visit.enter(connection, organization)
        _found(connection, access, member)
    fields = visit.body(body, _CHANGED, lists=("teams",), step="member.validate")
    with visit.database.transaction() as connection:
        known = _found(connection, access, member)
        role = fields.get("orgRole") or fields.get("role")
        after = membership.amend_member(
            connection, done_by(visit, access), known, role, team_slugs(fields)
        )
        return _shown(connection, access, after)


@delete("/{member:str}/", status_code=204, scopes=MEMBER_DELETE, sync_to_thread=True)
def remove_member(
    visit: GivenVisit, organization: FromPath[str], member: FromPath[str]
) -> Response[None]:
    """Remove a member, or revoke an invitation. Members may leave by themselves; what they did stays."""
    with visit.database.transaction() as connection:
        access = visit.enter(connection, organization)
        if (invitation := find_invitation(connection, access, member)) is not None:
            invitations.revoke(connection, done_by(visit, access), invitation)
        else:
            known = _found(connection, access, member)
            membership.remove_member(connection, done_by(visit, access), known)
    return Response(None, status_code=204)


@post(
    "/{member:str}/teams/{team:str}/",
    scopes=TEAM_JOIN,
    answers={201: TeamDetailsJson, 204: None},
    sync_to_thread=True,
)
def join_team(
    visit: GivenVisit, organization: FromPath[str], member: FromPath[str], team: FromPath[str]
) -> Response[TeamDetailsJson | None]:
    """Put a member on a team: oneself in an open organization, others for those who manage the team."""
    with visit.database.transaction() as connection:
        access = visit.enter(connection, organization)
        known, joined = _found(connection, access, member), _team(connection, access, team)
        if not membership.join_team(connection, done_by(visit, access), known, joined):
            return Response(None, status_code=204)
        return Response(_team_shown(visit, connection, access, joined), status_code=201)


@put(
    "/{member:str}/teams/{team:str}/",
    scopes=MEMBER_CHANGE | TEAM_CHANGE,
    takes=_TEAM_ROLE,
    sync_to_thread=True,
)
def amend_team_role(
    visit: GivenVisit,
    organization: FromPath[str],
    member: FromPath[str],
    team: FromPath[str],
    body: RawBody,
) -> TeamRoleOfMemberJson:
    """Confirm the role of a member on a team. It follows from the role in the organization, and has no other value."""
    with visit.database.glance() as connection:
        access = visit.enter(connection, organization)
        known, on = _found(connection, access, member), _team(connection, access, team)
    fields = visit.body(body, _TEAM_ROLE, step="member.validate")
    with visit.database.snapshot() as connection:
        role = membership.confirm_team_role(connection, access, known, on, fields["teamRole"])
    return TeamRoleOfMemberJson(is_active=True, team_role=role.value)


@delete("/{member:str}/teams/{team:str}/", status_code=200, scopes=TEAM_JOIN, sync_to_thread=True)
def leave_team(
    visit: GivenVisit, organization: FromPath[str], member: FromPath[str], team: FromPath[str]
) -> TeamDetailsJson:
    """Take a member off a team."""
    with visit.database.transaction() as connection:
        access = visit.enter(connection, organization)
        known, left = _found(connection, access, member), _team(connection, access, team)
        membership.leave_team(connection, done_by(visit, access), known, left)
        return _team_shown(visit, connection, access, left)


def _found(connection: Connection, access: Access, name: str) -> Member:
    """Return the member of an id, also of the invitation that they were; ``me`` is the caller."""
    known = None
    if name == "me" and access.user is not None:
        known = store.member_who_is(connection, access.organization.id, access.user.id)
    else:
        member_id = id_of(name) or find_invited_member(connection, access, name)
        if member_id is not None:
            known = store.member(connection, access.organization.id, member_id)
    if known is None:
        raise NotFound
    return known


def _team(connection: Connection, access: Access, name: str) -> Team:
    known = store.team_by_slug_or_id(connection, access.organization.id, name)
    if known is None:
        raise NotFound
    return known


def _shown(connection: Connection, access: Access, member: Member) -> MemberJson:
    user = accounts.by_id(connection, member.user_id)
    assert user is not None, "a member is a user"
    teams = store.teams_of_member(connection, member.id)
    return member_json(member, user, teams=teams, organization=access.organization)


def _team_shown(
    visit: Visit, connection: Connection, access: Access, team: Team
) -> TeamDetailsJson:
    return serialize_teams(
        connection, ViewerContext.load(connection, access, visit.settings.address), [team]
    )[0]


router = Router(
    "/api/0/organizations/{organization:str}/members",
    route_handlers=[
        invite_member,
        list_members,
        get_member,
        amend_member,
        remove_member,
        join_team,
        amend_team_role,
        leave_team,
    ],
)
