"""Random names and secrets. Doors and the command line draw them and pass them on."""

import hashlib
import secrets
from uuid import uuid4


def hex32() -> str:
    """32 hexadecimal digits: a DSN key or an event id."""
    return uuid4().hex


def secret_hex() -> str:
    """64 hexadecimal digits from the operating system: 256 bits, for tokens and session cookies."""
    return secrets.token_hex(32)


def token_hex() -> str:
    """32 hexadecimal digits from the operating system: 128 bits, for a key that signs addresses."""
    return secrets.token_hex(16)


def secret_bytes() -> bytes:
    """32 random bytes, as organization tokens want them."""
    return secrets.token_bytes(32)


def password() -> str:
    """A password that a person can type."""
    return secrets.token_urlsafe(12)


def digest(secret: str) -> str:
    """SHA-256 of a secret in hexadecimal: the only form in which tokens are kept."""
    return hashlib.sha256(secret.encode()).hexdigest()
