"""The team that a path names."""

from typing import Annotated

from sqlalchemy import Connection

from shipmark.http.endpoint import Load
from shipmark.http.request_context import RequestContext, require_row
from shipmark.organizations import store
from shipmark.organizations.model import Team


def find_team(context: RequestContext, connection: Connection, team: str) -> Team:
    """Return the organization's team with this slug or id. Raise `NotFound`."""
    return require_row(store.team_by_slug_or_id(connection, context.organization_id, team))


def reload_team(context: RequestContext, connection: Connection, team: Team) -> Team:
    """Return the team as the transaction sees it. Raise `NotFound` if it was deleted meanwhile."""
    return find_team(context, connection, str(team.id))


#: The team of the path.
PathTeam = Annotated[Team, Load(find_team)]
