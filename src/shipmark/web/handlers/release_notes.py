"""``…/releases/{version}/notes.md``: the release notes as a Markdown file."""

from litestar import Response, get
from litestar.params import FromPath

from shipmark.web.rendering import HEADERS, Answer
from shipmark.web.request_context import InjectedWebRequest, require_storable
from shipmark.web.view_models.release_notes import load_notes


@get(
    "/organizations/{organization:str}/releases/{version:str}/notes.md",
    scopes=None,
    sync_to_thread=True,
)
def get_release_notes(web_request: InjectedWebRequest, version: FromPath[str]) -> Answer:
    """Return the notes of the release."""
    require_storable(version)
    with web_request.view() as (connection, workspace):
        notes = load_notes(connection, workspace, version)
    return Response(notes.encode(), headers=HEADERS, media_type="text/markdown")
