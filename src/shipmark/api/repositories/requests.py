"""Bodies and query parameters of repositories (releases.md 2.20)."""

from typing import Annotated

from pydantic import Field

from shipmark.api.queries import PageQuery, one_of
from shipmark.http.validation import Choice, Omittable, OptionalText, RequestModel, Text, Url
from shipmark.repositories.git.addresses import ADDRESS_MAX
from shipmark.repositories.model import REPOSITORY_NAME_MAX, Repository, RepositoryStatus

_USERNAME_MAX = 200
_PASSWORD_MAX = 2000
_KEY_MAX = 20_000

_STATUSES = {
    "visible": RepositoryStatus.ACTIVE,
    "active": RepositoryStatus.ACTIVE,
    "hidden": RepositoryStatus.DISABLED,
}
_Name = Annotated[str, Text(max_length=REPOSITORY_NAME_MAX)]
_Url = Annotated[str, Url()]


class RepositoryListQuery(PageQuery):
    """A page of the repositories of an organization."""

    query: list[str] = Field(
        [], description="Text in names; several must all match.", examples=["web"]
    )
    status: Annotated[str | None, one_of("active", "deleted", "", default="active")] = Field(
        None,
        description="Which repositories: `active`, `deleted` for all others, or empty for all.",
        examples=["deleted"],
    )
    integration_id: str | None = Field(
        None,
        alias="integration_id",
        description="Only repositories of an integration. There are none.",
        examples=["1"],
    )
    expand: list[str] = Field([], description="`settings` shows them.", examples=["settings"])


class RepositoryRequest(RequestModel):
    """A new repository."""

    name: Omittable[_Name] = Field(None, description="Name of the repository.")
    url: _Url | None = Field(None, description="Link to the repository.")
    provider: OptionalText = Field(
        None, description="Not supported: there are no integrations, so only null or blank."
    )


class RepositoryUpdateRequest(RequestModel):
    """Changes of a repository."""

    status: Omittable[
        Annotated[RepositoryStatus, Choice(_STATUSES, '"{}" is not a valid choice.')]
    ] = Field(None, description="Whether the repository is shown or hidden.")
    name: Omittable[_Name] = Field(None, description="New name.")
    url: _Url | None = Field(None, description="Link to the repository.")
    integration_id: OptionalText = Field(
        None, description="Not supported: there are no integrations, so only null or blank."
    )

    def changes(self, repository: Repository) -> dict[str, str | None]:
        """Return the changed columns. A repository that its provider names keeps name and URL."""
        changes: dict[str, str | None] = {"status": self.status.value} if self.status else {}
        if repository.is_known_by_name:
            sent = {"name": self.name or None, "url": self.url or None}
            changes |= {name: sent[name] for name in sent if name in self.model_fields_set}
        return changes


class RemoteRequest(RequestModel):
    """The git remote of a repository, with its credentials."""

    url: Annotated[str, Text(max_length=ADDRESS_MAX), Field(description="Address of the remote.")]
    username: Annotated[str, Text(max_length=_USERNAME_MAX, blank=True)] | None = Field(
        None, description="User name at the remote; it is shown."
    )
    password: Annotated[str, Text(max_length=_PASSWORD_MAX, blank=True, trim=False)] | None = Field(
        None, description="Password or token; it is never shown."
    )
    ssh_key: Annotated[str, Text(max_length=_KEY_MAX, blank=True)] | None = Field(
        None, description="Private SSH key; it is never shown."
    )
