"""The hashes whose events belong to an issue: several after issues were merged, or of one event."""

from litestar import Response

from shipmark.api.issues.path_issue import PathIssue, issue_paths
from shipmark.api.queries import PageQuery
from shipmark.api.responses import Wire
from shipmark.http import endpoint
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ISSUE_READ
from shipmark.issues.store import hashes


class IssueHashResponse(Wire):
    """A hash of events. Which events have it is not kept."""

    id: str
    latest_event: None = None


@endpoint.get(issue_paths("hashes/"), scopes=ISSUE_READ)
def list_hashes(
    context: RequestContext, issue: PathIssue, query: PageQuery
) -> Response[list[IssueHashResponse]]:
    """List the hashes of an issue. New events with one of them belong to it."""
    page = query.page()
    with context.database.snapshot() as connection:
        found = hashes.of_issue(connection, issue.id, **page.window)
    return context.listed(*paginate([IssueHashResponse(id=each) for each in found], page))
