"""``…/commit-fetches/``: what releases wait for from git remotes, and what came. The reference has none."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from litestar import Response
from sqlalchemy import Connection

from shipmark.api.projects.path_project import VisibleProjects
from shipmark.api.queries import PageQuery, ProjectQuery, one_of
from shipmark.api.releases.path_release import EditableRelease, VisibleRelease
from shipmark.api.responses import Wire
from shipmark.http import endpoint
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext, require_row
from shipmark.http.scopes import RELEASE_READ, RELEASE_WRITE
from shipmark.http.validation import optional, require
from shipmark.publishing import commit_fetch_requests
from shipmark.releases.model import Fetch, FetchState, Release
from shipmark.releases.store import fetches, locks
from shipmark.releases.store import releases as release_store
from shipmark.repositories import store as repositories
from shipmark.repositories.model import Repository

BASE_PATH = "/api/0/organizations/{organization:str}"


class CommitFetchResponse(Wire):
    """Commits of a release that are fetched from a repository, or were."""

    id: str
    version: str
    repository: str
    commit: str
    previous_commit: str | None
    mode: str
    state: str
    attempts: int
    error: str | None
    note: str | None
    commit_count: int | None
    date_created: datetime
    date_updated: datetime
    next_attempt: datetime | None


def commit_fetch_response(
    fetch: Fetch, releases: Mapping[int, Release], repositories: Mapping[int, Repository]
) -> CommitFetchResponse:
    """Return a fetch as the API shows it."""
    return CommitFetchResponse(
        id=str(fetch.id),
        version=releases[fetch.release_id].version,
        repository=repositories[fetch.repository_id].name,
        commit=fetch.commit,
        previous_commit=fetch.previous,
        mode=fetch.mode.value,
        state=fetch.state.value,
        attempts=fetch.attempts,
        error=fetch.error,
        note=fetch.note,
        commit_count=fetch.commit_count,
        date_created=fetch.created_at,
        date_updated=fetch.updated_at,
        next_attempt=fetch.next_at,
    )


_OF_RELEASE = "/releases/{version:str}/commit-fetches/"


_IS_STATE = require(lambda state: not state or state in set(FetchState), "invalid value for state")


class ReleaseFetchListQuery(PageQuery, ProjectQuery):
    """A page of the fetches of a release."""


class FetchListQuery(ReleaseFetchListQuery):
    """A page of the fetches of an organization."""

    state: Annotated[str | None, _IS_STATE, one_of(*FetchState, "")] = optional(
        "Only fetches in this state.", example="done"
    )


@endpoint.get(_OF_RELEASE, scopes=RELEASE_READ)
def list_fetches_of_release(
    context: RequestContext, release: VisibleRelease, query: ReleaseFetchListQuery
) -> Response[list[CommitFetchResponse]]:
    """List the fetches of a release, the newest first."""
    page = query.page()
    with context.database.snapshot() as connection:
        rows = fetches.page_of_release(connection, release.release.id, **page.window)
        listed, links = paginate(rows, page)
        return context.listed(_responses(connection, listed), links)


@endpoint.post(_OF_RELEASE, status_code=202, scopes=RELEASE_WRITE)
def fetch_again(context: RequestContext, release: EditableRelease) -> list[CommitFetchResponse]:
    """Fetch now what failed or waits for another try; 409 where there is nothing, or it is under way."""
    with context.database.transaction() as connection:
        locked = require_row(locks.lock(connection, release.release.id))
        retried = commit_fetch_requests.retry_fetches(connection, locked, context.publish_context())
        return _responses(connection, retried)


@endpoint.get("/commit-fetches/", scopes=RELEASE_READ)
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
        return context.listed(_responses(connection, listed), links)


def _responses(connection: Connection, listed: Sequence[Fetch]) -> list[CommitFetchResponse]:
    releases = release_store.by_ids(connection, {fetch.release_id for fetch in listed})
    named = repositories.by_ids(connection, {fetch.repository_id for fetch in listed})
    return [commit_fetch_response(fetch, releases, named) for fetch in listed]
