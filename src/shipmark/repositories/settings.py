"""Changes of repositories and of their git remotes, with entries in the audit log."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from shipmark.infrastructure.encryption import Cipher, DecryptionError
from shipmark.infrastructure.errors import Conflict, NotFound, ValidationFailed
from shipmark.infrastructure.module_loading import LateModule
from shipmark.organizations import audit
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.membership import ActionContext, record_action
from shipmark.repositories import actions, store
from shipmark.repositories.git.addresses import Address, AddressError, Credentials, parse_address
from shipmark.repositories.git.errors import NO_FILES, RemoteProblem
from shipmark.repositories.git.remote_credentials import encrypt_remote
from shipmark.repositories.model import Repository, StoredRemote

if TYPE_CHECKING:
    from shipmark.repositories.git import ssh_keys
else:
    # It needs the library for cryptography.
    ssh_keys = LateModule("shipmark.repositories.git.ssh_keys")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteInput:
    """A remote as a client sends it; blank values count as none."""

    url: str
    username: str | None = None
    password: str | None = None
    ssh_key: str | None = None

    def __repr__(self) -> str:
        return "RemoteInput(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRemote:
    """A valid remote, with the user name that is shown beside its address."""

    address: Address
    username: str | None
    credentials: Credentials


def add(connection: Connection, context: ActionContext, name: str, url: str | None) -> Repository:
    """Return the active repository that is known by this name, created if missing, with this URL unless None."""
    organization_id = context.access.organization.id
    before = store.named(connection, organization_id, name)
    repository = store.add_named(connection, organization_id, name, url, context.at)
    if before is None:
        data = {"name": repository.name, "url": repository.url}
        record_action(connection, context, AuditEvent.REPOSITORY_ADD, repository.id, data)
    else:
        _record_edit(connection, context, before, repository)
    return repository


def update(
    connection: Connection,
    context: ActionContext,
    repository: Repository,
    values: Mapping[str, str | None],
) -> Repository:
    """Change status, name or URL. Raise `ValidationFailed` if an active repository without provider has the name."""
    changed = actions.update(connection, repository, dict(values))
    _record_edit(connection, context, repository, changed)
    return changed


def record_removal(connection: Connection, context: ActionContext, repository: Repository) -> None:
    """Record that the deletion of a repository was requested."""
    event = AuditEvent.REPOSITORY_REMOVE
    record_action(connection, context, event, repository.id, {"name": repository.name})


def read_remote(sent: RemoteInput, *, allow_files: bool) -> NewRemote:
    """Return the remote, with the credentials of its address taken out.

    Raise `ValidationFailed`, without naming secrets, if it is invalid.
    """
    try:
        address, within = parse_address(sent.url)
    except AddressError as error:
        raise ValidationFailed({"url": [str(error)]}) from None
    if address.scheme == "file" and not allow_files:
        raise ValidationFailed({"url": [NO_FILES]})
    password, key = sent.password or None, sent.ssh_key or None
    if key is not None:
        _check_key(address, password, key)
    # The name beside the address is stored to be shown; one within the address may be a token.
    credentials = Credentials(
        username=None if sent.username else within.username,
        password=password or within.password,
        ssh_key=key,
    )
    return NewRemote(address=address, username=sent.username or None, credentials=credentials)


def save_remote(
    connection: Connection,
    context: ActionContext,
    repository: Repository,
    new: NewRemote,
    cipher: Cipher,
) -> StoredRemote:
    """Set the remote of a repository. It replaces the one before, secrets included.

    Raise `Conflict` if the key for secrets can't be read.
    """
    try:
        remote = encrypt_remote(repository.id, new.address, new.username, new.credentials, cipher)
    except DecryptionError as error:
        raise Conflict(str(error)) from None
    before = store.remotes_of(connection, [repository.id]).get(repository.id)
    store.save_remote(connection, remote, context.at)
    changes = audit.changes_between(
        _audited_remote(before) if before else {}, _audited_remote(remote)
    )
    # Whether it is another secret can't be seen without decrypting it: each one that is sent counts.
    if remote.secret is not None:
        changes["credentials"] = "replaced" if before and before.secret else "set"
    data = {"name": repository.name, "changes": changes}
    record_action(connection, context, AuditEvent.REMOTE_EDIT, repository.id, data)
    return remote


def remove_remote(connection: Connection, context: ActionContext, repository: Repository) -> None:
    """Remove a repository's own remote; one of the settings stays. Raise `NotFound` if it has none."""
    if not store.remove_remote(connection, repository.id):
        raise NotFound
    event = AuditEvent.REMOTE_REMOVE
    record_action(connection, context, event, repository.id, {"name": repository.name})


def _check_key(address: Address, password: str | None, key: str) -> None:
    if address.scheme != "ssh":
        raise ValidationFailed({"sshKey": ["Only SSH has keys; other addresses have passwords."]})
    if password is not None:
        raise ValidationFailed({"sshKey": ["Give a password or a key, not both."]})
    try:
        ssh_keys.check(key)
    except RemoteProblem as problem:
        raise ValidationFailed({"sshKey": [problem.sentence]}) from None


def _record_edit(
    connection: Connection, context: ActionContext, before: Repository, after: Repository
) -> None:
    if changes := audit.changes_between(_audited(before), _audited(after)):
        data = {"name": after.name, "changes": changes}
        record_action(connection, context, AuditEvent.REPOSITORY_EDIT, after.id, data)


def _audited(repository: Repository) -> dict[str, object]:
    return {"name": repository.name, "url": repository.url, "status": repository.status.value}


def _audited_remote(remote: StoredRemote) -> dict[str, object]:
    """Return what the audit log shows of a remote: never a secret."""
    return {"url": remote.url, "username": remote.username, "has_secret": remote.secret is not None}
