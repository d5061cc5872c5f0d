"""What the JSON of projects and teams tells of what is around them, loaded for a whole list: one query a relation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.api.organizations.responses import OrganizationResponse
from shipmark.api.projects.responses import ProjectContext, ProjectResponse, project_response
from shipmark.api.teams.responses import TeamDetailsResponse, team_response
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Access, Team
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.releases.store import shipping_order


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerContext:
    """The teams that the caller is on, and the address at which they reach this server."""

    team_ids: frozenset[int]
    address: str

    @classmethod
    def of(cls, connection: Connection, access: Access, address: str) -> "ViewerContext":
        """Those of a user; a token of the organization itself is on none."""
        if access.user is None:
            return cls(team_ids=frozenset(), address=address)
        found = organizations.team_ids_of(connection, access.organization.id, access.user.id)
        return cls(team_ids=frozenset(found), address=address)


def prefetch_for_projects(
    connection: Connection, access: Access, found: Sequence[Project], mine: ViewerContext
) -> dict[int, ProjectContext]:
    """What is around these projects, by their ids."""
    ids = [project.id for project in found]
    if not ids:
        return {}
    teams = projects.teams_of(connection, ids)
    platforms = projects.platforms_of(connection, ids)
    environments = projects.environment_names(connection, ids)
    latest = shipping_order.latest_versions(connection, ids)
    return {
        it: ProjectContext(
            address=mine.address,
            teams=teams.get(it, ()),
            platforms=platforms.get(it, ()),
            environments=environments.get(it, ()),
            latest_version=latest.get(it),
            # A token of the organization is a member everywhere: it has all projects.
            is_member=access.user is None
            or any(team.id in mine.team_ids for team in teams.get(it, ())),
        )
        for it in ids
    }


def serialize_projects(
    connection: Connection, access: Access, found: Sequence[Project], mine: ViewerContext
) -> list[ProjectResponse]:
    """Projects as a caller sees them."""
    around = prefetch_for_projects(connection, access, found, mine)
    return [project_response(it, access, around[it.id]) for it in found]


def serialize_teams(
    connection: Connection,
    access: Access,
    found: Sequence[Team],
    mine: ViewerContext,
    *,
    owned: Mapping[int, Sequence[ProjectResponse]] | None = None,
    organization: OrganizationResponse | None = None,
) -> list[TeamDetailsResponse]:
    """Teams as a caller sees them; with the projects that they own, where those are given."""
    counts = organizations.member_counts(connection, [it.id for it in found]) if found else {}
    return [
        team_response(
            it,
            access,
            mine.address,
            is_member=it.id in mine.team_ids,
            member_count=counts.get(it.id, 0),
            organization=organization,
            projects=None if owned is None else owned.get(it.id, ()),
        )
        for it in found
    ]


def projects_by_team(
    connection: Connection, access: Access, found: Sequence[Team], mine: ViewerContext
) -> dict[int, list[ProjectResponse]]:
    """The projects that each of these teams owns, by slug, as a caller sees them."""
    owned = projects.of_teams(connection, [it.id for it in found]) if found else {}
    by_id = projects.by_ids(connection, {it for each in owned.values() for it in each})
    in_order = sorted(by_id.values(), key=lambda project: project.slug)
    shown = serialize_projects(connection, access, in_order, mine)
    return {
        team_id: [it for it in shown if int(it.id) in set(project_ids)]
        for team_id, project_ids in owned.items()
    }
