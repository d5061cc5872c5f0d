"""Changes of releases by the signed-in user: their context, and the buttons for them."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from shipmark.infrastructure.clock import now
from shipmark.publishing.model import PublishContext
from shipmark.releases.model import ReleaseStatus
from shipmark.repositories.git.remote_rules import parse_remote_rules
from shipmark.web.request_context import WebRequest, Workspace

#: The buttons that change the status, by their values.
STATUS_ACTIONS: Mapping[str, ReleaseStatus] = {
    "archive": ReleaseStatus.ARCHIVED,
    "restore": ReleaseStatus.OPEN,
}


def publish_context(web_request: WebRequest, workspace: Workspace) -> PublishContext:
    """Return the context of a change of releases, with the actor for the audit log."""
    return PublishContext(
        organization=workspace.organization,
        user_id=workspace.user.id,
        host=urlsplit(web_request.address).hostname or "",
        now=now(),
        remote_rules=parse_remote_rules(web_request.settings.git_remotes),
        by=web_request.actor(workspace.user),
    )
