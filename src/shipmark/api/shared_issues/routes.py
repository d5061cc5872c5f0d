"""Issues that are public: anyone who has the address of one needs no credentials."""

import re
from typing import Annotated

from sqlalchemy import Connection

from shipmark.api.shared_issues.responses import (
    SharedIssueResponse,
    shared_event_response,
    shared_issue_response,
)
from shipmark.events import store as events
from shipmark.events.project_rules import rules_from
from shipmark.http import endpoint
from shipmark.http.endpoint import Credentials, Load
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ANY_CALLER
from shipmark.infrastructure.errors import NotFound
from shipmark.issues.model import Issue
from shipmark.issues.store import sharing
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Flag, Organization
from shipmark.projects import store as projects
from shipmark.projects.model import Project

#: PostgreSQL could not compare every text with an id.
_SHARE_ID = re.compile("[0-9a-f]{32}")
_Shared = tuple[Issue, Project, Organization]


def _find_shared(_: RequestContext, connection: Connection, share_id: str) -> _Shared:
    """Return the issue with this id. Raise `NotFound` also if its organization shares no issues any more."""
    issue = sharing.by_share_id(connection, share_id) if _SHARE_ID.fullmatch(share_id) else None
    if issue is None:
        raise NotFound
    project = projects.by_ids(connection, [issue.project_id]).get(issue.project_id)
    organization = organizations.by_id(connection, issue.organization_id)
    if project is None or organization is None or organization.has(Flag.DISABLE_SHARED_ISSUES):
        raise NotFound
    return issue, project, organization


SharedIssue = Annotated[_Shared, Load(_find_shared)]


@endpoint.get("/shared/issues/{share_id:str}/", scopes=ANY_CALLER, credentials=Credentials.NONE)
def get_shared_issue(context: RequestContext, found: SharedIssue) -> SharedIssueResponse:
    """Show a public issue with its latest event, and nothing about users."""
    issue, project, organization = found
    with context.database.snapshot() as connection:
        stored = events.newest_of(connection, issue.id)
        options = projects.options_with_organization(connection, organization.id, project.id)
    event = shared_event_response(stored, rules_from(options)) if stored else None
    return shared_issue_response(issue, project, organization, event, context.address)


router = endpoint.router("/api/0", __name__)
