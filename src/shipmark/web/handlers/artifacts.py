"""``/organizations/{organization}/releases/{version}/artifacts/``: the uploaded files of a release."""

from litestar import get
from litestar.params import FromPath

from shipmark.infrastructure.errors import NotFound
from shipmark.web.rendering import Answer, page
from shipmark.web.request_context import InjectedWebRequest
from shipmark.web.view_models.release_artifacts import PAGES_MAX, artifact_page


@get(
    "/organizations/{organization:str}/releases/{version:str}/artifacts/",
    scopes=None,
    sync_to_thread=True,
)
def list_artifacts(
    web_request: InjectedWebRequest, organization: FromPath[str], version: FromPath[str]
) -> Answer:
    """Show the files of a release, those of the newest bundle first."""
    if "\x00" in version:
        raise NotFound
    number = web_request.page_number("page", most=PAGES_MAX)
    with web_request.database.snapshot() as connection:
        place = web_request.authorize(connection, organization)
        artifacts = artifact_page(connection, place, version, number)
    return page("artifacts.html", place=place, artifacts=artifacts)
