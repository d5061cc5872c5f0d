"""Other spellings of paths of the API, which clients send: older words, and more slashes than one before its name.

``groups`` is the older word for issues (groups-api.md). Clients put a path that begins with a slash behind a base URL
that ends in one; proxies in front of the reference merge the two.
"""

import re

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

_GROUPS = re.compile(
    r"(/api/0/(?:organizations/[^/]+/|projects/[^/]+/[^/]+/)?(?:shared/)?)groups(?=/|$)"
)
#: Slashes elsewhere stand for a name that is missing: such a path is never that of its parent.
_BEGIN = re.compile(r"\A/+api/+0/+")
_API = "/api/0/"


class PathAliasMiddleware:
    """ASGI middleware that serves other spellings of a path as the path, which answers then name."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the application, with the path in today's words."""
        if scope["type"] == ScopeType.HTTP and (path := _spelled(scope["path"])) != scope["path"]:
            scope["path"] = path
            scope["raw_path"] = _spelled(scope["raw_path"].decode("latin-1")).encode("latin-1")
        await self._app(scope, receive, send)


def _spelled(path: str) -> str:
    if "//" in path:
        path = _BEGIN.sub(_API, path)
    return _GROUPS.sub(r"\1issues", path, count=1) if "/groups" in path else path
