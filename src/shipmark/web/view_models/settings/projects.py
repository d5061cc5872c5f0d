"""The view model of projects in the settings."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.organizations import membership
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Team
from shipmark.projects import store as projects
from shipmark.projects.model import Project, ProjectKey
from shipmark.web.request_context import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectsPage:
    """The projects with the first active key of each, and the teams that may own a new one."""

    rows: Sequence[tuple[Project, ProjectKey | None]]
    teams: Sequence[Team]


def projects_page(connection: Connection, workspace: Workspace) -> ProjectsPage:
    """Return the projects visible to the user."""
    keys = projects.first_keys(connection, workspace.project_ids)
    organization_id = workspace.organization.id
    own_ids = organizations.team_ids_of(connection, organization_id, workspace.user.id)
    return ProjectsPage(
        rows=[(project, keys.get(project.id)) for project in workspace.projects],
        teams=[
            team
            for team in organizations.teams_of(connection, organization_id)
            if membership.reaches_team(workspace.access, team, own_ids)
        ],
    )
