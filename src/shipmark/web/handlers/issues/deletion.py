"""Delete an issue, or discard it, after a page that says what goes.

``/organizations/{organization}/issues/{issue}/delete/`` and ``…/discard/``.
"""

from litestar import get, post
from litestar.params import FromPath

from shipmark.http.scopes import ISSUE_DELETE
from shipmark.infrastructure.clock import now
from shipmark.issues.actions import delete_issues, discard_issues
from shipmark.web.handlers.issues.access import locked_issue
from shipmark.web.handlers.issues.subpages import issue_subpage
from shipmark.web.rendering import Answer, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest
from shipmark.web.view_models.issue import require_issue
from shipmark.web.view_models.issue_view import issue_view

_DELETE = "/organizations/{organization:str}/issues/{issue:str}/delete/"
_DISCARD = "/organizations/{organization:str}/issues/{issue:str}/discard/"


@get(_DELETE, scopes=None, sync_to_thread=True)
def confirm_issue_deletion(web_request: InjectedWebRequest, issue: FromPath[str]) -> Answer:
    """Say what the deletion of the issue removes, and ask for confirmation."""
    return _confirm(web_request, issue, "issue_deletion.html")


@post(_DELETE, scopes=None, sync_to_thread=True)
def delete_issue(web_request: InjectedWebRequest, issue: FromPath[str]) -> Answer:
    """Delete the issue, and redirect to the list that it was opened from."""
    return _delete(web_request, issue, is_discard=False)


@get(_DISCARD, scopes=None, sync_to_thread=True)
def confirm_issue_discard(web_request: InjectedWebRequest, issue: FromPath[str]) -> Answer:
    """Say what becomes of the issue and of later events of its kind, and ask for confirmation."""
    return _confirm(web_request, issue, "issue_discard.html")


@post(_DISCARD, scopes=None, sync_to_thread=True)
def discard_issue(web_request: InjectedWebRequest, issue: FromPath[str]) -> Answer:
    """Delete the issue, have later events of its kind discarded, and redirect to the list that it was opened from."""
    return _delete(web_request, issue, is_discard=True)


def _confirm(web_request: WebRequest, name: str, template: str) -> Answer:
    with web_request.view(scopes=ISSUE_DELETE) as (connection, workspace):
        issue = require_issue(connection, workspace, name)
    return issue_subpage(web_request, workspace, template, issue)


def _delete(web_request: WebRequest, name: str, *, is_discard: bool) -> Answer:
    delete = discard_issues.discard if is_discard else delete_issues.request
    with web_request.view(scopes=ISSUE_DELETE) as (connection, workspace):
        issue = require_issue(connection, workspace, name)
    with locked_issue(web_request, workspace, issue) as locked:
        delete(locked.connection, locked.rows, web_request.actor(workspace.user), now())
    return redirect(issue_view(web_request, workspace, name).list_address)
