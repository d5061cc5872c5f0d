"""``…/issues/{issue}/resolve/``: the page that resolves an issue in a release or a commit that the user names."""

from litestar import get, post
from litestar.params import FromPath, RawBody

from shipmark.http.scopes import ISSUE_CHANGE
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.issues.model import IssueChange
from shipmark.web.forms import UNSENT, FormState, form_of, refused
from shipmark.web.handlers.issues.access import locked_issue
from shipmark.web.handlers.issues.subpages import issue_subpage
from shipmark.web.rendering import Answer, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest
from shipmark.web.view_models.issue import require_issue
from shipmark.web.view_models.issue_resolution import (
    in_words,
    requested_resolution,
    resolution_page,
)
from shipmark.web.view_models.issue_view import issue_view

_RESOLVE = "/organizations/{organization:str}/issues/{issue:str}/resolve/"


@get(_RESOLVE, scopes=None, sync_to_thread=True)
def show_resolution(web_request: InjectedWebRequest, issue: FromPath[str]) -> Answer:
    """Ask for the release or the commit."""
    return _answer(web_request, issue)


@post(_RESOLVE, scopes=None, sync_to_thread=True)
def resolve_issue(web_request: InjectedWebRequest, issue: FromPath[str], body: RawBody) -> Answer:
    """Resolve the issue, and redirect to it; or show the form again with what is wrong."""
    sent = form_of(body)
    with web_request.view(scopes=ISSUE_CHANGE) as (connection, workspace):
        stored = require_issue(connection, workspace, issue)
    try:
        with locked_issue(web_request, workspace, stored) as locked:
            change = requested_resolution(locked.connection, workspace, sent)
            locked.apply(IssueChange(status=change))
    except ValidationFailed as refusal:
        return _answer(web_request, issue, refused(sent, in_words(refusal)))
    return redirect(issue_view(web_request, workspace, issue).address)


def _answer(web_request: WebRequest, name: str, state: FormState = UNSENT) -> Answer:
    with web_request.view(scopes=ISSUE_CHANGE) as (connection, workspace):
        issue = require_issue(connection, workspace, name)
        shown = resolution_page(connection, workspace, issue)
    return issue_subpage(
        web_request,
        workspace,
        "issue_resolution.html",
        issue,
        form_state=state,
        sent=state.over({"version": "", "repository": "", "commit": ""}),
        shown=shown,
    )
