"""The attachments of the event on the page of an issue."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.events.attachments import store
from shipmark.events.attachments.model import Attachment
from shipmark.events.store import StoredEvent
from shipmark.http.scopes import ATTACHMENT_DELETE
from shipmark.organizations import options
from shipmark.organizations import store as organizations
from shipmark.web.request_context import Workspace

#: The newest attachments that the page shows; the API has all.
ATTACHMENTS_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAttachments:
    """The newest attachments of an event, and what the user may do with them. ``has_more`` if there are others."""

    shown: Sequence[Attachment]
    has_more: bool
    may_download: bool
    may_delete: bool


def event_attachments(
    connection: Connection, workspace: Workspace, event: StoredEvent
) -> EventAttachments:
    """Return the attachments of an event."""
    rows = store.of_event(
        connection, event.project_id, event.event_id, None, limit=ATTACHMENTS_MAX + 1
    )
    return EventAttachments(
        shown=rows[:ATTACHMENTS_MAX],
        has_more=len(rows) > ATTACHMENTS_MAX,
        may_download=bool(rows) and may_download(connection, workspace),
        may_delete=workspace.may(ATTACHMENT_DELETE),
    )


def may_download(connection: Connection, workspace: Workspace) -> bool:
    """Return True if the user's role may download attachments in the organization."""
    stored = organizations.options_of(connection, workspace.organization.id)
    return options.may_download_attachments(stored, workspace.access.role)
