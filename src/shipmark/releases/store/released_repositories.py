"""The condition that a team of a user has released from a repository."""

from sqlalchemy import ColumnElement, exists

from shipmark.organizations.store import members, team_members
from shipmark.projects.store import project_teams
from shipmark.releases.store.commits import release_heads
from shipmark.releases.store.projects import release_projects
from shipmark.repositories.store import repositories


def is_released_by_team_of(user_id: int) -> ColumnElement[bool]:
    """Return the condition on ``repositories`` that a project of a team of this user has released from it.

    A release has one head for each repository that it has commits of, so no commits are read.
    """
    return exists().where(
        release_heads.c.repository_id == repositories.c.id,
        release_projects.c.release_id == release_heads.c.release_id,
        project_teams.c.project_id == release_projects.c.project_id,
        team_members.c.team_id == project_teams.c.team_id,
        team_members.c.member_id == members.c.id,
        members.c.user_id == user_id,
    )
