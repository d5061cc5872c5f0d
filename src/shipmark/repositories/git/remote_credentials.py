"""How is a remote kept, and which does a repository have? Its own counts before the operator's choice."""

import json

from shipmark.infrastructure.encryption import Cipher
from shipmark.repositories.git.addresses import Address, Credentials, Remote, parse_address
from shipmark.repositories.git.remote_rules import RemoteRules
from shipmark.repositories.model import Repository, StoredRemote


def encrypt_remote(
    repository_id: int,
    address: Address,
    username: str | None,
    credentials: Credentials,
    safe: Cipher,
) -> StoredRemote:
    """The remote as it is kept: what is secret of it encrypted, the name that was given beside it readable."""
    secrets = {
        "username": credentials.username,
        "password": credentials.password,
        "ssh_key": credentials.ssh_key,
    }
    content = {name: value for name, value in secrets.items() if value is not None}
    return StoredRemote(
        repository_id=repository_id,
        url=str(address),
        username=username,
        secret=safe.encrypt(json.dumps(content)) if content else None,
    )


def remote_of(
    repository: Repository, stored_remote: StoredRemote | None, chosen: RemoteRules, safe: Cipher
) -> Remote | None:
    """The remote of a repository; raises `DecryptionError` where its secrets can't be read."""
    if stored_remote is None:
        return chosen.of(repository.name)
    address, _ = parse_address(stored_remote.url)
    secrets = (
        json.loads(safe.decrypt(stored_remote.secret)) if stored_remote.secret is not None else {}
    )
    credentials = Credentials(**({"username": stored_remote.username} | secrets))
    return Remote(address=address, credentials=credentials)
