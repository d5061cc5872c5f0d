"""The objects that the JSON of projects and teams nests, prefetched for a whole list: one query for each relation."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from sqlalchemy import Connection

from shipmark.api.organizations.responses import OrganizationResponse
from shipmark.api.projects.responses import ProjectContext, ProjectResponse, project_fields
from shipmark.api.teams.responses import TeamDetailsResponse, team_response
from shipmark.http.request_context import RequestContext
from shipmark.issues.store import user_reports
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Access, Team
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.release_health.store import series
from shipmark.releases.store import shipping_order


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerContext:
    """The caller's access and teams, and the address at which clients reach this server."""

    access: Access
    team_ids: Collection[int]
    address: str

    @classmethod
    def load(cls, connection: Connection, access: Access, address: str) -> Self:
        """Return the context of a user, or of an organization token, which is on no team."""
        user, organization_id = access.user, access.organization.id
        ids = organizations.team_ids_of(connection, organization_id, user.id) if user else ()
        return cls(access=access, team_ids=frozenset(ids), address=address)


def load_viewer(context: RequestContext, connection: Connection) -> ViewerContext:
    """Return the context of the caller in the organization of the path."""
    return ViewerContext.load(connection, context.access, context.address)


def prefetch_for_projects(
    connection: Connection, viewer: ViewerContext, listed: Sequence[Project]
) -> Mapping[int, ProjectContext]:
    """Return what the JSON of these projects nests, by project id."""
    ids = [project.id for project in listed]
    if not ids:
        return {}
    teams = projects.teams_of(connection, ids)
    platforms = projects.platforms_of(connection, ids)
    environments = projects.environment_names(connection, ids)
    latest = shipping_order.latest_versions(connection, ids)
    reported = user_reports.projects_with_any(connection, ids)
    with_sessions = series.projects_with_sessions(connection, ids)
    return {
        id_: ProjectContext(
            address=viewer.address,
            teams=teams.get(id_, ()),
            platforms=platforms.get(id_, ()),
            environments=environments.get(id_, ()),
            latest_version=latest.get(id_),
            has_sessions=id_ in with_sessions,
            has_user_reports=id_ in reported,
            # A token of the organization is a member everywhere: it has all projects.
            is_member=viewer.access.user is None
            or any(team.id in viewer.team_ids for team in teams.get(id_, ())),
        )
        for id_ in ids
    }


def serialize_projects(
    connection: Connection, viewer: ViewerContext, listed: Sequence[Project]
) -> list[ProjectResponse]:
    """Return projects as the caller sees them."""
    contexts = prefetch_for_projects(connection, viewer, listed)
    return [
        ProjectResponse(**project_fields(project, viewer.access, contexts[project.id]))
        for project in listed
    ]


def serialize_project(
    context: RequestContext, connection: Connection, project: Project
) -> ProjectResponse:
    """Return a project as the caller sees it."""
    return serialize_projects(connection, load_viewer(context, connection), [project])[0]


def serialize_teams(
    connection: Connection,
    viewer: ViewerContext,
    listed: Sequence[Team],
    *,
    by_team: Mapping[int, Sequence[ProjectResponse]] | None = None,
    organization: OrganizationResponse | None = None,
) -> list[TeamDetailsResponse]:
    """Return teams as the caller sees them, with their projects unless ``by_team`` is None."""
    counts = organizations.member_counts(connection, [team.id for team in listed]) if listed else {}
    return [
        team_response(
            team,
            viewer.access,
            viewer.address,
            is_member=team.id in viewer.team_ids,
            member_count=counts.get(team.id, 0),
            organization=organization,
            projects=None if by_team is None else by_team.get(team.id, ()),
        )
        for team in listed
    ]


def serialize_team(
    context: RequestContext, connection: Connection, team: Team
) -> TeamDetailsResponse:
    """Return a team as the caller sees it, without its projects."""
    return serialize_teams(connection, load_viewer(context, connection), [team])[0]


def projects_by_team(
    connection: Connection, viewer: ViewerContext, teams: Sequence[Team]
) -> dict[int, list[ProjectResponse]]:
    """Return the projects of each team as the caller sees them, by slug."""
    ids = projects.of_teams(connection, [team.id for team in teams]) if teams else {}
    by_id = projects.by_ids(connection, {id_ for of_team in ids.values() for id_ in of_team})
    in_order = sorted(by_id.values(), key=lambda project: project.slug)
    shown = serialize_projects(connection, viewer, in_order)
    return {
        team_id: [project for project in shown if int(project.id) in set(project_ids)]
        for team_id, project_ids in ids.items()
    }
