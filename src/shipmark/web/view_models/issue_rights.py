"""The right to change issues: the same as that of the API."""

from shipmark.infrastructure.errors import Forbidden
from shipmark.web.request_context import Workspace

_CHANGE = frozenset({"event:write", "event:admin"})


def may_change(workspace: Workspace) -> bool:
    """Return True if the user may resolve, reopen, archive and review issues."""
    return bool(_CHANGE & workspace.access.scopes)


def require_change(workspace: Workspace) -> None:
    """Raise `Forbidden` unless the user may change issues."""
    if not may_change(workspace):
        raise Forbidden
