"""The rights to change releases, and the context of such a change by the signed-in user."""

from urllib.parse import urlsplit

from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import Forbidden
from shipmark.organizations.model import Access, Actor
from shipmark.publishing.model import PublishContext
from shipmark.repositories.git.remote_rules import parse_remote_rules
from shipmark.web.request_context import WebRequest, Workspace

#: Any of these scopes is enough, as for the API's routes (`shipmark.api.scopes`).
RELEASE_WRITE = frozenset({"project:write", "project:admin", "project:releases", "org:ci"})
RELEASE_DELETE = frozenset({"project:admin", "project:releases"})


def may_write(access: Access) -> bool:
    """Return True if the user may create, archive and restore releases."""
    return bool(access.scopes & RELEASE_WRITE)


def may_delete(access: Access) -> bool:
    """Return True if the user may delete releases."""
    return bool(access.scopes & RELEASE_DELETE)


def require_write(access: Access) -> None:
    """Raise `Forbidden` unless the user may create, archive and restore releases."""
    if not may_write(access):
        raise Forbidden


def require_delete(access: Access) -> None:
    """Raise `Forbidden` unless the user may delete releases."""
    if not may_delete(access):
        raise Forbidden


def publish_context(web_request: WebRequest, workspace: Workspace) -> PublishContext:
    """Return the context of a change of releases, with the actor for the audit log."""
    return PublishContext(
        organization=workspace.organization,
        user_id=workspace.user.id,
        host=urlsplit(web_request.settings.address).hostname or "",
        now=now(),
        remote_rules=parse_remote_rules(web_request.settings.git_remotes),
        by=Actor(
            user_id=workspace.user.id,
            label=workspace.user.email,
            ip_address=web_request.client_address,
        ),
    )
