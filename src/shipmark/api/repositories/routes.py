"""``organizations/{org}/repos/`` (releases.md 2.20)."""

from collections.abc import Sequence

from litestar import Response, Router, delete, get, post, put
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.api.commits.responses import CommitResponse, commit_response
from shipmark.api.query_parameters import (
    EXPAND,
    INTEGRATION_ID,
    NAME_QUERY,
    PAGE,
    REPOSITORY_STATUS,
)
from shipmark.api.releases import loading
from shipmark.api.repositories.responses import RepositoryResponse, repository_response
from shipmark.api.responses.refusal import NotMadeResponse
from shipmark.api.scopes import (
    REPOSITORY,
    REPOSITORY_CHANGE,
    REPOSITORY_COMMITS,
    REPOSITORY_DELETE,
)
from shipmark.deletion import repository_deletion
from shipmark.http.fields import REQUIRED, Choice, Field, Fields, Object, Text, Url
from shipmark.http.pagination.keyset import paginate_by_keyset
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, Forbidden, Unauthenticated
from shipmark.organizations import audit
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Access
from shipmark.releases import repository_access
from shipmark.repositories import actions, store
from shipmark.repositories.git.remote_rules import parse_remote_rules
from shipmark.repositories.model import REPOSITORY_NAME_MAX, Repository, RepositoryStatus

_NEW = Object(
    {
        "name": Field(Text(max=REPOSITORY_NAME_MAX)),
        "url": Field(Url()),
        "provider": Field(Text(is_null_ok=True, is_blank_ok=True)),
    }
)

_STATUSES = {
    "visible": RepositoryStatus.ACTIVE,
    "active": RepositoryStatus.ACTIVE,
    "hidden": RepositoryStatus.DISABLED,
}
_CHANGED = Object(
    {
        "status": Field(Choice(_STATUSES, '"{}" is not a valid choice.')),
        "name": Field(Text(max=REPOSITORY_NAME_MAX)),
        "url": Field(Url()),
        "integrationId": Field(Text(is_null_ok=True, is_blank_ok=True)),
    }
)

#: What the reference calls the integrations that are asked for but not installed.
_INTEGRATIONS = {"github": "GitHub", "gitlab": "GitLab", "bitbucket": "Bitbucket"}

#: The parameter ``status`` and what it shows. Other words show nothing, ``unmigratable`` too: nothing is migrated here.
_SHOWN = {
    "": None,
    "active": {RepositoryStatus.ACTIVE},
    "deleted": set(RepositoryStatus) - {RepositoryStatus.ACTIVE},
}


@get(
    "/",
    scopes=REPOSITORY,
    asks=(NAME_QUERY, REPOSITORY_STATUS, INTEGRATION_ID, EXPAND, *PAGE),
    sync_to_thread=True,
)
def list_repositories(
    context: InjectedRequest, organization: FromPath[str]
) -> Response[list[RepositoryResponse]]:
    """List the organization's repositories by name. Clients stop when this is not a list."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        page = context.page()
        status = context.parameter("status")
        status = "active" if status is None else status
        # No repository is of an integration, so that filtering by one leaves none.
        if status not in _SHOWN or context.parameter("integration_id"):
            return context.listed([], paginate([], page)[1])
        rows = store.page_of(
            connection,
            access.organization.id,
            statuses=_SHOWN[status],
            name_parts=[part for part in context.parameters("query") if part],
            visible=repository_access.condition(access),
            limit=page.limit,
            offset=page.skipped,
        )
        found, links = paginate(rows, page)
        remotes = _remotes(context, connection, found)
    has_settings = "settings" in context.parameters("expand")
    shown = [
        repository_response(it, remote=remotes.get(it.id), has_settings=has_settings)
        for it in found
    ]
    return context.listed(shown, links)


def _remotes(
    context: RequestContext, connection: Connection, found: Sequence[Repository]
) -> dict[int, str]:
    """Where the commits of each repository can be fetched, if anywhere."""
    own = store.remotes_of(connection, [it.id for it in found])
    of_settings = parse_remote_rules(context.settings.git_remotes)
    addresses = {it.id: remote.address for it in found if (remote := of_settings.of(it.name))}
    return {it: str(address) for it, address in addresses.items()} | {
        it: remote.url for it, remote in own.items()
    }


@post(
    "/",
    scopes=REPOSITORY,
    takes=_NEW,
    answers={201: RepositoryResponse, 400: NotMadeResponse},
    sync_to_thread=True,
)
def add_repository(
    context: InjectedRequest, organization: FromPath[str], body: RawBody
) -> Response[RepositoryResponse | NotMadeResponse]:
    """Add a repository by name and, where it is told, address. There are no integrations: a provider is refused."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
    if access.user is None:
        raise Unauthenticated
    fields = context.body(body, _NEW, step="repository.validate")
    if refusal := _refused(fields):
        return Response(refusal, status_code=400)
    with context.database.transaction() as connection:
        if repository_access.is_hidden(connection, access, fields["name"]):
            raise Forbidden
        before = store.named(connection, access.organization.id, fields["name"])
        repository = store.add_named(
            connection, access.organization.id, fields["name"], fields.get("url") or None, now()
        )
        if before is None:
            data = {"name": repository.name, "url": repository.url}
            event = AuditEvent.REPOSITORY_ADD
            context.log_change(connection, access, event, data, target_id=repository.id)
        else:
            _log_edit(context, connection, access, before, repository)
    return Response(repository_response(repository))


@put(
    "/{repository:str}/",
    scopes=REPOSITORY_CHANGE,
    takes=_CHANGED,
    answers={200: RepositoryResponse},
    sync_to_thread=True,
)
def amend_repository(
    context: InjectedRequest, organization: FromPath[str], repository: FromPath[str], body: RawBody
) -> Response[RepositoryResponse | bytes]:
    """Hide a repository or show it again, and rename one that is known by name only. Its commits stay, also hidden."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        repository_access.require_repository(connection, access, repository)
    fields = context.body(body, _CHANGED, step="repository.validate")
    with context.database.transaction() as connection:
        known = repository_access.require_repository(connection, access, repository)
        if known.is_pending_deletion:
            return Response(b"", status_code=400)
        if fields.get("integrationId"):
            raise BadRequest("Invalid integration id")
        changed = actions.update(connection, known, _changes(known, fields))
        _log_edit(context, connection, access, known, changed)
    return Response(repository_response(changed))


@delete("/{repository:str}/", status_code=202, scopes=REPOSITORY_DELETE, sync_to_thread=True)
def delete_repository(
    context: InjectedRequest, organization: FromPath[str], repository: FromPath[str]
) -> RepositoryResponse:
    """Have a repository deleted, in an hour if it has commits. Its name is free at once."""
    with context.database.transaction() as connection:
        access = context.authorize(connection, organization)
        known = repository_access.require_repository(connection, access, repository)
        if not known.is_pending_deletion:
            data = {"name": known.name}
            event = AuditEvent.REPOSITORY_REMOVE
            context.log_change(connection, access, event, data, target_id=known.id)
        return repository_response(repository_deletion.request(connection, known, now()))


@get("/{repository:str}/commits/", scopes=REPOSITORY_COMMITS, asks=PAGE, sync_to_thread=True)
def list_commits(
    context: InjectedRequest, organization: FromPath[str], repository: FromPath[str]
) -> Response[list[CommitResponse]]:
    """List a repository's commits, the newest first."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        known = repository_access.require_repository(connection, access, repository)
        page = context.dated_page()
        rows = store.commits_of(connection, known.id, page.place, limit=page.limit)
        commits, links = paginate_by_keyset(rows, page)
        nested = loading.prefetch_for_commits(connection, access.organization.id, commits)
    return context.listed([commit_response(commit, nested) for commit in commits], links)


def _log_edit(
    context: RequestContext,
    connection: Connection,
    access: Access,
    before: Repository,
    after: Repository,
) -> None:
    if changes := audit.changes_between(_audited(before), _audited(after)):
        data = {"name": after.name, "changes": changes}
        event = AuditEvent.REPOSITORY_EDIT
        context.log_change(connection, access, event, data, target_id=after.id)


def _audited(repository: Repository) -> dict[str, object]:
    return {
        "name": repository.name,
        "url": repository.url,
        "status": repository.status.value,
    }


def _changes(known: Repository, fields: Fields) -> dict[str, str | None]:
    """What a body changes: one that somebody else names keeps the name and the address that it has there."""
    status = fields.get("status")
    changes: dict[str, str | None] = {"status": status.value} if status else {}
    if known.is_known_by_name:
        changes |= {name: fields[name] or None for name in ("name", "url") if name in fields}
    return changes


def _refused(fields: Fields) -> NotMadeResponse | None:
    provider = fields.get("provider") or ""
    if provider.startswith("integrations:"):
        kind = provider.partition(":")[2]
        reason = f"{_INTEGRATIONS.get(kind, kind)} requires an integration id."
        return NotMadeResponse(error_type="validation", errors={"__all__": reason})
    if provider:
        return NotMadeResponse(
            error_type="validation", errors={"provider": "There are no integrations."}
        )
    if not fields:
        # As recorded, to the letter.
        return NotMadeResponse(error_type="validation")
    if not fields.get("name"):
        return NotMadeResponse(error_type="validation", errors={"name": REQUIRED})
    return None


router = Router(
    "/api/0/organizations/{organization:str}/repos",
    route_handlers=[
        list_repositories,
        add_repository,
        amend_repository,
        delete_repository,
        list_commits,
    ],
)
