"""Encryption of secrets that must be read again, such as passwords for git servers."""

import base64
import contextlib
import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from shipmark.infrastructure.module_loading import LateModule

if TYPE_CHECKING:
    from cryptography import fernet
else:
    # 9 MiB for servers that keep no credentials.
    fernet = LateModule("cryptography.fernet")

WRONG_KEY = (
    "The credentials can't be read: neither SHIPMARK_SECRET_KEY nor secret.key in the data folder is the key"
    " that they were kept with. Bring that back, or set the credentials again."
)

#: A key chosen by an operator is derived with scrypt, so that every guess is expensive.
_SALT = b"shipmark secrets"
_COST = 2**14
#: The length of a key of Fernet, which is written in URL-safe base64.
_KEY_BYTES = 32


class DecryptionError(Exception):
    """A stored secret can't be decrypted with the current key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cipher:
    """Encrypts and decrypts secrets. Without a ``text`` the key is in a file, which is created on first use."""

    text: str
    file: Path

    def encrypt(self, secret: str) -> bytes:
        """Return the encrypted secret."""
        return self._key().encrypt(secret.encode())

    def decrypt(self, encrypted: bytes) -> str:
        """Return the secret. Raise `DecryptionError` if it was encrypted with another key."""
        try:
            return self._key().decrypt(encrypted).decode()
        except (fernet.InvalidToken, UnicodeDecodeError):
            raise DecryptionError(WRONG_KEY) from None

    def secret(self) -> bytes:
        """Return the secret that keys of hashes are made from. Raise `DecryptionError` if its file can't be read."""
        if self.text:
            return self.text.encode()
        try:
            return _read_or_create_key(self.file)
        except OSError:
            raise DecryptionError(WRONG_KEY) from None

    def _key(self) -> "fernet.Fernet":
        if self.text:
            return _derive_key(self.text)
        try:
            return fernet.Fernet(_read_or_create_key(self.file))
        except (ValueError, OSError):
            raise DecryptionError(WRONG_KEY) from None


@cache
def _derive_key(text: str) -> "fernet.Fernet":
    key = hashlib.scrypt(text.encode(), salt=_SALT, n=_COST, r=8, p=1, dklen=_KEY_BYTES)
    return fernet.Fernet(base64.urlsafe_b64encode(key))


def _read_or_create_key(file: Path) -> bytes:
    """Return the key of the file, created if missing. Of processes that create it at once, the first link wins."""
    with contextlib.suppress(FileNotFoundError):
        return file.read_bytes()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f"{file.name}.{os.getpid()}.{os.urandom(4).hex()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)))
        stream.flush()
        os.fsync(stream.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(draft, file)
    draft.unlink()
    return file.read_bytes()
