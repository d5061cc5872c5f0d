"""``/organizations/{organization}/delivery/``: how projects deliver to an environment."""

from litestar import get

from shipmark.infrastructure.clock import now
from shipmark.web.rendering import Answer, page
from shipmark.web.request_context import InjectedWebRequest
from shipmark.web.view_models.delivery import delivery, delivery_search
from shipmark.web.view_models.delivery_periods import PERIODS


@get("/organizations/{organization:str}/delivery/", scopes=None, sync_to_thread=True)
def show_delivery(web_request: InjectedWebRequest) -> Answer:
    """Show the metrics of a period beside those of the one before, their charts, and the failed changes."""
    with web_request.view() as (connection, workspace):
        search = delivery_search(web_request, connection, workspace)
        result = delivery(connection, workspace, search, now())
    return page(
        web_request,
        "delivery.html",
        section="delivery",
        workspace=workspace,
        delivery=result,
        periods=PERIODS,
    )
