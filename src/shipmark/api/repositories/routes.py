"""``organizations/{org}/repos/``, and the git remotes that commits are fetched from (releases.md 2.20)."""

from collections.abc import Sequence
from typing import Annotated

from litestar import Response
from msgspec import UNSET, UnsetType
from pydantic import Field
from sqlalchemy import Connection

from shipmark.accounts.model import User
from shipmark.api.commits.responses import CommitResponse, serialize_commits
from shipmark.api.queries import TEXTS_MAX, PageQuery, one_of, searched_text
from shipmark.api.repositories.responses import (
    RemoteResponse,
    RepositoryResponse,
    remote_response,
    repository_response,
)
from shipmark.api.responses.refusal import NotMadeResponse
from shipmark.deletion import repository_deletion
from shipmark.http import endpoint
from shipmark.http.endpoint import Load
from shipmark.http.pagination.keyset import paginate_by_keyset
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext, require_row
from shipmark.http.scopes import (
    REPOSITORY,
    REPOSITORY_CHANGE,
    REPOSITORY_COMMITS,
    REPOSITORY_DELETE,
)
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
from shipmark.http.validation.errors import REQUIRED
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.encryption import Cipher
from shipmark.infrastructure.errors import BadRequest, Forbidden, Unauthenticated
from shipmark.releases import repository_access
from shipmark.repositories import settings as repository_settings
from shipmark.repositories import store
from shipmark.repositories.git.addresses import ADDRESS_MAX, ANONYMOUS
from shipmark.repositories.git.remote_rules import parse_remote_rules
from shipmark.repositories.model import REPOSITORY_NAME_MAX, Repository, RepositoryStatus
from shipmark.repositories.settings import RemoteInput

BASE_PATH = "/api/0/organizations/{organization:str}/repos"
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

    query: list[str] = repeatable(
        f"Text in names; several, up to {TEXTS_MAX}, must all match.", most=TEXTS_MAX, example="web"
    )
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


_REPOSITORY = "/{repository:str}/"
_REMOTE = f"{_REPOSITORY}remote/"
_VALIDATE = "repository.validate"

#: The names of integrations in refusals; none is installed.
_INTEGRATIONS = {"github": "GitHub", "gitlab": "GitLab", "bitbucket": "Bitbucket"}

#: The parameter ``status`` and what it shows. Other words show nothing, ``unmigratable`` too: nothing is migrated here.
_SHOWN = {
    "": None,
    "active": {RepositoryStatus.ACTIVE},
    "deleted": set(RepositoryStatus) - {RepositoryStatus.ACTIVE},
}


def _path_repository(
    context: RequestContext, connection: Connection, repository: str
) -> Repository:
    return repository_access.require_repository(connection, context.access, repository)


#: The repository of the path, which the caller may see.
PathRepository = Annotated[Repository, Load(_path_repository)]


@endpoint.get("/", scopes=REPOSITORY)
def list_repositories(
    context: RequestContext, query: RepositoryListQuery
) -> Response[list[RepositoryResponse]]:
    """List the organization's repositories by name. Clients stop when this is not a list."""
    page = query.page()
    status = "active" if query.status is None else query.status
    # No repository is of an integration, so that filtering by one leaves none.
    if status not in _SHOWN or query.integration_id:
        return context.listed([], paginate([], page)[1])
    with context.database.autocommit_read() as connection:
        rows = store.page_of(
            connection,
            context.organization_id,
            statuses=_SHOWN[status],
            name_parts=[part for text in query.query if (part := searched_text(text))],
            visible=repository_access.condition(context.access),
            **page.window,
        )
        repositories, links = paginate(rows, page)
        remotes = _remotes(context, connection, repositories)
    has_settings = "settings" in query.expand
    responses = [
        repository_response(row, remote=remotes.get(row.id), has_settings=has_settings)
        for row in repositories
    ]
    return context.listed(responses, links)


def _remotes(
    context: RequestContext, connection: Connection, repositories: Sequence[Repository]
) -> dict[int, str]:
    """Return the address from which the commits of each repository can be fetched, where there is one."""
    own = store.remotes_of(connection, [row.id for row in repositories])
    rules = parse_remote_rules(context.settings.git_remotes)
    by_rule = {row.id: str(rule.address) for row in repositories if (rule := rules.of(row.name))}
    return by_rule | {id_: remote.url for id_, remote in own.items()}


def _require_user(context: RequestContext, connection: Connection) -> User:  # noqa: ARG001
    if context.access.user is None:
        raise Unauthenticated
    return context.access.user


@endpoint.post(
    "/",
    scopes=REPOSITORY,
    responses={201: RepositoryResponse, 400: NotMadeResponse},
    step=_VALIDATE,
)
def add_repository(
    context: RequestContext,
    user: Annotated[User, Load(_require_user)],  # noqa: ARG001  # checked before the body
    body: RepositoryRequest,
) -> Response[RepositoryResponse | NotMadeResponse]:
    """Add a repository by name and URL. There are no integrations: a provider is refused."""
    if (errors := _problems(body)) is not None:
        return Response(NotMadeResponse(error_type="validation", errors=errors), status_code=400)
    assert body.name is not None, "a missing name is refused"
    with context.database.transaction() as connection:
        if repository_access.is_hidden(connection, context.access, body.name):
            raise Forbidden
        repository = repository_settings.add(
            connection, context.action_context(), body.name, body.url or None
        )
    return Response(repository_response(repository))


@endpoint.put(
    _REPOSITORY, scopes=REPOSITORY_CHANGE, responses={200: RepositoryResponse}, step=_VALIDATE
)
def amend_repository(
    context: RequestContext, repository: PathRepository, body: RepositoryUpdateRequest
) -> Response[RepositoryResponse | bytes]:
    """Hide a repository or show it again, and rename one that is known by name only. Its commits stay, also hidden."""
    with context.database.transaction() as connection:
        current = _path_repository(context, connection, str(repository.id))
        if current.is_pending_deletion:
            return Response(b"", status_code=400)
        if body.integration_id:
            raise BadRequest("Invalid integration id")
        changes = body.changes(current)
        changed = repository_settings.update(connection, context.action_context(), current, changes)
    return Response(repository_response(changed))


@endpoint.delete(_REPOSITORY, status_code=202, scopes=REPOSITORY_DELETE)
def delete_repository(context: RequestContext, repository: PathRepository) -> RepositoryResponse:
    """Have a repository deleted, in an hour if it has commits. Its name is free at once."""
    with context.database.transaction() as connection:
        current = _path_repository(context, connection, str(repository.id))
        if not current.is_pending_deletion:
            repository_settings.record_removal(connection, context.action_context(), current)
        return repository_response(repository_deletion.request(connection, current, now()))


@endpoint.get(f"{_REPOSITORY}commits/", scopes=REPOSITORY_COMMITS)
def list_commits(
    context: RequestContext, repository: PathRepository, query: PageQuery
) -> Response[list[CommitResponse]]:
    """List a repository's commits, the newest first."""
    page = query.dated_page()
    with context.database.autocommit_read() as connection:
        rows = store.commits_of(connection, repository.id, page.position, limit=page.limit)
        commits, links = paginate_by_keyset(rows, page)
        shown = serialize_commits(connection, context.organization_id, commits)
    return context.listed(shown, links)


def _problems(body: RepositoryRequest) -> dict[str, str] | UnsetType | None:
    provider = body.provider or ""
    if provider.startswith("integrations:"):
        kind = provider.partition(":")[2]
        return {"__all__": f"{_INTEGRATIONS.get(kind, kind)} requires an integration id."}
    if provider or not body.model_fields_set:
        # As recorded, to the letter.
        return UNSET
    return None if body.name else {"name": REQUIRED}


@endpoint.get(_REMOTE, scopes=REPOSITORY)
def get_remote(context: RequestContext, repository: PathRepository) -> RemoteResponse:
    """Show where a repository's commits are fetched, and nothing that is secret."""
    with context.database.autocommit_read() as connection:
        own = store.remotes_of(connection, [repository.id]).get(repository.id)
    if own is not None:
        return remote_response(own)
    rule = require_row(parse_remote_rules(context.settings.git_remotes).of(repository.name))
    return RemoteResponse(
        url=str(rule.address),
        username=None,
        has_secret=rule.credentials != ANONYMOUS,
        source="settings",
    )


@endpoint.put(_REMOTE, scopes=REPOSITORY_CHANGE, step=_VALIDATE)
def set_remote(
    context: RequestContext, repository: PathRepository, body: RemoteRequest
) -> RemoteResponse:
    """Set where a repository's commits are fetched. It replaces what was set before, secrets included."""
    settings = context.settings
    new = repository_settings.read_remote(body.remote(), allow_files=settings.git_allow_files)
    cipher = Cipher(text=settings.secret_key, file=settings.secret_key_file)
    with context.database.transaction() as connection:
        known = _path_repository(context, connection, str(repository.id))
        remote = repository_settings.save_remote(
            connection, context.action_context(), known, new, cipher
        )
    return remote_response(remote)


@endpoint.delete(_REMOTE, status_code=204, scopes=REPOSITORY_CHANGE)
def remove_remote(context: RequestContext, repository: PathRepository) -> None:
    """Remove a repository's own remote; one of the settings stays."""
    with context.database.transaction() as connection:
        repository_settings.remove_remote(connection, context.action_context(), repository)
