"""The view models of members, invitations, teams and tokens of an organization."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User
from shipmark.http.scopes import PROJECT_WRITE, TEAM_CHANGE, TEAM_CREATE, TEAM_DELETE
from shipmark.organizations import membership
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Invitation, ListedToken, Member, Role, Team
from shipmark.organizations.store import invitations as invitation_store
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.web.request_context import Workspace

MEMBERS_PER_PAGE = 100
#: The most invitations that are shown; accepting or revoking some shows the others.
_INVITATIONS_MAX = 100
TEAMS_PER_PAGE = 100
#: The members that the field for a new one suggests; others can be typed.
_SUGGESTIONS_MAX = 200
#: The projects of a team that its page lists.
TEAM_PROJECTS_MAX = 100


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamRow:
    """A team with its numbers of members and of projects visible to the user, and what the user may do there."""

    team: Team
    member_count: int
    project_count: int
    is_member: bool
    may_join: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamsPage:
    """A page of teams, by slug."""

    rows: Sequence[TeamRow]
    count: int
    may_create: bool
    number: int
    has_more: bool


def teams_page(connection: Connection, workspace: Workspace, number: int) -> TeamsPage:
    """Return a page of the organization's teams, the first of which is number 1."""
    teams = organizations.teams_of(connection, workspace.organization.id)
    first = (number - 1) * TEAMS_PER_PAGE
    shown = teams[first : first + TEAMS_PER_PAGE]
    ids = [team.id for team in shown]
    own_ids = _own_team_ids(connection, workspace)
    counts = organizations.member_counts(connection, ids)
    project_ids = projects.of_teams(connection, ids)
    visible = set(workspace.project_ids)
    return TeamsPage(
        rows=[
            TeamRow(
                team=team,
                member_count=counts.get(team.id, 0),
                project_count=len(visible.intersection(project_ids.get(team.id, ()))),
                is_member=team.id in own_ids,
                may_join=_may_join(workspace, team, own_ids),
            )
            for team in shown
        ],
        count=len(teams),
        may_create=workspace.may(TEAM_CREATE),
        number=number,
        has_more=len(teams) > first + TEAMS_PER_PAGE,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamPage:
    """A team with a page of its members and its visible projects, and what the user may do.

    ``others`` are addresses of members who may be added, and ``further_projects`` the projects.
    """

    team: Team
    members: Sequence[MemberRow]
    member_count: int
    projects: Sequence[Project]
    others: Sequence[str]
    further_projects: Sequence[Project]
    is_member: bool
    may_join: bool
    may_change: bool
    may_change_members: bool
    may_change_projects: bool
    may_delete: bool
    number: int
    has_more: bool

    @property
    def first_projects(self) -> Sequence[Project]:
        """Return the projects that the page lists."""
        return self.projects[:TEAM_PROJECTS_MAX]


def team_page(connection: Connection, workspace: Workspace, team: Team, number: int) -> TeamPage:
    """Return a team with a page of its members."""
    own_ids = _own_team_ids(connection, workspace)
    access = workspace.access
    rows, has_more = _members(connection, workspace, team, number)
    owned = projects.ids_of_team(connection, team.id)
    may_change_members = membership.may_change_members_of(access, team, own_ids)
    is_reached = membership.reaches_team(access, team, own_ids)
    return TeamPage(
        team=team,
        members=rows,
        member_count=organizations.member_counts(connection, [team.id]).get(team.id, 0),
        projects=[project for project in workspace.projects if project.id in owned],
        others=_others(connection, workspace, rows) if may_change_members else (),
        further_projects=[project for project in workspace.projects if project.id not in owned],
        is_member=team.id in own_ids,
        may_join=_may_join(workspace, team, own_ids),
        may_change=is_reached and workspace.may(TEAM_CHANGE),
        may_change_members=may_change_members,
        may_change_projects=is_reached and workspace.may(PROJECT_WRITE),
        may_delete=is_reached and workspace.may(TEAM_DELETE),
        number=number,
        has_more=has_more,
    )


def _own_team_ids(connection: Connection, workspace: Workspace) -> set[int]:
    return organizations.team_ids_of(connection, workspace.organization.id, workspace.user.id)


def _may_join(workspace: Workspace, team: Team, own_ids: set[int]) -> bool:
    is_open = workspace.organization.is_open
    return is_open or membership.may_change_members_of(workspace.access, team, own_ids)


def _members(
    connection: Connection, workspace: Workspace, team: Team, number: int
) -> tuple[list[MemberRow], bool]:
    """Return a page of the members, and True if more follow."""
    first = (number - 1) * MEMBERS_PER_PAGE
    members = organizations.members_of_teams(
        connection, [team.id], limit=MEMBERS_PER_PAGE + 1, offset=first
    )
    rows = member_rows(connection, workspace, members[:MEMBERS_PER_PAGE])
    return rows, len(members) > MEMBERS_PER_PAGE


def _others(connection: Connection, workspace: Workspace, rows: Sequence[MemberRow]) -> list[str]:
    """Return addresses of members of the organization, without those in these rows."""
    members = organizations.members_of(
        connection, workspace.organization.id, limit=_SUGGESTIONS_MAX, offset=0
    )
    users = accounts.by_ids(connection, {member.user_id for member in members})
    on_team = {row.user.id for row in rows}
    return sorted(user.email for user in users.values() if user.id not in on_team)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A token and its creator, or None if they were removed."""

    token: ListedToken
    creator: User | None


def token_rows(connection: Connection, workspace: Workspace) -> Sequence[TokenRow]:
    """Return the organization's tokens, the last used first."""
    tokens = organizations.tokens_of(connection, workspace.organization.id)
    creators = accounts.by_ids(connection, {each.created_by for each in tokens if each.created_by})
    return [TokenRow(token=token, creator=creators.get(token.created_by or 0)) for token in tokens]
