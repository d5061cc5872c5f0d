"""Ids as text; random names and secrets, which interfaces and the command line draw and pass on."""

import hashlib
import secrets
from uuid import uuid4

#: The most digits of an id that is sent as text: they always fit into the 64 bits of the databases.
ID_DIGITS_MAX = 18


def id_of(text: str) -> int | None:
    """Return the id that a text of ASCII digits names, or None for what can't be one: other text, too many digits."""
    is_id = text.isascii() and text.isdigit() and len(text) <= ID_DIGITS_MAX
    return int(text) if is_id else None


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
