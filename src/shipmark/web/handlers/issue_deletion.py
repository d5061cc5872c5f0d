"""``/organizations/{organization}/issues/{issue}/delete/``: delete an issue, after a page that says what goes."""

from litestar import get, post
from litestar.params import FromPath

from shipmark.http.scopes import ISSUE_DELETE
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.issues.actions import delete_issues
from shipmark.issues.short_ids import format_short_id
from shipmark.issues.store import states
from shipmark.web import urls
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest
from shipmark.web.view_models.issue import require_issue

_DELETE = "/organizations/{organization:str}/issues/{issue:str}/delete/"


@get(_DELETE, scopes=None, sync_to_thread=True)
def confirm_issue_deletion(web_request: InjectedWebRequest, issue: FromPath[str]) -> Answer:
    """Say what the deletion of the issue removes, and ask for confirmation."""
    with web_request.view(scopes=ISSUE_DELETE) as (connection, workspace):
        shown = require_issue(connection, workspace, issue)
    project = workspace.projects_by_id[shown.project_id]
    return page(
        web_request,
        "issue_deletion.html",
        section="issues",
        workspace=workspace,
        issue=shown,
        short_id=format_short_id(project.slug, shown.number),
    )


@post(_DELETE, scopes=None, sync_to_thread=True)
def delete_issue(web_request: InjectedWebRequest, issue: FromPath[str]) -> Answer:
    """Delete the issue, and redirect to the list."""
    with web_request.change(scopes=ISSUE_DELETE) as (connection, workspace):
        shown = require_issue(connection, workspace, issue)
        locked = states.locked(connection, workspace.organization.id, [shown.id])
        if not locked:
            raise NotFound
        delete_issues.request(connection, locked, web_request.actor(workspace.user), now())
    return redirect(urls.issues(workspace.organization.slug))
