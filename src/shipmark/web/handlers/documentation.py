"""``/api/docs/``: the documentation of the API."""

from functools import lru_cache

from litestar import Request, get
from litestar.datastructures import State

from shipmark.web.rendering import Answer, page
from shipmark.web.view_models.documentation import DescribedRow, Documentation, documentation


@get("/api/docs/", scopes=None, sync_to_thread=True)
def show_documentation(request: Request[object, object, State]) -> Answer:
    """Show the documentation. It is public, as it contains no data of this server."""
    return page("documentation.html", story=_page(request.app.state.document))


@lru_cache(maxsize=1)
def _page(document: DescribedRow) -> Documentation:
    """Return the page of the document, which does not change while a server runs."""
    return documentation(document.described)
