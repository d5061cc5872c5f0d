"""``…/commit-fetches/``: what releases wait for from git remotes, and what came. The reference has none."""

from collections.abc import Sequence

from litestar import Response, Router, get, post
from litestar.params import FromPath
from sqlalchemy import Connection

from shipmark.api.commit_fetches.responses import CommitFetchResponse, commit_fetch_response
from shipmark.api.query_parameters import FETCH_STATE, PAGE, PROJECTS
from shipmark.api.releases.path_release import get_editable_release, get_visible_release
from shipmark.api.scopes import RELEASE_READ, RELEASE_WRITE
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import InjectedRequest
from shipmark.infrastructure.errors import BadRequest, NotFound
from shipmark.publishing import commit_fetch_requests
from shipmark.releases.model import Fetch, FetchState
from shipmark.releases.store import fetches, locks
from shipmark.releases.store import releases as release_store
from shipmark.repositories import store as repositories


@get("/", scopes=RELEASE_READ, asks=(*PROJECTS, *PAGE), sync_to_thread=True)
def list_fetches_of_release(
    context: InjectedRequest, organization: FromPath[str], version: FromPath[str]
) -> Response[list[CommitFetchResponse]]:
    """List the fetches of a release, the newest first."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        release = get_visible_release(context, connection, access, version)
        page = context.page()
        rows = fetches.page_of_release(
            connection, release.id, limit=page.limit, offset=page.skipped
        )
        found, links = paginate(rows, page)
        shown = _shown(connection, found)
    return context.listed(shown, links)


@post("/", status_code=202, scopes=RELEASE_WRITE, asks=PROJECTS, sync_to_thread=True)
def fetch_again(
    context: InjectedRequest, organization: FromPath[str], version: FromPath[str]
) -> list[CommitFetchResponse]:
    """Fetch now what failed or waits for another try; 409 where there is nothing, or it is under way."""
    with context.database.transaction() as connection:
        access = context.authorize(connection, organization)
        release = get_editable_release(context, connection, access, version)
        locked = locks.lock(connection, release.id)
        if locked is None:
            raise NotFound
        release = locked
        found = commit_fetch_requests.retry_fetches(
            connection, release, context.publish_context(access)
        )
        return _shown(connection, found)


@get("/", scopes=RELEASE_READ, asks=(FETCH_STATE, *PROJECTS, *PAGE), sync_to_thread=True)
def list_fetches(
    context: InjectedRequest, organization: FromPath[str]
) -> Response[list[CommitFetchResponse]]:
    """List the fetches of the releases that the caller sees, the newest first; ``state`` filters."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        state = _state(context.parameter("state"))
        page = context.page()
        rows = fetches.page_of_organization(
            connection,
            access.organization.id,
            [project.id for project in context.selectable_projects(connection, access)],
            state=state,
            limit=page.limit,
            offset=page.skipped,
        )
        found, links = paginate(rows, page)
        shown = _shown(connection, found)
    return context.listed(shown, links)


def _state(text: str | None) -> FetchState | None:
    if not text:
        return None
    try:
        return FetchState(text)
    except ValueError:
        raise BadRequest("invalid value for state") from None


def _shown(connection: Connection, found: Sequence[Fetch]) -> list[CommitFetchResponse]:
    releases = release_store.by_ids(connection, {it.release_id for it in found})
    named = repositories.by_ids(connection, {it.repository_id for it in found})
    return [commit_fetch_response(it, releases, named) for it in found]


router = Router(
    "/api/0/organizations/{organization:str}/releases/{version:str}/commit-fetches",
    route_handlers=[list_fetches_of_release, fetch_again],
)
organization_router = Router(
    "/api/0/organizations/{organization:str}/commit-fetches", route_handlers=[list_fetches]
)
