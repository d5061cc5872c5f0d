"""The older word for issues in paths of the API: ``groups``, which older clients and scripts send (groups-api.md)."""

import re

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

_GROUPS = re.compile(
    r"(/api/0/(?:organizations/[^/]+/|projects/[^/]+/[^/]+/)?(?:shared/)?)groups(?=/|$)"
)


class PathAliasMiddleware:
    """ASGI middleware that serves paths with ``groups`` as those with ``issues``, which answers then name."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application, with the path in today's words."""
        if scope["type"] == ScopeType.HTTP and "/groups" in scope["path"]:
            scope["path"] = _GROUPS.sub(r"\1issues", scope["path"], count=1)
            raw = scope["raw_path"].decode("latin-1")
            scope["raw_path"] = _GROUPS.sub(r"\1issues", raw, count=1).encode("latin-1")
        await self._app(scope, receive, send)
