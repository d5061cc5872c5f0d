"""How are secrets kept that must be read again, such as passwords for git servers? Encrypted."""

import base64
import contextlib
import hashlib
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

WRONG_KEY = (
    "The credentials can't be read: neither SHIPMARK_SECRET_KEY nor secret.key in the data folder is the key"
    " that they were kept with. Bring that back, or set the credentials again."
)

#: A text that people choose is stretched; guessing costs as much for every try.
_SALT = b"shipmark secrets"
_COST = 2**14


class DecryptionError(Exception):
    """What is kept can't be decrypted with the key that there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cipher:
    """Encrypts and decrypts. Without a ``text`` the key is in a file, which is made when it is first needed."""

    text: str
    file: Path

    def encrypt(self, secret: str) -> bytes:
        """The secret, encrypted."""
        return self._key().encrypt(secret.encode())

    def decrypt(self, kept: bytes) -> str:
        """The secret; raises `DecryptionError` when it was sealed with another key."""
        try:
            return self._key().decrypt(kept).decode()
        except (InvalidToken, UnicodeDecodeError):
            raise DecryptionError(WRONG_KEY) from None

    def _key(self) -> Fernet:
        if self.text:
            return _derive_key(self.text)
        try:
            return Fernet(_read_or_create_key(self.file))
        except (ValueError, OSError):
            raise DecryptionError(WRONG_KEY) from None


@cache
def _derive_key(text: str) -> Fernet:
    key = hashlib.scrypt(text.encode(), salt=_SALT, n=_COST, r=8, p=1, dklen=32)
    return Fernet(base64.urlsafe_b64encode(key))


def _read_or_create_key(file: Path) -> bytes:
    """The key of the file. Processes that make it at once agree: the first link to the name stays."""
    with contextlib.suppress(FileNotFoundError):
        return file.read_bytes()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f"{file.name}.{os.getpid()}.{os.urandom(4).hex()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as made:
        made.write(Fernet.generate_key())
        made.flush()
        os.fsync(made.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(draft, file)
    draft.unlink()
    return file.read_bytes()
