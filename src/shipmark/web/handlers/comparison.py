"""``/organizations/{organization}/releases/{version}/compare/``: the comparison of two releases."""

from litestar import get
from litestar.params import FromPath

from shipmark.infrastructure.errors import NotFound
from shipmark.web.rendering import Answer, page
from shipmark.web.request_context import InjectedWebRequest
from shipmark.web.view_models.comparison import comparison_page


@get(
    "/organizations/{organization:str}/releases/{version:str}/compare/",
    scopes=None,
    sync_to_thread=True,
)
def compare_releases(
    web_request: InjectedWebRequest, organization: FromPath[str], version: FromPath[str]
) -> Answer:
    """Show the changes of the release since the one named by ``base``, by default the previous one."""
    if "\x00" in version:
        raise NotFound
    with web_request.database.snapshot() as connection:
        place = web_request.authorize(connection, organization)
        story = comparison_page(connection, place, version, web_request.parameter("base"))
    return page("comparison.html", place=place, story=story, version=version)
