"""``organizations/{org}/repos/{id}/remote/``: where a repository's commits are fetched. There: integrations."""

from litestar import Response, Router, delete, get, put
from litestar.params import FromPath, RawBody

from shipmark.api.repositories.remote_responses import RemoteResponse
from shipmark.api.scopes import REPOSITORY, REPOSITORY_CHANGE
from shipmark.http.fields import Field, Fields, Object, Text
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.encryption import Cipher, DecryptionError
from shipmark.infrastructure.errors import Conflict, NotFound, ValidationFailed
from shipmark.organizations import audit
from shipmark.organizations.audit import AuditEvent
from shipmark.releases import repository_access
from shipmark.repositories import store
from shipmark.repositories.git import ssh_keys
from shipmark.repositories.git.addresses import (
    ADDRESS_MAX,
    ANONYMOUS,
    Address,
    AddressError,
    Credentials,
    parse_address,
)
from shipmark.repositories.git.errors import NO_FILES, RemoteProblem
from shipmark.repositories.git.remote_credentials import encrypt_remote
from shipmark.repositories.git.remote_rules import parse_remote_rules
from shipmark.repositories.model import StoredRemote

_USERNAME_MAX = 200
_PASSWORD_MAX = 2000
_KEY_MAX = 20_000

_REMOTE = Object(
    {
        "url": Field(Text(max=ADDRESS_MAX), is_required=True),
        "username": Field(Text(max=_USERNAME_MAX, is_blank_ok=True, is_null_ok=True)),
        "password": Field(
            Text(max=_PASSWORD_MAX, is_blank_ok=True, is_null_ok=True, is_trimmed=False)
        ),
        "sshKey": Field(Text(max=_KEY_MAX, is_blank_ok=True, is_null_ok=True)),
    }
)


@get("/", scopes=REPOSITORY, sync_to_thread=True)
def get_remote(
    context: InjectedRequest, organization: FromPath[str], repository: FromPath[str]
) -> RemoteResponse:
    """Show where a repository's commits are fetched, and nothing that is secret."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        known = repository_access.require_repository(connection, access, repository)
        own = store.remotes_of(connection, [known.id]).get(known.id)
    if own is not None:
        return _shown(own)
    remote = parse_remote_rules(context.settings.git_remotes).of(known.name)
    if remote is None:
        raise NotFound
    return RemoteResponse(
        url=str(remote.address),
        username=None,
        has_secret=remote.credentials != ANONYMOUS,
        source="settings",
    )


@put("/", scopes=REPOSITORY_CHANGE, takes=_REMOTE, sync_to_thread=True)
def set_remote(
    context: InjectedRequest, organization: FromPath[str], repository: FromPath[str], body: RawBody
) -> RemoteResponse:
    """Say where a repository's commits are fetched, in place of what was said before, its secrets included."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        repository_access.require_repository(connection, access, repository)
    fields = context.body(body, _REMOTE, step="repository.validate")
    address, credentials = _given(fields, context)
    safe = Cipher(text=context.settings.secret_key, file=context.settings.secret_key_file)
    with context.database.transaction() as connection:
        known = repository_access.require_repository(connection, access, repository)
        try:
            remote = encrypt_remote(
                known.id, address, fields.get("username") or None, credentials, safe
            )
        except DecryptionError as error:
            raise Conflict(str(error)) from None
        before = store.remotes_of(connection, [known.id]).get(known.id)
        store.save_remote(connection, remote, now())
        changes = audit.changes_between(_audited(before) if before else {}, _audited(remote))
        # Whether it is another secret can't be seen without decrypting it: each one that is given counts.
        if remote.secret is not None:
            changes["credentials"] = "replaced" if before and before.secret else "set"
        data = {"name": known.name, "changes": changes}
        context.log_change(connection, access, AuditEvent.REMOTE_EDIT, data, target_id=known.id)
    return _shown(remote)


@delete("/", status_code=204, scopes=REPOSITORY_CHANGE, sync_to_thread=True)
def remove_remote(
    context: InjectedRequest, organization: FromPath[str], repository: FromPath[str]
) -> Response[None]:
    """Forget a repository's own remote; one of the settings stays."""
    with context.database.transaction() as connection:
        access = context.authorize(connection, organization)
        known = repository_access.require_repository(connection, access, repository)
        if not store.remove_remote(connection, known.id):
            raise NotFound
        data = {"name": known.name}
        context.log_change(connection, access, AuditEvent.REMOTE_REMOVE, data, target_id=known.id)
    return Response(None, status_code=204)


def _audited(remote: StoredRemote) -> dict[str, object]:
    """Return what the audit log tells of a remote: never a secret."""
    return {
        "url": remote.url,
        "username": remote.username,
        "has_secret": remote.secret is not None,
    }


def _given(fields: Fields, context: RequestContext) -> tuple[Address, Credentials]:
    """Return the address without credentials, and the credentials. Raise `ValidationFailed` without naming them."""
    try:
        address, within = parse_address(fields["url"])
    except AddressError as error:
        raise ValidationFailed({"url": [str(error)]}) from None
    if address.scheme == "file" and not context.settings.git_allow_files:
        raise ValidationFailed({"url": [NO_FILES]})
    password, key = fields.get("password") or None, fields.get("sshKey") or None
    if key is not None:
        _check_key(address, password, key)
    # The name that stands beside the address is kept to be shown; one within it may be a token.
    is_named = bool(fields.get("username"))
    return address, Credentials(
        username=None if is_named else within.username,
        password=password or within.password,
        ssh_key=key,
    )


def _check_key(address: Address, password: str | None, key: str) -> None:
    if address.scheme != "ssh":
        raise ValidationFailed({"sshKey": ["Only SSH has keys; other addresses have passwords."]})
    if password is not None:
        raise ValidationFailed({"sshKey": ["Give a password or a key, not both."]})
    try:
        ssh_keys.check(key)
    except RemoteProblem as problem:
        raise ValidationFailed({"sshKey": [problem.sentence]}) from None


def _shown(remote: StoredRemote) -> RemoteResponse:
    return RemoteResponse(
        url=remote.url,
        username=remote.username,
        has_secret=remote.secret is not None,
        source="repository",
    )


router = Router(
    "/api/0/organizations/{organization:str}/repos/{repository:str}/remote",
    route_handlers=[get_remote, set_remote, remove_remote],
)
