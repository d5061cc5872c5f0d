"""``/organizations/{organization}/issues/{issue}/``: an issue, by its short id, or by its id as in permalinks."""

from litestar import get, post
from litestar.params import FromPath, RawBody

from shipmark.events.store import StoredEvent
from shipmark.http.scopes import ISSUE_CHANGE, ISSUE_DELETE
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.issues.comments import COMMENT_MAX
from shipmark.issues.model import Issue
from shipmark.web import after_response, urls
from shipmark.web.forms import form_of
from shipmark.web.handlers.issues.access import locked_issue
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest, Workspace
from shipmark.web.view_models.issue import event_of, is_missing, issue_page, require_issue
from shipmark.web.view_models.issue_changes import problem_of_change, requested_change
from shipmark.web.view_models.issue_chart import PERIODS, issue_chart
from shipmark.web.view_models.issue_comments import RefusedComment
from shipmark.web.view_models.issue_event import current_event
from shipmark.web.view_models.issue_markdown import issue_markdown
from shipmark.web.view_models.issue_place import issue_place
from shipmark.web.view_models.issue_view import issue_view

_ISSUE = "/organizations/{organization:str}/issues/{issue:str}/"


@get(_ISSUE, scopes=None, sync_to_thread=True)
def show_issue(web_request: InjectedWebRequest, issue: FromPath[str]) -> Answer:
    """Show an issue with its activity and the event named by ``event``, by default the latest."""
    return render_issue(web_request, issue)


@post(_ISSUE, scopes=None, sync_to_thread=True)
def change_issue(web_request: InjectedWebRequest, issue: FromPath[str], body: RawBody) -> Answer:
    """Resolve, reopen, archive, review or assign the issue, and redirect to it."""
    with web_request.view() as (connection, workspace):
        stored = require_issue(connection, workspace, issue)
    workspace.require(ISSUE_CHANGE)
    try:
        change = requested_change(form_of(body))
        with locked_issue(web_request, workspace, stored) as locked:
            locked.apply(change)
    except ValidationFailed as refusal:
        return render_issue(web_request, issue, status=400, problem=problem_of_change(refusal))
    return redirect(issue_view(web_request, workspace, issue).event_address(""))


def render_issue(
    web_request: WebRequest,
    name: str,
    *,
    status: int = 200,
    problem: str = "",
    refused: RefusedComment | None = None,
) -> Answer:
    """Return the page of an issue, with a problem, or with the text of a comment that was refused."""
    workspace, issue, event = _issue_and_event(web_request, name)
    with web_request.database.snapshot() as connection:
        content = issue_page(connection, workspace, issue, event, web_request.address)
        view = issue_view(web_request, workspace, content.short_id)
        place = view.listed and issue_place(connection, workspace, view.listed, issue)
        chart = issue_chart(connection, content, view.period, now(), web_request.zone)
    after_response.note_view(web_request.request, issue, workspace.user.id, content.people.seen_at)
    return page(
        web_request,
        "issue.html",
        section="issues",
        status=status,
        workspace=workspace,
        content=content,
        view=view,
        place=place,
        chart=chart,
        periods=PERIODS,
        problem=problem,
        refused=refused,
        comment_max=COMMENT_MAX,
        may_delete=workspace.may(ISSUE_DELETE),
        markdown=issue_markdown(content, view.link),
        share_address=_share_address(web_request.address, workspace, issue),
        is_other_event=is_missing(event, web_request.parameter("event")),
    )


def _issue_and_event(
    web_request: WebRequest, name: str
) -> tuple[Workspace, Issue, StoredEvent | None]:
    """Return the issue and the event to show, with the original stack as far as it is known by now."""
    with web_request.view() as (connection, workspace):
        issue = require_issue(connection, workspace, name)
        event = event_of(connection, issue, web_request.parameter("event"))
    if event is not None:
        event = current_event(web_request, issue, event)
    return workspace, issue, event


def _share_address(server: str, workspace: Workspace, issue: Issue) -> str:
    """Return the URL at which anyone sees the issue, or an empty text if it is not public."""
    if issue.share_id is None or not workspace.organization.shares_issues:
        return ""
    return f"{server}{urls.shared_issue(issue.share_id)}"
