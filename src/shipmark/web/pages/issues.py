"""``/organizations/{organization}/issues/{id}/``: an issue, where the API's permalinks lead."""

from litestar import get
from litestar.params import FromPath

from shipmark.ground.clock import now
from shipmark.issues import original_stacks
from shipmark.issues.model import Issue
from shipmark.issues.original_stacks import Uploads
from shipmark.issues.store import events
from shipmark.web.given import GivenVisitor, Visitor
from shipmark.web.rendering import Answer, page
from shipmark.web.views.issue import found_issue, issue_story


@get("/organizations/{organization:str}/issues/{issue:str}/", scopes=None, sync_to_thread=True)
def show_issue(visitor: GivenVisitor, organization: FromPath[str], issue: FromPath[str]) -> Answer:
    """Show an issue with its newest event, and what happened to it."""
    with visitor.database.snapshot() as connection:
        place = visitor.enter(connection, organization)
        found = found_issue(connection, place, issue)
        event = events.newest_of(connection, found.id)
    if event is not None:
        # Files may have been uploaded since it came; they are read while no unit of work is open.
        event = original_stacks.refreshed(event, _uploads(visitor, found))
    with visitor.database.snapshot() as connection:
        story = issue_story(connection, place, found, event, visitor.settings.address)
    return page("issue.html", place=place, story=story)


def _uploads(visitor: Visitor, issue: Issue) -> Uploads:
    return Uploads(
        database=visitor.database,
        blobs=visitor.blobs,
        organization_id=issue.organization_id,
        project_id=issue.project_id,
        at=now(),
    )
