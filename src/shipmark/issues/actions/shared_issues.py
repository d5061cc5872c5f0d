"""Issues that are public, as anyone finds them who has the id in their address."""

from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.ids import is_hex32
from shipmark.issues.model import Issue
from shipmark.issues.store import sharing
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Organization
from shipmark.projects import store as projects
from shipmark.projects.model import Project

#: PostgreSQL could not compare every text with an id.


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedIssue:
    """A public issue, with what it belongs to."""

    issue: Issue
    project: Project
    organization: Organization


def by_share_id(connection: Connection, share_id: str) -> SharedIssue:
    """Return the issue with this id. Raise `NotFound` also if its organization shares no issues any more."""
    issue = sharing.by_share_id(connection, share_id) if is_hex32(share_id) else None
    if issue is None:
        raise NotFound
    project = projects.by_ids(connection, [issue.project_id]).get(issue.project_id)
    organization = organizations.by_id(connection, issue.organization_id)
    if project is None or organization is None or not organization.shares_issues:
        raise NotFound
    return SharedIssue(issue=issue, project=project, organization=organization)
