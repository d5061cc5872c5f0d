"""Removal of values that may be secret from texts of events, before a page shows them.

It is a second net: SDKs and their users should not send secrets at all.
"""

import re

FILTERED = "[Filtered]"

_NAME = (
    r"(?:passw|passphrase|pwd|secret|token|api[_-]?key|private[_-]?key|authorization|credential"
    r"|cookie|session|csrf|xsrf|cvv|cvc|card[_-]?number)[\w.-]*+"
)
_IS_SENSITIVE = re.compile(_NAME, re.IGNORECASE)
_SCHEME = re.compile(r"\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)
_ASSIGNMENT = re.compile(
    rf"""({_NAME}["']?\s*[:=]\s*)("[^"]*"|'[^']*'|[^\s,;&}})\]]+)""", re.IGNORECASE
)
_USER_INFO = re.compile(r"(://)[^/\s@]+@")
# Word by word: a pattern that may begin at each letter takes quadratic time.
_WORD = re.compile(r"\S+")
_PATH = re.compile(r"(?<![\w/])/")
_QUERY = re.compile(r"[?#]")


def is_sensitive(name: str) -> bool:
    """Return True if values of this name are likely to be secret."""
    return _IS_SENSITIVE.search(name) is not None


def redacted(text: str) -> str:
    """Return the text without values of sensitive names, credentials, and the queries of URLs."""
    text = _SCHEME.sub(rf"\1 {FILTERED}", text)
    text = _ASSIGNMENT.sub(rf"\1{FILTERED}", text)
    return redacted_url(text)


def redacted_url(text: str) -> str:
    """Return the text with URLs that lack users, queries and fragments.

    These carry tokens of sign-in links, and what users typed.
    """
    return _WORD.sub(_without_query, _USER_INFO.sub(r"\1", text))


def _without_query(word: re.Match[str]) -> str:
    """Return a word up to the query of the URL or path that is in it."""
    path = _PATH.search(word[0])
    query = _QUERY.search(word[0], path.end()) if path else None
    return word[0][: query.start()] if query else word[0]
