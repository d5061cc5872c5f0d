"""``organizations/{org}/repos/`` (releases.md 2.20)."""

from collections.abc import Sequence
from typing import Annotated

from litestar import Response
from sqlalchemy import Connection

from shipmark.accounts.model import User
from shipmark.api.commits.responses import CommitResponse, commit_response
from shipmark.api.queries import PageQuery
from shipmark.api.releases import loading
from shipmark.api.repositories.path_repository import PathRepository
from shipmark.api.repositories.requests import (
    RepositoryListQuery,
    RepositoryRequest,
    RepositoryUpdateRequest,
)
from shipmark.api.repositories.responses import RepositoryResponse, repository_response
from shipmark.api.responses.refusal import NotMadeResponse
from shipmark.api.scopes import REPOSITORY, REPOSITORY_CHANGE, REPOSITORY_COMMITS, REPOSITORY_DELETE
from shipmark.deletion import repository_deletion
from shipmark.http import endpoint
from shipmark.http.endpoint import Load
from shipmark.http.pagination.keyset import paginate_by_keyset
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext
from shipmark.http.validation.errors import REQUIRED
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, Forbidden, Unauthenticated
from shipmark.organizations import audit
from shipmark.organizations.audit import AuditEvent
from shipmark.releases import repository_access
from shipmark.repositories import actions, store
from shipmark.repositories.git.remote_rules import parse_remote_rules
from shipmark.repositories.model import Repository, RepositoryStatus

_VALIDATE = "repository.validate"

#: The names of integrations in refusals; none is installed.
_INTEGRATIONS = {"github": "GitHub", "gitlab": "GitLab", "bitbucket": "Bitbucket"}

#: The parameter ``status`` and what it shows. Other words show nothing, ``unmigratable`` too: nothing is migrated here.
_SHOWN = {
    "": None,
    "active": {RepositoryStatus.ACTIVE},
    "deleted": set(RepositoryStatus) - {RepositoryStatus.ACTIVE},
}


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
            name_parts=[part for part in query.query if part],
            visible=repository_access.condition(context.access),
            **page.window,
        )
        repositories, links = paginate(rows, page)
        remotes = _remotes(context, connection, repositories)
    has_settings = "settings" in query.expand
    responses = [
        repository_response(each, remote=remotes.get(each.id), has_settings=has_settings)
        for each in repositories
    ]
    return context.listed(responses, links)


def _remotes(
    context: RequestContext, connection: Connection, repositories: Sequence[Repository]
) -> dict[int, str]:
    """Return the address from which the commits of each repository can be fetched, where there is one."""
    own = store.remotes_of(connection, [each.id for each in repositories])
    rules = parse_remote_rules(context.settings.git_remotes)
    by_rule = {each.id: rule.address for each in repositories if (rule := rules.of(each.name))}
    return {id_: str(address) for id_, address in by_rule.items()} | {
        id_: remote.url for id_, remote in own.items()
    }


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
    access = context.access
    if refusal := _refusal(body):
        return Response(refusal, status_code=400)
    assert body.name is not None, "a missing name is refused"
    with context.database.transaction() as connection:
        if repository_access.is_hidden(connection, access, body.name):
            raise Forbidden
        before = store.named(connection, access.organization.id, body.name)
        repository = store.add_named(
            connection, access.organization.id, body.name, body.url or None, now()
        )
        if before is None:
            data = {"name": repository.name, "url": repository.url}
            event = AuditEvent.REPOSITORY_ADD
            context.log_change(connection, event, data, target_id=repository.id)
        else:
            _log_edit(context, connection, before, repository)
    return Response(repository_response(repository))


@endpoint.put(
    "/{repository:str}/",
    scopes=REPOSITORY_CHANGE,
    responses={200: RepositoryResponse},
    step=_VALIDATE,
)
def amend_repository(
    context: RequestContext, repository: PathRepository, body: RepositoryUpdateRequest
) -> Response[RepositoryResponse | bytes]:
    """Hide a repository or show it again, and rename one that is known by name only. Its commits stay, also hidden."""
    access = context.access
    with context.database.transaction() as connection:
        current = repository_access.require_repository(connection, access, str(repository.id))
        if current.is_pending_deletion:
            return Response(b"", status_code=400)
        if body.integration_id:
            raise BadRequest("Invalid integration id")
        changed = actions.update(connection, current, body.changes(current))
        _log_edit(context, connection, current, changed)
    return Response(repository_response(changed))


@endpoint.delete("/{repository:str}/", status_code=202, scopes=REPOSITORY_DELETE)
def delete_repository(context: RequestContext, repository: PathRepository) -> RepositoryResponse:
    """Have a repository deleted, in an hour if it has commits. Its name is free at once."""
    access = context.access
    with context.database.transaction() as connection:
        current = repository_access.require_repository(connection, access, str(repository.id))
        if not current.is_pending_deletion:
            data = {"name": current.name}
            event = AuditEvent.REPOSITORY_REMOVE
            context.log_change(connection, event, data, target_id=current.id)
        return repository_response(repository_deletion.request(connection, current, now()))


@endpoint.get("/{repository:str}/commits/", scopes=REPOSITORY_COMMITS)
def list_commits(
    context: RequestContext, repository: PathRepository, query: PageQuery
) -> Response[list[CommitResponse]]:
    """List a repository's commits, the newest first."""
    page = query.dated_page()
    with context.database.autocommit_read() as connection:
        rows = store.commits_of(connection, repository.id, page.place, limit=page.limit)
        commits, links = paginate_by_keyset(rows, page)
        nested = loading.prefetch_for_commits(connection, context.organization_id, commits)
    return context.listed([commit_response(commit, nested) for commit in commits], links)


def _log_edit(
    context: RequestContext, connection: Connection, before: Repository, after: Repository
) -> None:
    if changes := audit.changes_between(_audited(before), _audited(after)):
        data = {"name": after.name, "changes": changes}
        event = AuditEvent.REPOSITORY_EDIT
        context.log_change(connection, event, data, target_id=after.id)


def _audited(repository: Repository) -> dict[str, object]:
    return {"name": repository.name, "url": repository.url, "status": repository.status.value}


def _refusal(body: RepositoryRequest) -> NotMadeResponse | None:
    provider = body.provider or ""
    if provider.startswith("integrations:"):
        kind = provider.partition(":")[2]
        reason = f"{_INTEGRATIONS.get(kind, kind)} requires an integration id."
        return NotMadeResponse(error_type="validation", errors={"__all__": reason})
    if provider:
        return NotMadeResponse(
            error_type="validation", errors={"provider": "There are no integrations."}
        )
    if not body.model_fields_set:
        # As recorded, to the letter.
        return NotMadeResponse(error_type="validation")
    if not body.name:
        return NotMadeResponse(error_type="validation", errors={"name": REQUIRED})
    return None


router = endpoint.router("/api/0/organizations/{organization:str}/repos", __name__)
