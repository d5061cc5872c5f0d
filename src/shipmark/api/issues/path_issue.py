"""The issue that a path names, in the organization of the path or by its id alone (groups-api.md 2)."""

from typing import Annotated

from sqlalchemy import Connection

from shipmark.http.endpoint import Load
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure.errors import Forbidden, NotFound, Unauthenticated
from shipmark.infrastructure.ids import id_of
from shipmark.issues import short_ids
from shipmark.issues.model import Issue
from shipmark.issues.store import issues, named_issues
from shipmark.projects import store as projects


def issue_paths(child: str = "") -> list[str]:
    """Return the paths of something below an issue: of its organization, and by its id alone."""
    of_organization = "/organizations/{organization:str}"
    return [f"{prefix}/issues/{{issue:str}}/{child}" for prefix in (of_organization, "")]


def find_issue(
    context: RequestContext, connection: Connection, organization: str | None, issue: str
) -> Issue:
    """Return the issue with this id, or with this short id if the path names an organization.

    Raise `NotFound` unless the caller can see its project.
    """
    if organization is None:
        _authorize_by_issue(context, connection, issue)
    row = _in_organization(connection, context.organization_id, issue)
    visible = projects.accessible(connection, context.access)
    if row is None or row.project_id not in {project.id for project in visible}:
        raise NotFound
    return row


def _in_organization(connection: Connection, organization_id: int, name: str) -> Issue | None:
    issue_id = id_of(name)
    if issue_id is None and (short_id := short_ids.parse(name)):
        known = named_issues.ids_of_short_ids(connection, organization_id, [short_id])
        issue_id = known.get(short_id)
    return issues.by_id(connection, organization_id, issue_id) if issue_id else None


def _authorize_by_issue(context: RequestContext, connection: Connection, name: str) -> None:
    """Authorize in the organization of the issue with this id; a stranger does not learn that the issue exists."""
    issue_id = id_of(name)
    issue = None if issue_id is None else issues.by_id(connection, None, issue_id)
    if issue is None:
        raise NotFound
    try:
        context.access = context.authorize(connection, str(issue.organization_id))
    except (Forbidden, Unauthenticated):
        raise NotFound from None
    if context.access.user is None:
        # A token of an organization reaches issues by the paths of its organization only.
        raise NotFound


def _by_short_id(context: RequestContext, connection: Connection, short_id: str) -> Issue:
    return find_issue(context, connection, str(context.organization_id), short_id)


#: The issue of the path, by id or short id. A path without an organization authorizes in the issue's.
PathIssue = Annotated[Issue, Load(find_issue)]
#: The issue whose short id is in the path.
ShortIdIssue = Annotated[Issue, Load(_by_short_id)]
