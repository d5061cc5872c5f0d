"""Encryption of stored remotes, and the remote of a repository: its own, or else by the operator's rules."""

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
    cipher: Cipher,
) -> StoredRemote:
    """Return the remote to store: its secrets encrypted, the username that was sent beside it readable."""
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
        secret=cipher.encrypt(json.dumps(content)) if content else None,
    )


def remote_of(
    repository: Repository, stored_remote: StoredRemote | None, rules: RemoteRules, cipher: Cipher
) -> Remote | None:
    """Return the remote of a repository, or None. Raise `DecryptionError` if its secrets can't be decrypted."""
    if stored_remote is None:
        return rules.of(repository.name)
    address, _ = parse_address(stored_remote.url)
    secrets = (
        json.loads(cipher.decrypt(stored_remote.secret)) if stored_remote.secret is not None else {}
    )
    credentials = Credentials(**({"username": stored_remote.username} | secrets))
    return Remote(address=address, credentials=credentials)
