"""The repository object (releases.md 2.1)."""

from datetime import datetime

import msgspec

from shipmark.api.responses import Wire
from shipmark.repositories.model import Repository, StoredRemote

#: What a repository shows that is known by name only. Clients rely on it (clients.md 1, rule 10).
UNKNOWN = ("unknown", "Unknown Provider")

#: What it shows in lists if its commits can be fetched (clients.md 4.3).
GIT = ("git", "Git")


class ProviderResponse(Wire):
    """Who hosts a repository."""

    id: str
    name: str


class RepositoryResponse(Wire, kw_only=True):
    """Where commits come from."""

    id: str
    name: str
    url: str | None
    provider: ProviderResponse
    status: str
    date_created: datetime
    integration_id: str | None = None
    external_slug: str | None = None
    external_id: str | None
    settings: msgspec.UnsetType | None = msgspec.UNSET


class RemoteResponse(Wire):
    """Where a repository's commits are fetched. ``source`` says who chose it: "repository" or "settings"."""

    url: str
    username: str | None
    has_secret: bool
    source: str


def repository_response(
    repository: Repository, *, remote: str | None = None, has_settings: bool = False
) -> RepositoryResponse:
    """Return a repository as the API shows it; its settings, where asked for, are none: they are of reviews.

    One with a remote is of git: clients that see this, and an address that is their checkout's, send refs.
    """
    provider_id, provider_name = (
        (repository.provider, repository.provider) if repository.provider else UNKNOWN
    )
    if remote is not None and repository.provider is None:
        provider_id, provider_name = GIT
    return RepositoryResponse(
        id=str(repository.id),
        name=repository.name,
        url=repository.url or remote,
        provider=ProviderResponse(id=provider_id, name=provider_name),
        status=repository.status.value,
        date_created=repository.created_at,
        external_id=repository.external_id,
        settings=None if has_settings else msgspec.UNSET,
    )


def remote_response(remote: StoredRemote) -> RemoteResponse:
    """Return the remote that the repository has itself."""
    return RemoteResponse(
        url=remote.url,
        username=remote.username,
        has_secret=remote.secret is not None,
        source="repository",
    )
