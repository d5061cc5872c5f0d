"""Pages below that of an issue: its events, and what is asked before it is resolved or deleted."""

from shipmark.issues.model import Issue
from shipmark.issues.short_ids import format_short_id
from shipmark.web.forms import UNSENT, FormState
from shipmark.web.rendering import Answer, page
from shipmark.web.request_context import WebRequest, Workspace
from shipmark.web.view_models.issue_view import issue_view


def issue_subpage(
    web_request: WebRequest,
    workspace: Workspace,
    template: str,
    issue: Issue,
    *,
    shown: object = None,
    form_state: FormState = UNSENT,
    sent: object = None,
) -> Answer:
    """Return a page with the issue, its project and short id, and the view that leads back to its page.

    ``shown`` is the page's own view model, and ``sent`` the values of its form, if it has these.
    """
    project = workspace.projects_by_id[issue.project_id]
    short_id = format_short_id(project.slug, issue.number)
    return page(
        web_request,
        template,
        section="issues",
        form_state=form_state,
        workspace=workspace,
        issue=issue,
        project=project,
        short_id=short_id,
        shown=shown,
        sent=sent,
        view=issue_view(web_request, workspace, short_id),
    )
