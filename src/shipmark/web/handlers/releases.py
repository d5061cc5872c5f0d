"""``/organizations/{organization}/releases/``: the list of releases, and the pages of one."""

from litestar import get
from litestar.params import FromPath

from shipmark.http.scopes import RELEASE_DELETE, RELEASE_WRITE
from shipmark.infrastructure.clock import now
from shipmark.releases.model import VERSION_MAX
from shipmark.releases.store.lineage import LATER_MAX
from shipmark.web import urls
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest, require_storable
from shipmark.web.view_models import release_search
from shipmark.web.view_models.comparison import comparison_page
from shipmark.web.view_models.issue_tabs import selection_of
from shipmark.web.view_models.release import release_page
from shipmark.web.view_models.release_artifacts import artifact_page
from shipmark.web.view_models.release_facts import upload_command
from shipmark.web.view_models.release_list import release_list
from shipmark.web.view_models.release_search import search_of

_RELEASE = "/organizations/{organization:str}/releases/{version:str}/"


@get("/organizations/{organization:str}/", scopes=None, sync_to_thread=True)
def go_to_releases(web_request: InjectedWebRequest) -> Answer:
    """Redirect to the list."""
    workspace = web_request.authorized()
    return redirect(urls.releases(workspace.organization.slug))


@get("/organizations/{organization:str}/releases/", scopes=None, sync_to_thread=True)
def list_releases(web_request: InjectedWebRequest) -> Answer:
    """Show the releases, the newest first."""
    with web_request.view() as (connection, workspace):
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
        later_max=LATER_MAX,
        may_write=workspace.may(RELEASE_WRITE),
        may_delete=workspace.may(RELEASE_DELETE),
        server=web_request.address,
    )


@get(_RELEASE, scopes=None, sync_to_thread=True)
def show_release(web_request: InjectedWebRequest, version: FromPath[str]) -> Answer:
    """Show a release with its commits, issues and activity."""
    require_storable(version)
    with web_request.view() as (connection, workspace):
        shown = release_page(web_request, connection, workspace, version)
    return page(
        web_request,
        "release.html",
        section="releases",
        workspace=workspace,
        release_page=shown,
        may_write=shown.is_editable and workspace.may(RELEASE_WRITE),
        may_delete=shown.is_editable and workspace.may(RELEASE_DELETE),
    )


@get(f"{_RELEASE}compare/", scopes=None, sync_to_thread=True)
def compare_releases(web_request: InjectedWebRequest, version: FromPath[str]) -> Answer:
    """Show the changes of the release since the one named by ``base``, by default the previous one.

    Another release named by ``head`` has its own page, to which the browser is redirected.
    """
    require_storable(version)
    texts = (
        web_request.parameter("base")[:VERSION_MAX],
        web_request.parameter("head")[:VERSION_MAX],
    )
    with web_request.view() as (connection, workspace):
        selection = selection_of(web_request.parameter("issues"))
        shown = comparison_page(connection, workspace, version, texts, selection, now())
    head = shown.head.release
    if head is not None and head.id != shown.path_release.id:
        return redirect(urls.comparison(workspace.organization.slug, head.version, shown.base.text))
    return page(
        web_request,
        "comparison.html",
        status=404 if shown.is_unknown else 200,
        section="releases",
        workspace=workspace,
        comparison_page=shown,
    )


@get(f"{_RELEASE}artifacts/", scopes=None, sync_to_thread=True)
def list_artifacts(web_request: InjectedWebRequest, version: FromPath[str]) -> Answer:
    """Show the files of a release, those of the newest bundle first."""
    require_storable(version)
    number = web_request.page_number()
    with web_request.view() as (connection, workspace):
        artifacts = artifact_page(connection, workspace, version, number)
    scope = (workspace.organization.slug, artifacts.project.slug)
    return page(
        web_request,
        "artifacts.html",
        section="releases",
        workspace=workspace,
        artifacts=artifacts,
        upload_command=upload_command(web_request.address, scope, version),
    )
