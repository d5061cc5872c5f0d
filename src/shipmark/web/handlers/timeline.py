"""``/organizations/{organization}/timeline/``: which release was live when."""

from litestar import get

from shipmark.infrastructure.clock import now
from shipmark.web.rendering import Answer, page
from shipmark.web.request_context import InjectedWebRequest
from shipmark.web.view_models.timeline import RANGES, timeline, timeline_search
from shipmark.web.view_models.timeline_chart import NOW_PERCENT


@get("/organizations/{organization:str}/timeline/", scopes=None, sync_to_thread=True)
def show_timeline(web_request: InjectedWebRequest) -> Answer:
    """Show a lane for each project and environment, and the deploys of the range."""
    with web_request.view() as (connection, workspace):
        search = timeline_search(web_request, connection, workspace)
        result = timeline(connection, workspace, search, now())
    return page(
        web_request,
        "timeline.html",
        section="timeline",
        workspace=workspace,
        timeline=result,
        ranges=RANGES,
        now_percent=NOW_PERCENT,
    )
