"""Protection against cross-site request forgery (decision 0005).

A browser reports the origin of a request, and a page of another site can't change that:
``Sec-Fetch-Site`` in browsers since 2023, ``Origin`` in older ones. A client that sends neither is not a current
browser, and pages have no other clients.
"""

from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler

from shipmark.http.endpoint import SAFE_METHODS
from shipmark.infrastructure.errors import Forbidden

#: A page of ours, or the user directly: a typed address, a bookmark.
_OWN_SITES = frozenset({"same-origin", "none"})
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def is_same_origin(*, site: str | None, origin: str | None, host: str | None) -> bool:
    """Return True if the headers ``Sec-Fetch-Site``, ``Origin`` and ``Host`` prove that a page of ours sent it.

    ``Sec-Fetch-Site`` alone decides if it is present: it also covers the scheme, which ``Host`` lacks.
    """
    if site is not None:
        return site in _OWN_SITES
    if not origin or not host:
        return False
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    port = _DEFAULT_PORTS.get(parts.scheme)
    if port is None:
        return False
    return parts.netloc.lower().removesuffix(port) == host.lower().removesuffix(port)


def require_own_page(
    connection: ASGIConnection[BaseRouteHandler, object, object, State], _: BaseRouteHandler
) -> None:
    """Guard all web routes: raise `Forbidden` for a change that was not requested by a page of ours."""
    if connection.scope.get("method") in SAFE_METHODS:
        return
    headers = connection.headers
    if not is_same_origin(
        site=headers.get("sec-fetch-site"), origin=headers.get("origin"), host=headers.get("host")
    ):
        raise Forbidden("This form was not sent from a page of this server.")
