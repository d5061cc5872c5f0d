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
    said = {name: value for name, value in secrets.items() if value is not None}
    return StoredRemote(
        repository_id=repository_id,
        url=str(address),
        username=username,
        secret=safe.encrypt(json.dumps(said)) if said else None,
    )


def remote_of(
    repository: Repository, own: StoredRemote | None, chosen: RemoteRules, safe: Cipher
) -> Remote | None:
    """The remote of a repository; raises `DecryptionError` where its secrets can't be read."""
    if own is None:
        return chosen.of(repository.name)
    address, _ = parse_address(own.url)
    secrets = json.loads(safe.decrypt(own.secret)) if own.secret is not None else {}
    credentials = Credentials(**({"username": own.username} | secrets))
    return Remote(address=address, credentials=credentials)
