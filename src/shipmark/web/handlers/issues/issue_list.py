"""``/organizations/{organization}/issues/``: the list of issues, and changes of the selected ones."""

from collections.abc import Collection

from litestar import get, post
from litestar.params import RawBody
from sqlalchemy import Connection

from shipmark.events import store as events
from shipmark.events.payload import searched_event_id
from shipmark.http.scopes import ISSUE_CHANGE, ISSUE_DELETE
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, ValidationFailed
from shipmark.issues.actions import delete_issues
from shipmark.issues.actions.update_issue import apply_change
from shipmark.issues.model import Issue, IssueChange
from shipmark.issues.store import states
from shipmark.web import urls
from shipmark.web.forms import form_of, ids_of
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest, Workspace
from shipmark.web.view_models import issue_changes
from shipmark.web.view_models.issue_changes import problem_of_change, requested_change
from shipmark.web.view_models.issue_lines import issue_lines, selected_issues
from shipmark.web.view_models.issue_list import issue_list, issue_search_of
from shipmark.web.view_models.merge_selection import merge_selection

_ISSUES = "/organizations/{organization:str}/issues/"
#: More than a page has; forms of other pages can't select more either.
_SELECTED_MAX = 100
_NONE_SELECTED = "Select at least one issue."
_SEVERAL_PROJECTS = "Issues of several projects can't be resolved in a release together. Select those of one project."
_SEVERAL_PROJECTS_TO_MERGE = (
    "Issues of several projects can't be merged. Select those of one project."
)


@get(_ISSUES, scopes=None, sync_to_thread=True)
def list_issues(web_request: InjectedWebRequest) -> Answer:
    """Show a list of issues, by default the last seen first; redirect a search for an event to it."""
    if event_id := searched_event_id(web_request.parameter("query")):
        with web_request.view() as (connection, workspace):
            issue_id = events.issue_of_event(connection, workspace.project_ids, event_id)
        if issue_id is not None:
            return redirect(urls.issue(workspace.organization.slug, issue_id, event_id))
    return _render(web_request)


@post(_ISSUES, scopes=None, sync_to_thread=True)
def change_issues(web_request: InjectedWebRequest, body: RawBody) -> Answer:
    """Resolve, reopen, archive, review, assign, merge or delete the selected issues, and redirect to the same list.

    Show what would be merged or deleted before it is confirmed.
    """
    workspace = web_request.authorized(scopes=ISSUE_CHANGE)
    ids = ids_of(body, "issue", most=_SELECTED_MAX)
    form = form_of(body)
    try:
        match form.get("action"):
            case issue_changes.MERGE:
                return _confirm_merge(web_request, workspace, ids)
            case issue_changes.DELETE:
                return _confirm_deletion(web_request, workspace, ids)
            case issue_changes.CONFIRM_DELETE:
                problem = _delete(web_request, workspace, ids)
            case _:
                problem = _change(web_request, workspace, ids, requested_change(form))
    except ValidationFailed as refusal:
        problem = problem_of_change(refusal)
    if problem:
        return _render(web_request, status=400, problem=problem, selected=ids)
    search = issue_search_of(web_request, workspace)
    return redirect(search.address(workspace.organization.slug, search.cursor))


def _change(
    web_request: WebRequest, workspace: Workspace, ids: Collection[int], change: IssueChange
) -> str:
    """Change the selected issues of the workspace's projects; return what prevents it, or an empty text.

    Raise `ValidationFailed` for an assignee who can't be one, and for a project without releases.
    """
    try:
        with web_request.database.transaction() as connection:
            visible = _locked(connection, workspace, ids)
            if not visible:
                return _NONE_SELECTED
            apply_change(connection, visible, change, workspace.user.id, now())
    except BadRequest:
        return _SEVERAL_PROJECTS_TO_MERGE if change.is_merge else _SEVERAL_PROJECTS
    return ""


def _delete(web_request: WebRequest, workspace: Workspace, ids: Collection[int]) -> str:
    """Delete the selected issues of the workspace's projects; return what prevents it, or an empty text."""
    workspace.require(ISSUE_DELETE)
    with web_request.database.transaction() as connection:
        visible = _locked(connection, workspace, ids)
        if not visible:
            return _NONE_SELECTED
        delete_issues.request(connection, visible, web_request.actor(workspace.user), now())
    return ""


def _locked(connection: Connection, workspace: Workspace, ids: Collection[int]) -> list[Issue]:
    locked = states.locked(connection, workspace.organization.id, ids)
    return [issue for issue in locked if issue.project_id in workspace.project_ids]


def _confirm_deletion(
    web_request: WebRequest, workspace: Workspace, ids: Collection[int]
) -> Answer:
    """Show which issues would be deleted."""
    workspace.require(ISSUE_DELETE)
    with web_request.database.snapshot() as connection:
        lines = issue_lines(selected_issues(connection, workspace, ids), workspace)
    if not lines:
        return _render(web_request, status=400, problem=_NONE_SELECTED)
    return _confirmation(web_request, workspace, "delete_issues.html", lines)


def _confirm_merge(web_request: WebRequest, workspace: Workspace, ids: Collection[int]) -> Answer:
    """Show which of the selected issues survives. Raise `ValidationFailed` for fewer than two."""
    try:
        with web_request.database.snapshot() as connection:
            selection = merge_selection(connection, workspace, ids)
    except BadRequest:
        problem = _SEVERAL_PROJECTS_TO_MERGE
        return _render(web_request, status=400, problem=problem, selected=ids)
    return _confirmation(web_request, workspace, "merge_issues.html", selection)


def _confirmation(
    web_request: WebRequest, workspace: Workspace, template: str, selection: object
) -> Answer:
    """Return a page that asks for confirmation; what confirms it is sent to the same list."""
    search = issue_search_of(web_request, workspace)
    return page(
        web_request,
        template,
        section="issues",
        workspace=workspace,
        address=search.address(workspace.organization.slug, search.cursor),
        selection=selection,
    )


def _render(
    web_request: WebRequest, *, status: int = 200, problem: str = "", selected: Collection[int] = ()
) -> Answer:
    with web_request.view() as (connection, workspace):
        content = issue_list(connection, workspace, issue_search_of(web_request, workspace))
    return page(
        web_request,
        "issues.html",
        section="issues",
        status=status,
        workspace=workspace,
        content=content,
        problem=problem,
        selected=selected,
        may_delete=workspace.may(ISSUE_DELETE),
    )
