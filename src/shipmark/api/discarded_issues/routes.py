"""``projects/{org}/{project}/tombstones/``: the issues whose later events are discarded, until an entry is deleted."""

from litestar import Response

from shipmark.api.discarded_issues.responses import (
    DiscardedIssueResponse,
    discarded_issue_response,
)
from shipmark.api.projects.path_project import PathProject
from shipmark.api.queries import PageQuery
from shipmark.api.releases import loading
from shipmark.http import endpoint
from shipmark.http.pagination.keyset import paginate_by_keyset
from shipmark.http.request_context import RequestContext, require_id
from shipmark.http.scopes import ISSUE_DELETE, ISSUE_READ
from shipmark.issues.actions import discard_issues
from shipmark.issues.store import discarded_issues


@endpoint.get("/", scopes=ISSUE_READ)
def list_discarded_issues(
    context: RequestContext, project: PathProject, query: PageQuery
) -> Response[list[DiscardedIssueResponse]]:
    """List the discarded issues of a project, the last first."""
    page = query.dated_page()
    with context.database.snapshot() as connection:
        rows = discarded_issues.page_of(connection, project.id, page.position, limit=page.limit)
        listed, links = paginate_by_keyset(rows, page)
        users = loading.prefetch_for_users(connection, [each.user_id for each in listed])
    return context.listed(
        [discarded_issue_response(each, project, users) for each in listed], links
    )


@endpoint.delete("/{tombstone:str}/", scopes=ISSUE_DELETE)
def stop_discarding(context: RequestContext, project: PathProject, tombstone: str) -> None:
    """Store events of a discarded issue's kind again. The issue and the events that it had stay deleted."""
    with context.database.transaction() as connection:
        discard_issues.stop_discarding(
            connection, context.action_context(), project, require_id(tombstone)
        )


router = endpoint.router("/api/0/projects/{organization:str}/{project:str}/tombstones", __name__)
