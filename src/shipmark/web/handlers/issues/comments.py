"""``…/issues/{issue}/comments/``: comments on an issue, which its page shows."""

from litestar import post
from litestar.params import FromPath, RawBody

from shipmark.http.scopes import ISSUE_CHANGE
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, NotFound
from shipmark.issues.actions import comments as actions
from shipmark.issues.comments import COMMENT_MAX
from shipmark.issues.store import comments
from shipmark.web.form_versions import ChangedMeanwhile, require_unchanged
from shipmark.web.forms import form_of, problems_of, row_id
from shipmark.web.handlers.issues.issue import render_issue
from shipmark.web.rendering import Answer, redirect
from shipmark.web.request_context import InjectedWebRequest, WebRequest, Workspace
from shipmark.web.view_models.issue import require_issue
from shipmark.web.view_models.issue_comments import RefusedComment
from shipmark.web.view_models.issue_view import issue_view

_COMMENTS = "/organizations/{organization:str}/issues/{issue:str}/comments/"
_SAVE, _DELETE = "save", "delete"
_GONE = "The comment was deleted meanwhile. Press Comment to keep your text as a new one."


@post(_COMMENTS, scopes=None, sync_to_thread=True)
def add_comment(web_request: InjectedWebRequest, issue: FromPath[str], body: RawBody) -> Answer:
    """Store a comment, and redirect to the activity."""
    with web_request.view(scopes=ISSUE_CHANGE) as (connection, workspace):
        stored = require_issue(connection, workspace, issue)
    text, problem = _text_of(form_of(body))
    if problem:
        refused = RefusedComment(text=text, problem=problem)
        return render_issue(web_request, issue, status=400, refused=refused)
    with web_request.database.transaction() as connection:
        actions.add_comment(connection, workspace.access, stored, text, (), now())
    return _to_activity(web_request, workspace, issue)


@post(f"{_COMMENTS}{{comment:str}}/", scopes=None, sync_to_thread=True)
def change_comment(
    web_request: InjectedWebRequest, issue: FromPath[str], comment: FromPath[str], body: RawBody
) -> Answer:
    """Change or delete a comment, and redirect to the activity."""
    with web_request.view(scopes=ISSUE_CHANGE) as (connection, workspace):
        stored = require_issue(connection, workspace, issue)
    form = form_of(body)
    action = form.get("action", "")
    if action not in {_SAVE, _DELETE}:
        raise BadRequest(f"The action must be one of {_SAVE}, {_DELETE}.")
    text, problem = _text_of(form)
    comment_id = row_id(comment)
    if action == _SAVE and problem:
        refused = RefusedComment(id=comment_id, text=text, problem=problem)
        return render_issue(web_request, issue, status=400, refused=refused)
    try:
        with web_request.database.transaction() as connection:
            current = comments.by_id(connection, stored.id, comment_id)
            if current is None:
                if action == _DELETE:
                    raise NotFound
            elif action == _DELETE:
                actions.delete_comment(connection, workspace.access, current)
            else:
                require_unchanged(form, {"text": current.text})
                actions.change_comment(connection, workspace.access, current, text)
    except ChangedMeanwhile as refusal:
        refused = RefusedComment(
            id=comment_id, text=refusal.values["text"], problem=problems_of(refusal)["text"]
        )
        return render_issue(web_request, issue, status=409, refused=refused)
    if current is None:
        refused = RefusedComment(text=text, problem=_GONE)
        return render_issue(web_request, issue, status=404, refused=refused)
    return _to_activity(web_request, workspace, issue)


def _text_of(form: dict[str, str]) -> tuple[str, str]:
    """Return the text of a comment, and the sentence for what is wrong with it, or an empty text."""
    # Forms send the ends of lines as two characters.
    text = form.get("text", "").replace("\r\n", "\n").strip()
    if not text:
        return text, "Enter a comment."
    return text, "" if len(text) <= COMMENT_MAX else f"Enter at most {COMMENT_MAX} characters."


def _to_activity(web_request: WebRequest, workspace: Workspace, issue: str) -> Answer:
    return redirect(f"{issue_view(web_request, workspace, issue).event_address('')}#activity")
