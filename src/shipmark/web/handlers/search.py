"""``/organizations/{organization}/search/``: the search over everything."""

from litestar import get

from shipmark.infrastructure.clock import now
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest
from shipmark.web.view_models.search import QUERY_MAX, search


@get("/organizations/{organization:str}/search/", scopes=None, sync_to_thread=True)
def show_results(web_request: InjectedWebRequest) -> Answer:
    """Show what matches, or redirect to the one thing that has exactly this name."""
    query = web_request.parameter("query")[:QUERY_MAX]
    with web_request.view() as (connection, workspace):
        hits = search(connection, workspace, query, now())
    exact = [hit for hit in hits if hit.is_exact]
    if len(exact) == 1:
        return redirect(exact[0].address)
    return page(web_request, "search.html", workspace=workspace, query=query, hits=hits)
