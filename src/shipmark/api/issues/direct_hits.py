"""Issues that a list's parameters name, in place of a search (groups-api.md 2.1)."""

from collections.abc import Sequence

from sqlalchemy import Connection

from shipmark.api.issues.path_issue import find_issue
from shipmark.api.issues.queries import ProjectIssueListQuery
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure.errors import NotFound
from shipmark.issues import short_ids
from shipmark.issues.model import Issue
from shipmark.issues.store import issue_lists
from shipmark.projects.model import Project


def issue_of_short_id(
    context: RequestContext, connection: Connection, query: ProjectIssueListQuery
) -> Issue | None:
    """Return the issue whose short id is the query, None if it is not to be looked up, or not there.

    It may be in any project that the caller can see.
    """
    text = (query.query or "").strip()
    if not query.is_short_id_lookup or short_ids.parse(text) is None:
        return None
    try:
        return find_issue(context, connection, str(context.organization_id), text)
    except NotFound:
        return None


def issues_of_group(
    connection: Connection, projects: Sequence[Project], query: ProjectIssueListQuery
) -> list[Issue]:
    """Return the issues of these projects that ``group`` names, the last seen first."""
    project_ids = {project.id for project in projects}
    named = issue_lists.by_ids(connection, query.group_ids())
    return sorted(
        (issue for issue in named if issue.project_id in project_ids),
        key=lambda issue: (issue.last_seen_at, issue.id),
        reverse=True,
    )
