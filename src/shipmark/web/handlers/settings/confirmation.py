"""The page that says what goes with a deletion, and asks for confirmation."""

from shipmark.web.rendering import Answer, page
from shipmark.web.request_context import WebRequest, Workspace
from shipmark.web.view_models.settings.deletion import Deletion


def confirmation_page(
    web_request: WebRequest,
    workspace: Workspace,
    deletion: Deletion,
    *,
    typed: str = "",
    problem: str = "",
) -> Answer:
    """Return the page; ``problem`` is about the confirmation that was typed."""
    return page(
        web_request,
        "settings/deletion.html",
        status=400 if problem else 200,
        workspace=workspace,
        deletion=deletion,
        typed=typed,
        problem=problem,
    )
