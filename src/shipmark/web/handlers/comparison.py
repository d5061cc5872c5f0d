"""``/organizations/{organization}/releases/{version}/compare/``: a release beside another one."""

from litestar import get
from litestar.params import FromPath

from shipmark.infrastructure.errors import NotFound
from shipmark.web.rendering import Answer, page
from shipmark.web.request_context import GivenVisitor
from shipmark.web.view_models.comparison import comparison_story


@get(
    "/organizations/{organization:str}/releases/{version:str}/compare/",
    scopes=None,
    sync_to_thread=True,
)
def compare_releases(
    visitor: GivenVisitor, organization: FromPath[str], version: FromPath[str]
) -> Answer:
    """Show what the release has that the one named by ``base`` has not; without it, the one before."""
    if "\x00" in version:
        raise NotFound
    with visitor.database.snapshot() as connection:
        place = visitor.enter(connection, organization)
        story = comparison_story(connection, place, version, visitor.parameter("base"))
    return page("comparison.html", place=place, story=story, version=version)
