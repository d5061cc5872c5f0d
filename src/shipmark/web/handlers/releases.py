"""``/organizations/{organization}/releases/``: the list of releases, and one with all that belongs to it."""

from litestar import get
from litestar.params import FromPath

from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.web import urls
from shipmark.web.rendering import Answer, leading_to, page
from shipmark.web.request_context import GivenVisitor
from shipmark.web.view_models.release import COMMIT_PAGES_MAX, release_story
from shipmark.web.view_models.release_list import release_list, search_of


@get("/organizations/{organization:str}/", scopes=None, sync_to_thread=True)
def go_to_releases(visitor: GivenVisitor, organization: FromPath[str]) -> Answer:
    """Lead to the list."""
    with visitor.database.snapshot() as connection:
        place = visitor.enter(connection, organization)
    return leading_to(urls.releases(place.organization.slug))


@get("/organizations/{organization:str}/releases/", scopes=None, sync_to_thread=True)
def list_releases(visitor: GivenVisitor, organization: FromPath[str]) -> Answer:
    """Show the releases, the newest first."""
    with visitor.database.snapshot() as connection:
        place = visitor.enter(connection, organization)
        found = release_list(connection, place, search_of(visitor, place), now())
    return page("releases.html", place=place, found=found, server=visitor.settings.address)


@get("/organizations/{organization:str}/releases/{version:str}/", scopes=None, sync_to_thread=True)
def show_release(
    visitor: GivenVisitor, organization: FromPath[str], version: FromPath[str]
) -> Answer:
    """Show a release with its commits, issues and activity."""
    if "\x00" in version:
        raise NotFound
    number = visitor.page_number("commits", most=COMMIT_PAGES_MAX)
    with visitor.database.snapshot() as connection:
        place = visitor.enter(connection, organization)
        story = release_story(connection, place, version, number)
    return page("release.html", place=place, story=story)
