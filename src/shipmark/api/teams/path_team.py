"""The team that a path names."""

from typing import Annotated

from sqlalchemy import Connection

from shipmark.http.endpoint import Load
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure.errors import NotFound
from shipmark.organizations import store
from shipmark.organizations.model import Team


def find_team(context: RequestContext, connection: Connection, team: str) -> Team:
    """Return the organization's team with this slug or id. Raise `NotFound`."""
    row = store.team_by_slug_or_id(connection, context.organization_id, team)
    if row is None:
        raise NotFound
    return row


def reload_team(context: RequestContext, connection: Connection, team: Team) -> Team:
    """Return the team as the transaction sees it. Raise `NotFound` if it was deleted meanwhile."""
    return find_team(context, connection, str(team.id))


#: The team of the path.
PathTeam = Annotated[Team, Load(find_team)]
