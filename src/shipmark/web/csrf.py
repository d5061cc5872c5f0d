"""Was a request sent by one of our own pages? (decision 0005)

A browser says where a request comes from, and a page of somebody else can't make it say otherwise:
``Sec-Fetch-Site`` in browsers since 2023, ``Origin`` in older ones. What says neither is no browser of today, and a
web page has no other callers.
"""

from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler

from shipmark.infrastructure.errors import Forbidden

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
#: A page of ours, or the person alone: a typed address, a bookmark.
_OWN_SITES = frozenset({"same-origin", "none"})
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def is_same_origin(*, site: str | None, origin: str | None, host: str | None) -> bool:
    """Do the headers ``Sec-Fetch-Site``, ``Origin`` and ``Host`` prove that the request is from our own pages?

    ``Sec-Fetch-Site`` alone decides where it is there: it also knows the scheme, which ``Host`` does not tell.
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


def require_own_page(connection: ASGIConnection[Any, Any, Any, State], _: BaseRouteHandler) -> None:
    """Guard of the web's door: raises `Forbidden` for a change that no page of ours asked for."""
    if connection.scope.get("method") in _SAFE_METHODS:
        return
    headers = connection.headers
    if not is_same_origin(
        site=headers.get("sec-fetch-site"), origin=headers.get("origin"), host=headers.get("host")
    ):
        raise Forbidden("This form was not sent from a page of this server.")
