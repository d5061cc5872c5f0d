"""``/organizations/{organization}/releases/``: the list of releases, and the pages of one."""

from litestar import get
from litestar.params import FromPath

from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.web import urls
from shipmark.web.release_changes import may_delete, may_write
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest
from shipmark.web.view_models import release_search
from shipmark.web.view_models.comparison import comparison_page
from shipmark.web.view_models.release import COMMIT_PAGES_MAX, release_page
from shipmark.web.view_models.release_artifacts import PAGES_MAX, artifact_page
from shipmark.web.view_models.release_list import release_list
from shipmark.web.view_models.release_search import search_of

_RELEASE = "/organizations/{organization:str}/releases/{version:str}/"


@get("/organizations/{organization:str}/", scopes=None, sync_to_thread=True)
def go_to_releases(web_request: InjectedWebRequest, organization: FromPath[str]) -> Answer:
    """Redirect to the list."""
    with web_request.database.snapshot() as connection:
        workspace = web_request.authorize(connection, organization)
    return redirect(urls.releases(workspace.organization.slug))


@get("/organizations/{organization:str}/releases/", scopes=None, sync_to_thread=True)
def list_releases(web_request: InjectedWebRequest, organization: FromPath[str]) -> Answer:
    """Show the releases, the newest first."""
    with web_request.database.snapshot() as connection:
        workspace = web_request.authorize(connection, organization)
        search = search_of(web_request, connection, workspace)
        result = release_list(connection, workspace, search, now())
    return page(
        web_request,
        "releases.html",
        status=400 if result.problem else 200,
        section="releases",
        workspace=workspace,
        releases=result,
        choices=release_search,
        may_write=may_write(workspace.access),
        may_delete=may_delete(workspace.access),
        server=web_request.settings.address,
    )


@get(_RELEASE, scopes=None, sync_to_thread=True)
def show_release(
    web_request: InjectedWebRequest, organization: FromPath[str], version: FromPath[str]
) -> Answer:
    """Show a release with its commits, issues and activity."""
    _require_name(version)
    number = web_request.page_number("commits", most=COMMIT_PAGES_MAX)
    with web_request.database.snapshot() as connection:
        workspace = web_request.authorize(connection, organization)
        story = release_page(connection, workspace, version, number)
    return page(web_request, "release.html", section="releases", workspace=workspace, story=story)


@get(f"{_RELEASE}compare/", scopes=None, sync_to_thread=True)
def compare_releases(
    web_request: InjectedWebRequest, organization: FromPath[str], version: FromPath[str]
) -> Answer:
    """Show the changes of the release since the one named by ``base``, by default the previous one."""
    _require_name(version)
    with web_request.database.snapshot() as connection:
        workspace = web_request.authorize(connection, organization)
        story = comparison_page(connection, workspace, version, web_request.parameter("base"))
    return page(
        web_request,
        "comparison.html",
        section="releases",
        workspace=workspace,
        story=story,
        version=version,
    )


@get(f"{_RELEASE}artifacts/", scopes=None, sync_to_thread=True)
def list_artifacts(
    web_request: InjectedWebRequest, organization: FromPath[str], version: FromPath[str]
) -> Answer:
    """Show the files of a release, those of the newest bundle first."""
    _require_name(version)
    number = web_request.page_number("page", most=PAGES_MAX)
    with web_request.database.snapshot() as connection:
        workspace = web_request.authorize(connection, organization)
        artifacts = artifact_page(connection, workspace, version, number)
    return page(
        web_request, "artifacts.html", section="releases", workspace=workspace, artifacts=artifacts
    )


def _require_name(version: str) -> None:
    """Raise `NotFound` for what PostgreSQL can't store, so that no release is called so."""
    if "\x00" in version:
        raise NotFound
