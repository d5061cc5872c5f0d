"""Pages that are rendered in a thread when they are sent, as exception handlers must not block."""

from collections.abc import Callable
from typing import Any

from litestar import Litestar, Request, Response
from litestar.concurrency import sync_to_thread
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from shipmark.web.rendering import HEADERS, Answer


class LatePage(Response[str]):
    """A page that a function renders when it is sent."""

    def __init__(self, status: int, make: Callable[[], Answer]) -> None:
        super().__init__("", status_code=status, headers=HEADERS, media_type="text/html")
        self._make = make

    def to_asgi_response(
        self,
        app: Litestar | None,  # noqa: ARG002  # the framework passes it by name
        request: Request[Any, Any, Any],
        **_: Any,
    ) -> ASGIResponse:
        """Return the ASGI application that sends the page."""
        return _Sender(request, self._make)


class _Sender(ASGIResponse):
    def __init__(self, request: Request[Any, Any, Any], make: Callable[[], Answer]) -> None:
        super().__init__()
        self._request = request
        self._make = make

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await sync_to_thread(self._make)
        sender = answer.to_asgi_response(app=None, request=self._request)
        await sender(scope, receive, send)
