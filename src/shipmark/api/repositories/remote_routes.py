"""``organizations/{org}/repos/{id}/remote/``: where a repository's commits are fetched. There: integrations."""

from shipmark.api.repositories.path_repository import PathRepository
from shipmark.api.repositories.requests import RemoteRequest
from shipmark.api.repositories.responses import RemoteResponse, remote_response
from shipmark.api.scopes import REPOSITORY, REPOSITORY_CHANGE
from shipmark.http import endpoint
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.encryption import Cipher, DecryptionError
from shipmark.infrastructure.errors import Conflict, NotFound, ValidationFailed
from shipmark.organizations import audit
from shipmark.organizations.audit import AuditEvent
from shipmark.releases import repository_access
from shipmark.repositories import store
from shipmark.repositories.git import ssh_keys
from shipmark.repositories.git.addresses import (
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


@endpoint.get("/", scopes=REPOSITORY)
def get_remote(context: RequestContext, repository: PathRepository) -> RemoteResponse:
    """Show where a repository's commits are fetched, and nothing that is secret."""
    with context.database.autocommit_read() as connection:
        own = store.remotes_of(connection, [repository.id]).get(repository.id)
    if own is not None:
        return remote_response(own)
    rule = parse_remote_rules(context.settings.git_remotes).of(repository.name)
    if rule is None:
        raise NotFound
    return RemoteResponse(
        url=str(rule.address),
        username=None,
        has_secret=rule.credentials != ANONYMOUS,
        source="settings",
    )


@endpoint.put("/", scopes=REPOSITORY_CHANGE, step="repository.validate")
def set_remote(
    context: RequestContext, repository: PathRepository, body: RemoteRequest
) -> RemoteResponse:
    """Set where a repository's commits are fetched. It replaces what was set before, secrets included."""
    access = context.access
    address, credentials = _address_and_credentials(context, body)
    cipher = Cipher(text=context.settings.secret_key, file=context.settings.secret_key_file)
    with context.database.transaction() as connection:
        known = repository_access.require_repository(connection, access, str(repository.id))
        try:
            remote = encrypt_remote(known.id, address, body.username or None, credentials, cipher)
        except DecryptionError as error:
            raise Conflict(str(error)) from None
        before = store.remotes_of(connection, [known.id]).get(known.id)
        store.save_remote(connection, remote, now())
        changes = audit.changes_between(_audited(before) if before else {}, _audited(remote))
        # Whether it is another secret can't be seen without decrypting it: each one that is sent counts.
        if remote.secret is not None:
            changes["credentials"] = "replaced" if before and before.secret else "set"
        data = {"name": known.name, "changes": changes}
        context.log_change(connection, AuditEvent.REMOTE_EDIT, data, target_id=known.id)
    return remote_response(remote)


@endpoint.delete("/", status_code=204, scopes=REPOSITORY_CHANGE)
def remove_remote(context: RequestContext, repository: PathRepository) -> None:
    """Remove a repository's own remote; one of the settings stays."""
    with context.database.transaction() as connection:
        if not store.remove_remote(connection, repository.id):
            raise NotFound
        data = {"name": repository.name}
        event = AuditEvent.REMOTE_REMOVE
        context.log_change(connection, event, data, target_id=repository.id)


def _audited(remote: StoredRemote) -> dict[str, object]:
    """Return what the audit log shows of a remote: never a secret."""
    return {"url": remote.url, "username": remote.username, "has_secret": remote.secret is not None}


def _address_and_credentials(
    context: RequestContext, body: RemoteRequest
) -> tuple[Address, Credentials]:
    """Return the address without credentials, and the credentials. Raise `ValidationFailed` without naming them."""
    try:
        address, within = parse_address(body.url)
    except AddressError as error:
        raise ValidationFailed({"url": [str(error)]}) from None
    if address.scheme == "file" and not context.settings.git_allow_files:
        raise ValidationFailed({"url": [NO_FILES]})
    password, key = body.password or None, body.ssh_key or None
    if key is not None:
        _check_key(address, password, key)
    # The name beside the address is stored to be shown; one within the address may be a token.
    return address, Credentials(
        username=None if body.username else within.username,
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


router = endpoint.router(
    "/api/0/organizations/{organization:str}/repos/{repository:str}/remote", __name__
)
