"""The members and teams to whom issues of some projects can be assigned."""

from collections.abc import Collection

import sqlalchemy as sa

from shipmark.accounts.store import USER, users
from shipmark.infrastructure import database as db
from shipmark.issues.people import Assignee
from shipmark.organizations.model import Organization, Role
from shipmark.organizations.store import TEAM, members, team_members, teams
from shipmark.projects.store import project_teams

_TEAMS = (
    TEAM.select()
    .where(
        teams.c.id.in_(
            sa.select(project_teams.c.team_id).join(
                db.IDS, db.IDS.c.id == project_teams.c.project_id
            )
        )
    )
    .order_by(teams.c.id)
)
_MEMBERS = (
    USER.select()
    .join(members, members.c.user_id == users.c.id)
    .where(
        members.c.organization_id == sa.bindparam("organization_id", type_=db.Id),
        users.c.is_active,
    )
    .order_by(members.c.user_id)
)
_MEMBERS_WITH_ACCESS = _MEMBERS.where(
    sa.or_(
        members.c.role.in_([role.value for role in Role if role.is_org_wide]),
        members.c.id.in_(
            sa.select(team_members.c.member_id)
            .join(project_teams, project_teams.c.team_id == team_members.c.team_id)
            .join(db.IDS, db.IDS.c.id == project_teams.c.project_id)
        ),
    )
)


def candidates(
    connection: sa.Connection,
    organization: Organization,
    project_ids: Collection[int],
    *,
    limit: int,
) -> list[Assignee]:
    """Return members with access to one of the projects, by name, then teams that own one, by slug.

    There are at most ``limit`` of each: those who joined first.
    """
    query = _MEMBERS if organization.is_open else _MEMBERS_WITH_ACCESS
    parameters = db.ids_param(project_ids) | {"organization_id": organization.id}
    found = USER.all(connection, query.limit(limit), parameters)
    owners = TEAM.all(connection, _TEAMS.limit(limit), db.ids_param(project_ids))
    return [
        *sorted(map(Assignee.of_user, found), key=_by_name),
        *sorted(map(Assignee.of_team, owners), key=_by_name),
    ]


def _by_name(assignee: Assignee) -> tuple[str, int]:
    return assignee.name.casefold(), assignee.id
