"""Bodies and query parameters of repositories (releases.md 2.20)."""

from typing import Annotated

from pydantic import Field

from shipmark.api.queries import PageQuery, one_of
from shipmark.http.validation import (
    Choice,
    Omittable,
    OptionalText,
    RequestModel,
    Text,
    Url,
    optional,
    repeatable,
)
from shipmark.repositories.git.addresses import ADDRESS_MAX
from shipmark.repositories.model import REPOSITORY_NAME_MAX, Repository, RepositoryStatus
from shipmark.repositories.settings import RemoteInput

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

    query: list[str] = repeatable("Text in names; several must all match.", example="web")
    status: Annotated[str | None, one_of("active", "deleted", "", default="active")] = optional(
        "Which repositories: `active`, `deleted` for all others, or empty for all.",
        example="deleted",
    )
    integration_id: str | None = optional(
        "Only repositories of an integration. There are none.", alias="integration_id", example="1"
    )
    expand: list[str] = repeatable("`settings` shows them.", example="settings")


class RepositoryRequest(RequestModel):
    """A new repository."""

    name: Omittable[_Name] = optional("Name of the repository.")
    url: _Url | None = optional("Link to the repository.")
    provider: OptionalText = optional(
        "Not supported: there are no integrations, so only null or blank."
    )


class RepositoryUpdateRequest(RequestModel):
    """Changes of a repository."""

    status: Omittable[Annotated[RepositoryStatus, Choice(_STATUSES)]] = optional(
        "Whether the repository is shown or hidden."
    )
    name: Omittable[_Name] = optional("New name.")
    url: _Url | None = optional("Link to the repository.")
    integration_id: OptionalText = optional(
        "Not supported: there are no integrations, so only null or blank."
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

    url: Annotated[str, Text(max_length=ADDRESS_MAX)] = Field(description="Address of the remote.")
    username: Annotated[str, Text(max_length=_USERNAME_MAX, blank=True)] | None = optional(
        "User name at the remote; it is shown."
    )
    password: Annotated[str, Text(max_length=_PASSWORD_MAX, blank=True, trim=False)] | None = (
        optional("Password or token; it is never shown.")
    )
    ssh_key: Annotated[str, Text(max_length=_KEY_MAX, blank=True)] | None = optional(
        "Private SSH key; it is never shown."
    )

    def remote(self) -> RemoteInput:
        """Return the remote in the domain's words."""
        return RemoteInput(
            url=self.url,
            username=self.username,
            password=self.password,
            ssh_key=self.ssh_key,
        )
