"""Which token does a request carry? (auth-and-errors.md 1)"""

from shipmark.infrastructure.errors import Unauthenticated


def bearer(header: str | None) -> str | None:
    """The token of an ``Authorization`` header; null for none, or one of another scheme, which counts as none."""
    words = (header or "").split()
    if not words or words[0].lower() != "bearer":
        return None
    if len(words) == 1:
        raise Unauthenticated("Invalid token header. No credentials provided.")
    if len(words) > 2:
        raise Unauthenticated("Invalid token header. Token string should not contain spaces.")
    return words[1]
