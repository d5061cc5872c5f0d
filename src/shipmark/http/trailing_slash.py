"""Refusal of malformed paths: the API's paths end in a slash."""

import json
from collections.abc import Iterable

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from shipmark.infrastructure.errors import NotFound

_API = "/api/0/"
_JSON = b"application/json"

#: The only paths of the API without a trailing slash (clients.md 1, rule 14).
_WITHOUT_SLASH = ("/files/proguard-artifact-releases",)


class TrailingSlashMiddleware:
    """ASGI middleware that refuses paths which no route can serve, before the router normalizes them.

    A path of the API without a trailing slash is refused with a hint (auth-and-errors.md 5). One with an empty segment
    would be routed as its parent. NUL, which PostgreSQL can't store, is in no name.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request or call the application."""
        path = scope.get("path", "")
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
        elif b"%00" in scope["query_string"]:
            await _refuse(send, 400, _detail("Null characters are not allowed."), _JSON)
        elif "\x00" in path or (path.startswith(_API) and "//" in path):
            await _refuse(send, 404, _detail(NotFound().detail), _JSON)
        elif not path.startswith(_API) or path.endswith(("/", *_WITHOUT_SLASH)):
            await self._app(scope, receive, send)
        else:
            await _refuse(send, 404, *_not_found(path, scope.get("headers", ())))


def _detail(text: str) -> bytes:
    return json.dumps({"detail": text}).encode()


async def _refuse(send: Send, status: int, body: bytes, media_type: bytes) -> None:
    length = str(len(body)).encode()
    headers = [(b"content-type", media_type), (b"content-length", length)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _not_found(path: str, headers: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    question = "Route not found, did you forget a trailing slash?"
    if any(name == b"content-type" and b"json" in value for name, value in headers):
        return json.dumps({"info": f"{question} try: {path}/"}).encode(), _JSON
    pointer = " " * (len("try: ") + len(path)) + "^"
    return f"{question}\n\ntry: {path}/\n{pointer}\n".encode(), b"text/plain; charset=utf-8"
