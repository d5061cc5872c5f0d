"""Encryption of stored remotes, and the remote of a repository: its own, or else by the operator's rules."""

import json
from dataclasses import asdict

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
    content = {name: value for name, value in asdict(credentials).items() if value is not None}
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
    secrets = {"username": stored_remote.username}
    if stored_remote.secret is not None:
        secrets |= json.loads(cipher.decrypt(stored_remote.secret))
    return Remote(address=address, credentials=Credentials(**secrets))
