"""Which addresses exist? Sentry's end in a slash, and one without is told so instead of being guessed at."""

import json
from collections.abc import Iterable

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from shipmark.ground.errors import NotFound

_API = "/api/0/"
_JSON = b"application/json"

#: The only addresses of the API without a slash at their end (clients.md 1, rule 14).
_WITHOUT_SLASH = ("/files/proguard-artifact-releases",)


class TrailingSlash:
    """Answers 404 to API addresses without a slash at their end (auth-and-errors.md 5)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        path = scope.get("path", "")
        if scope["type"] != ScopeType.HTTP or not path.startswith(_API):
            await self._app(scope, receive, send)
        elif "//" in path:
            # The router would read an empty part of an address as none, and answer for its parent.
            await _refuse(send, json.dumps({"detail": NotFound().detail}).encode(), _JSON)
        elif path.endswith(("/", *_WITHOUT_SLASH)):
            await self._app(scope, receive, send)
        else:
            await _refuse(send, *_told(path, scope.get("headers", ())))


async def _refuse(send: Send, body: bytes, media_type: bytes) -> None:
    length = str(len(body)).encode()
    headers = [(b"content-type", media_type), (b"content-length", length)]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _told(path: str, headers: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    question = "Route not found, did you forget a trailing slash?"
    if any(name == b"content-type" and b"json" in value for name, value in headers):
        return json.dumps({"info": f"{question} try: {path}/"}).encode(), _JSON
    pointer = " " * (len("try: ") + len(path)) + "^"
    return f"{question}\n\ntry: {path}/\n{pointer}\n".encode(), b"text/plain; charset=utf-8"
