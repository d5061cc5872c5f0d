"""``/organizations/{organization}/verdicts/``: how the verdict on a release is decided."""

from litestar import get

from shipmark.verdicts.judgement import BAD_UNITS_MIN, BASE_UNITS_MIN
from shipmark.verdicts.model import Criteria
from shipmark.web.rendering import Answer, page
from shipmark.web.request_context import InjectedWebRequest


@get("/organizations/{organization:str}/verdicts/", scopes=None, sync_to_thread=True)
def show_verdict_rules(web_request: InjectedWebRequest) -> Answer:
    """Explain verdicts to people who release, with the limits that apply."""
    workspace = web_request.authorized()
    return page(
        web_request,
        "verdicts.html",
        section="releases",
        workspace=workspace,
        criteria=Criteria(),
        server=web_request.address,
        base_min=BASE_UNITS_MIN,
        bad_min=BAD_UNITS_MIN,
    )
