"""What the JSON of projects and teams tells of what is around them, loaded for a whole list: one query a relation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.api.organizations.responses import OrganizationJson
from shipmark.api.projects.responses import Around, ProjectJson, project_json
from shipmark.api.teams.responses import TeamDetailsJson, team_json
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Access, Team
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.releases.store import shipping_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """The teams that the caller is on, and the address at which they reach this server."""

    team_ids: frozenset[int]
    address: str

    @classmethod
    def of(cls, connection: Connection, access: Access, address: str) -> "Mine":
        """Those of a user; a token of the organization itself is on none."""
        if access.user is None:
            return cls(team_ids=frozenset(), address=address)
        found = organizations.team_ids_of(connection, access.organization.id, access.user.id)
        return cls(team_ids=frozenset(found), address=address)


def to_projects(
    connection: Connection, access: Access, found: Sequence[Project], mine: Mine
) -> dict[int, Around]:
    """What is around these projects, by their ids."""
    ids = [project.id for project in found]
    if not ids:
        return {}
    teams = projects.teams_of(connection, ids)
    platforms = projects.platforms_of(connection, ids)
    environments = projects.environment_names(connection, ids)
    latest = shipping_order.latest_versions(connection, ids)
    return {
        it: Around(
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


def shown_projects(
    connection: Connection, access: Access, found: Sequence[Project], mine: Mine
) -> list[ProjectJson]:
    """Projects as a caller sees them."""
    around = to_projects(connection, access, found, mine)
    return [project_json(it, access, around[it.id]) for it in found]


def shown_teams(
    connection: Connection,
    access: Access,
    found: Sequence[Team],
    mine: Mine,
    *,
    owned: Mapping[int, Sequence[ProjectJson]] | None = None,
    organization: OrganizationJson | None = None,
) -> list[TeamDetailsJson]:
    """Teams as a caller sees them; with the projects that they own, where those are given."""
    counts = organizations.member_counts(connection, [it.id for it in found]) if found else {}
    return [
        team_json(
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


def owned_by(
    connection: Connection, access: Access, found: Sequence[Team], mine: Mine
) -> dict[int, list[ProjectJson]]:
    """The projects that each of these teams owns, by slug, as a caller sees them."""
    owned = projects.of_teams(connection, [it.id for it in found]) if found else {}
    by_id = projects.by_ids(connection, {it for each in owned.values() for it in each})
    in_order = sorted(by_id.values(), key=lambda project: project.slug)
    shown = shown_projects(connection, access, in_order, mine)
    return {
        team_id: [it for it in shown if int(it.id) in set(project_ids)]
        for team_id, project_ids in owned.items()
    }
