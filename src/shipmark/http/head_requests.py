"""Answers to HEAD: what monitors, load balancers and checkers of links send to ``/healthz`` and to pages."""

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

#: The API and what SDKs call have no HEAD in the protocol: they answer 405.
_API = "/api/"


class HeadRequestsMiddleware:
    """ASGI middleware that answers HEAD as GET, without the body (RFC 9110, 9.3.2), except below ``/api/``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application, with the method GET in place of HEAD."""
        if (
            scope["type"] != ScopeType.HTTP
            or scope["method"] != "HEAD"
            or scope["path"].startswith(_API)
        ):
            await self._app(scope, receive, send)
            return

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        scope["method"] = "GET"
        await self._app(scope, receive, send_without_body)
