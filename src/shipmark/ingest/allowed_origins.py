"""The origins of pages from which a project takes what browsers send (ingest.md 1.1).

Programs that are no browsers send no origin, and are not asked for one. Keys stand in public pages and are no secret:
the list keeps other sites from using them.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

EVERYWHERE = "*"
_PATTERN = re.compile(
    r"(?:(?P<scheme>[a-z][a-z0-9+.-]*|\*)://)?(?P<host>\*|(?:\*\.)?[^*/:\[\]\s]+|\[[0-9a-f:.]+\]|(?<=[a-z]://))"
    r"(?::(?P<port>\d{1,5}|\*))?/?"
)
#: The origin of pages in files and in sandboxed frames, and the scheme that stands for it.
_NULL, _OF_NULL = "null", "null://"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginPattern:
    """A pattern of origins: ``example.com``, ``*.example.com``, ``https://example.com`` or ``*:8080``.

    ``file://`` and ``null`` are those of pages in files, as of Electron and Cordova, which no other pattern matches.
    What it does not name is any: scheme and port are None then. ``*.example.com`` is ``example.com``, too.
    """

    scheme: str | None
    host: str
    port: int | None

    def matches(self, scheme: str, host: str, port: int | None) -> bool:
        """Return whether an origin has what the pattern names."""
        if self.scheme not in (None, scheme) or self.port not in (None, port):
            return False
        if self.host.startswith("*."):
            return host == self.host[2:] or host.endswith(self.host[1:])
        return self.host in (EVERYWHERE, host)


#: The patterns of a project, or None if it takes what any page sends.
AllowedOrigins = tuple[OriginPattern, ...] | None


def allowed_origins(domains: Sequence[str]) -> AllowedOrigins:
    """Return the patterns of the option `allowedDomains`. An empty list is one without an opinion: any page is allowed.

    Entries that are no pattern match nothing.
    """
    if not domains or EVERYWHERE in domains:
        return None
    matches = [_PATTERN.fullmatch(_with_scheme(domain.strip().lower())) for domain in domains]
    return tuple(
        OriginPattern(
            scheme=None if match["scheme"] in (None, EVERYWHERE) else match["scheme"],
            host=match["host"],
            port=None if match["port"] in (None, EVERYWHERE) else int(match["port"]),
        )
        for match in matches
        if match
    )


def is_allowed(allowed: AllowedOrigins, headers: Mapping[str, str]) -> bool:
    """Return whether a request may come from the page that it names by ``Origin``, if it names any."""
    origin = headers.get("origin")
    if allowed is None or origin is None:
        return True
    try:
        parts = urlsplit(_with_scheme(origin.lower()))
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return False
    host = parts.netloc.rpartition("@")[2].removesuffix(f":{parts.port}") if parts.netloc else ""
    return any(pattern.matches(parts.scheme, host, port) for pattern in allowed)


def _with_scheme(origin: str) -> str:
    return _OF_NULL if origin == _NULL else origin
