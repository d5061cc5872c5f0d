"""Ids as text; random names and secrets, which interfaces create and pass on."""

import hashlib
import re
import secrets
from uuid import uuid4

#: Digits of an id that is sent as text: so many always fit into the 64 bits of the databases.
ID_DIGITS_MAX = 18
_HEX32 = re.compile(r"[0-9a-f]{32}")


def id_of(text: str) -> int | None:
    """Return the id of a text of ASCII digits, or None for any other text and for too many digits."""
    is_id = text.isascii() and text.isdigit() and len(text) <= ID_DIGITS_MAX
    return int(text) if is_id else None


def is_hex32(text: str) -> bool:
    """Return True for 32 hexadecimal digits in lower case."""
    return _HEX32.fullmatch(text) is not None


def hex32() -> str:
    """Return 32 random hexadecimal digits: a DSN key or an event id."""
    return uuid4().hex


def secret_hex() -> str:
    """Return 64 random hexadecimal digits, 256 bits, for tokens and session cookies."""
    return secrets.token_hex(32)


def token_hex() -> str:
    """Return 32 random hexadecimal digits, 128 bits, for a key that signs addresses."""
    return secrets.token_hex(16)


def secret_bytes() -> bytes:
    """Return 32 random bytes, for organization tokens."""
    return secrets.token_bytes(32)


def password() -> str:
    """Return a random password that can be typed."""
    return secrets.token_urlsafe(12)


def digest(secret: str) -> str:
    """Return the SHA-256 of a secret in hexadecimal: the only form in which tokens are stored."""
    return hashlib.sha256(secret.encode()).hexdigest()
