"""Answers to OPTIONS: what browsers ask before a page of another origin may call the API (auth-and-errors.md 6)."""

import re
from collections.abc import Mapping

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

#: The API, and what SDKs call.
_API = "/api/"
#: What of it needs a token: there only the headers of the list are allowed.
_FOR_PROGRAMS = "/api/0/"
_ALLOWED = b"access-control-allow-headers"
_REQUESTED = b"access-control-request-headers"
_REQUESTED_PRIVATE = b"access-control-request-private-network"
_ALLOWED_PRIVATE = (b"access-control-allow-private-network", b"true")
_NAMES = re.compile(rb"[A-Za-z0-9_-]+(?: ?, ?[A-Za-z0-9_-]+){0,99}")


class PreflightMiddleware:
    """ASGI middleware that answers OPTIONS below ``/api/`` with 200, as the reference does, and these headers.

    The framework refuses a preflight that asks for a header it does not list; browsers read the list themselves.

    SDKs may send any header, and to a server in a private network: programs beside them on a page, such as those that
    trace requests, add headers to all requests, and a browser would send nothing. Cookies are never let through.
    """

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in {**headers, "Content-Length": "0"}.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, or call the application."""
        if (
            scope["type"] != ScopeType.HTTP
            or scope["method"] != "OPTIONS"
            or not scope["path"].startswith(_API)
        ):
            await self._app(scope, receive, send)
            return
        headers = self._headers
        if not scope["path"].startswith(_FOR_PROGRAMS):
            headers = _with_requested(headers, dict(scope["headers"]))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _with_requested(
    headers: list[tuple[bytes, bytes]], request_headers: Mapping[bytes, bytes]
) -> list[tuple[bytes, bytes]]:
    """Return the headers with those that the browser asks for."""
    names = request_headers.get(_REQUESTED, b"")
    if _NAMES.fullmatch(names):
        headers = [
            (name, value + b", " + names.lower() if name == _ALLOWED else value)
            for name, value in headers
        ]
    if request_headers.get(_REQUESTED_PRIVATE) == b"true":
        headers = [*headers, _ALLOWED_PRIVATE]
    return headers
