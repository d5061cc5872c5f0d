"""Parsing of the ``Authorization`` header (auth-and-errors.md 1)."""

from shipmark.infrastructure.errors import Unauthenticated


def bearer(header: str | None) -> str | None:
    """Return the token of an ``Authorization`` header, or None if it is missing or has another scheme."""
    words = (header or "").split()
    if not words or words[0].lower() != "bearer":
        return None
    if len(words) == 1:
        raise Unauthenticated("Invalid token header. No credentials provided.")
    if len(words) > 2:
        raise Unauthenticated("Invalid token header. Token string should not contain spaces.")
    return words[1]
