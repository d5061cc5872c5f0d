"""``/organizations/{organization}/issues/{id}/``: an issue, the target of the API's permalinks."""

from collections.abc import Mapping

from litestar import get, post
from litestar.params import FromPath, RawBody

from shipmark.events import store
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, ValidationFailed
from shipmark.issues.actions.update_issue import update_issues
from shipmark.issues.model import LATEST, IssueStatus, StatusChange
from shipmark.issues.store import states
from shipmark.symbolication import event_symbolication
from shipmark.symbolication.event_symbolication import Uploads
from shipmark.web import urls
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest, form_of
from shipmark.web.view_models.issue import issue_page, require_issue

#: The changes of the page's buttons.
_CHANGES: Mapping[str, StatusChange] = {
    "resolve": StatusChange(status=IssueStatus.RESOLVED),
    "resolve-in-current": StatusChange(status=IssueStatus.RESOLVED, in_release=LATEST),
    "resolve-in-next": StatusChange(status=IssueStatus.RESOLVED, is_in_next_release=True),
    "reopen": StatusChange(status=IssueStatus.UNRESOLVED),
    "ignore": StatusChange(status=IssueStatus.IGNORED),
}
_NO_RELEASE = "The project has no release in which the issue could be resolved."


@get("/organizations/{organization:str}/issues/{issue:str}/", scopes=None, sync_to_thread=True)
def show_issue(
    web_request: InjectedWebRequest, organization: FromPath[str], issue: FromPath[str]
) -> Answer:
    """Show an issue with its newest event and its activity."""
    return _render(web_request, organization, issue)


@post("/organizations/{organization:str}/issues/{issue:str}/", scopes=None, sync_to_thread=True)
def change_issue(
    web_request: InjectedWebRequest,
    organization: FromPath[str],
    issue: FromPath[str],
    body: RawBody,
) -> Answer:
    """Resolve, reopen or ignore the issue, and redirect to it."""
    with web_request.database.snapshot() as connection:
        workspace = web_request.authorize(connection, organization)
        result = require_issue(connection, workspace, issue)
    change = _CHANGES.get(form_of(body).get("action", ""))
    if change is None:
        raise BadRequest(f"The action must be one of {', '.join(_CHANGES)}.")
    try:
        with web_request.database.transaction() as connection:
            locked = states.locked(connection, workspace.organization.id, [result.id])
            update_issues(connection, locked, change, workspace.user.id, now())
    except ValidationFailed:
        return _render(web_request, organization, issue, status=400, problem=_NO_RELEASE)
    return redirect(urls.issue(workspace.organization.slug, result.id))


def _render(
    web_request: WebRequest, organization: str, issue: str, *, status: int = 200, problem: str = ""
) -> Answer:
    with web_request.database.snapshot() as connection:
        workspace = web_request.authorize(connection, organization)
        result = require_issue(connection, workspace, issue)
        event = store.newest_of(connection, result.id)
    if event is not None:
        # Files may have been uploaded after the event; they are read while no unit of work is open.
        uploads = Uploads(
            database=web_request.database,
            blobs=web_request.blobs,
            organization_id=result.organization_id,
            project_id=result.project_id,
            at=now(),
        )
        event = event_symbolication.refresh_event(event, uploads)
    with web_request.database.snapshot() as connection:
        story = issue_page(connection, workspace, result, event, web_request.settings.address)
    return page(
        web_request,
        "issue.html",
        section="issues",
        status=status,
        workspace=workspace,
        story=story,
        problem=problem,
    )
