"""``organizations/{org}/users/``: the members of an organization with the projects of their teams."""

from collections.abc import Mapping, Sequence

from litestar import Response
from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.api.members.responses import MemberResponse, member_response
from shipmark.api.projects.path_project import VisibleProjects
from shipmark.api.queries import PageQuery, ProjectQuery
from shipmark.http import endpoint
from shipmark.http.pagination.offset import PageRequest, paginate
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import MEMBER_READ, ORGANIZATION_READ
from shipmark.organizations import store
from shipmark.organizations.model import Member
from shipmark.projects import store as projects


class UserListQuery(PageQuery, ProjectQuery):
    """A page of the users of an organization."""


@endpoint.get("/organizations/{organization:str}/users/", scopes=ORGANIZATION_READ | MEMBER_READ)
def list_users(
    context: RequestContext, visible: VisibleProjects, query: UserListQuery
) -> Response[list[MemberResponse]]:
    """List the members of an organization with the projects of their teams, without invitations.

    `project` leaves those who are on a team of one of these projects: whom clients offer as assignees.
    """
    page = query.page()
    selected = [project.id for project in query.select(visible)] if query.names_projects else None
    with context.database.snapshot() as connection:
        rows = _members(context, connection, selected, page)
        users = accounts.by_ids(connection, {row.user_id for row in rows})
        reached = _projects(connection, rows)
    listed = [
        member_response(
            row,
            users[row.user_id],
            projects=[project.slug for project in visible if project.id in reached[row.id]],
        )
        for row in rows
    ]
    return context.listed(*paginate(listed, page))


def _members(
    context: RequestContext,
    connection: Connection,
    project_ids: Sequence[int] | None,
    page: PageRequest,
) -> Sequence[Member]:
    if project_ids is None:
        return store.members_of(connection, context.organization_id, **page.window)
    owners = projects.teams_of(connection, project_ids)
    team_ids = {team.id for teams in owners.values() for team in teams}
    return store.members_of_teams(connection, team_ids, **page.window)


def _projects(connection: Connection, members: Sequence[Member]) -> Mapping[int, set[int]]:
    """Return the ids of the projects that each member's teams own."""
    teams = store.team_ids_of_members(connection, [member.id for member in members])
    owned = projects.of_teams(connection, {team for on in teams.values() for team in on})
    return {
        member.id: {project for team in teams.get(member.id, ()) for project in owned.get(team, ())}
        for member in members
    }
