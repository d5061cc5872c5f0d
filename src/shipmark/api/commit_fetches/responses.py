"""The object of a fetch of commits; the reference shows none."""

from collections.abc import Mapping
from datetime import datetime

from shipmark.api.responses import Wire
from shipmark.releases.model import Fetch, Release
from shipmark.repositories.model import Repository


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
    """A fetch as the API shows it."""
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
