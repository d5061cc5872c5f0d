"""``/organizations/{organization}/issues/{id}/``: an issue, where the API's permalinks lead."""

from litestar import get
from litestar.params import FromPath

from shipmark.web.given import GivenVisitor
from shipmark.web.rendering import Answer, page
from shipmark.web.views.issue import issue_story


@get("/organizations/{organization:str}/issues/{issue:str}/", scopes=None, sync_to_thread=True)
def show_issue(visitor: GivenVisitor, organization: FromPath[str], issue: FromPath[str]) -> Answer:
    """Show an issue with its newest event, and what happened to it."""
    with visitor.database.snapshot() as connection:
        place = visitor.enter(connection, organization)
        story = issue_story(connection, place, issue)
    return page("issue.html", place=place, story=story)
