"""``…/commit-fetches/``: what releases wait for from git remotes, and what came. The reference has none."""

from collections.abc import Sequence
from typing import Annotated

from litestar import Response, Router
from pydantic import AfterValidator
from sqlalchemy import Connection

from shipmark.api.commit_fetches.responses import CommitFetchResponse, commit_fetch_response
from shipmark.api.projects.path_project import VisibleProjects
from shipmark.api.queries import PageQuery, ProjectQuery, one_of
from shipmark.api.releases.path_release import EditableRelease, VisibleRelease
from shipmark.api.scopes import RELEASE_READ, RELEASE_WRITE
from shipmark.http import endpoint
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext
from shipmark.http.validation import optional, refuse
from shipmark.infrastructure.errors import NotFound
from shipmark.publishing import commit_fetch_requests
from shipmark.releases.model import Fetch, FetchState
from shipmark.releases.store import fetches, locks
from shipmark.releases.store import releases as release_store
from shipmark.repositories import store as repositories


def _check_state(state: str | None) -> str | None:
    if state and state not in set(FetchState):
        raise refuse("invalid value for state")
    return state


class ReleaseFetchListQuery(PageQuery, ProjectQuery):
    """A page of the fetches of a release."""


class FetchListQuery(ReleaseFetchListQuery):
    """A page of the fetches of an organization."""

    state: Annotated[str | None, AfterValidator(_check_state), one_of(*FetchState, "")] = optional(
        "Only fetches in this state.", example="done"
    )


@endpoint.get("/", scopes=RELEASE_READ)
def list_fetches_of_release(
    context: RequestContext, release: VisibleRelease, query: ReleaseFetchListQuery
) -> Response[list[CommitFetchResponse]]:
    """List the fetches of a release, the newest first."""
    page = query.page()
    with context.database.snapshot() as connection:
        rows = fetches.page_of_release(connection, release.release.id, **page.window)
        listed, links = paginate(rows, page)
        responses = _responses(connection, listed)
    return context.listed(responses, links)


@endpoint.post("/", status_code=202, scopes=RELEASE_WRITE)
def fetch_again(context: RequestContext, release: EditableRelease) -> list[CommitFetchResponse]:
    """Fetch now what failed or waits for another try; 409 where there is nothing, or it is under way."""
    with context.database.transaction() as connection:
        locked = locks.lock(connection, release.release.id)
        if locked is None:
            raise NotFound
        retried = commit_fetch_requests.retry_fetches(connection, locked, context.publish_context())
        return _responses(connection, retried)


@endpoint.get("/", scopes=RELEASE_READ)
def list_fetches(
    context: RequestContext, visible: VisibleProjects, query: FetchListQuery
) -> Response[list[CommitFetchResponse]]:
    """List the fetches of the releases that the caller sees, the newest first; ``state`` filters."""
    page = query.page()
    with context.database.snapshot() as connection:
        rows = fetches.page_of_organization(
            connection,
            context.organization_id,
            [project.id for project in query.select(visible)],
            state=FetchState(query.state) if query.state else None,
            **page.window,
        )
        listed, links = paginate(rows, page)
        responses = _responses(connection, listed)
    return context.listed(responses, links)


def _responses(connection: Connection, listed: Sequence[Fetch]) -> list[CommitFetchResponse]:
    releases = release_store.by_ids(connection, {fetch.release_id for fetch in listed})
    named = repositories.by_ids(connection, {fetch.repository_id for fetch in listed})
    return [commit_fetch_response(fetch, releases, named) for fetch in listed]


router = Router(
    "/api/0/organizations/{organization:str}/releases/{version:str}/commit-fetches",
    route_handlers=[list_fetches_of_release, fetch_again],
)
organization_router = Router(
    "/api/0/organizations/{organization:str}/commit-fetches", route_handlers=[list_fetches]
)
