"""Answers to OPTIONS: what browsers ask before a page of another origin may call the API (auth-and-errors.md 6)."""

from collections.abc import Mapping

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

#: The API, and what SDKs call.
_API = "/api/"


class PreflightMiddleware:
    """ASGI middleware that answers OPTIONS below ``/api/`` with 200, as the reference does, and these headers.

    The framework refuses a preflight that asks for a header it does not list; browsers read the list themselves.
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
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
