"""``/api/docs/``: the documentation of the API."""

from functools import lru_cache

from litestar import get

from shipmark.web.rendering import Answer, page
from shipmark.web.request_context import InjectedWebRequest
from shipmark.web.view_models.documentation import DescribedRow, Documentation, documentation


@get("/api/docs/", scopes=None, sync_to_thread=True)
def show_documentation(web_request: InjectedWebRequest) -> Answer:
    """Show the documentation. It is public, as it contains no data of this server."""
    with web_request.database.snapshot() as connection:
        workspace = web_request.workspace_if_any(connection)
    shown = _page(web_request.request.app.state.document)
    return page(
        web_request, "documentation.html", section="documentation", workspace=workspace, shown=shown
    )


@lru_cache(maxsize=1)
def _page(document: DescribedRow) -> Documentation:
    """Return the page of the document, which does not change while a server runs."""
    return documentation(document.described)
