"""The address of this server, as a client reaches it."""

import re

from shipmark.http import AnyRequest
from shipmark.http.client_address import is_from_trusted_proxy
from shipmark.infrastructure.settings import Settings

#: A host name or an address, with or without a port.
_HOST = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
_SCHEMES = ("http", "https")


def server_address(request: AnyRequest, settings: Settings) -> str:
    """Return the URL of this server without a trailing slash: the base URL, or without one, that of the request.

    Without a base URL a server knows itself only by the address that it listens on, often the loopback address: DSNs
    and links with it would lead others, who reach the server through a proxy or a network, to their own machine. The
    scheme is that of the connection, or what a trusted proxy says of its own.
    """
    host = request.headers.get("host", "")
    if settings.base_url or not _HOST.fullmatch(host):
        return settings.address
    scheme = request.url.scheme
    forwarded = request.headers.get("x-forwarded-proto", "").lower()
    if forwarded in _SCHEMES and is_from_trusted_proxy(request, settings):
        scheme = forwarded
    return f"{scheme}://{host}"
