"""``attachments/`` of events and issues: what SDKs sent with events, and its deletion."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from litestar import Response
from litestar.response import Stream
from sqlalchemy import Connection

from shipmark.api.events.path_event import ProjectEvent
from shipmark.api.issues.path_issue import PathIssue, issue_paths
from shipmark.api.queries import PageQuery
from shipmark.api.responses import Wire
from shipmark.events.attachments import actions, store
from shipmark.events.attachments.model import Attachment
from shipmark.events.store import StoredEvent
from shipmark.files.store import files as file_store
from shipmark.http import endpoint
from shipmark.http.downloads import OCTETS, PARTLY, attachment_content, download
from shipmark.http.pagination.keyset import KeysetPage, paginate_by_keyset
from shipmark.http.request_context import RequestContext, require_id, require_row
from shipmark.http.scopes import ATTACHMENT_DELETE, ISSUE_READ
from shipmark.http.validation import RequestModel, optional
from shipmark.infrastructure.clock import now
from shipmark.organizations import options
from shipmark.organizations import store as organizations


class AttachmentResponse(Wire):
    """An attachment. ``mimetype`` is what the sender says; ``headers`` repeat it."""

    id: str
    event_id: str = msgspec.field(name="event_id")
    type: str
    name: str
    mimetype: str
    date_created: datetime
    size: int
    headers: Mapping[str, str]
    sha1: str


def attachment_response(attachment: Attachment) -> AttachmentResponse:
    """Return an attachment as the API shows it."""
    return AttachmentResponse(
        id=str(attachment.id),
        event_id=attachment.event_id,
        type=attachment.type,
        name=attachment.name,
        mimetype=attachment.content_type,
        date_created=attachment.created_at,
        size=attachment.size,
        headers={"Content-Type": attachment.content_type},
        sha1=attachment.sha1,
    )


_OF_EVENT = "/projects/{organization:str}/{project:str}/events/{event:str}/attachments/"
_ONE = f"{_OF_EVENT}{{attachment:str}}/"


class AttachmentQuery(RequestModel):
    """What an attachment is shown as."""

    download: str | None = optional(
        "With any value, the response is the content itself.", example="1"
    )


@endpoint.get(_OF_EVENT, scopes=ISSUE_READ)
def list_attachments_of_event(
    context: RequestContext, event: ProjectEvent, query: PageQuery
) -> Response[list[AttachmentResponse]]:
    """List the attachments of an event, the newest first."""
    page = query.dated_page()
    with context.database.snapshot() as connection:
        rows = store.of_event(
            connection, event.project_id, event.event_id, page.position, limit=page.limit
        )
    return _listed(context, rows, page)


@endpoint.get(issue_paths("attachments/"), scopes=ISSUE_READ)
def list_attachments_of_issue(
    context: RequestContext, issue: PathIssue, query: PageQuery
) -> Response[list[AttachmentResponse]]:
    """List the attachments of all events of an issue, the newest first."""
    page = query.dated_page()
    with context.database.snapshot() as connection:
        rows = store.of_issue(connection, issue.id, page.position, limit=page.limit)
    return _listed(context, rows, page)


@endpoint.get(_ONE, scopes=ISSUE_READ, responses={200: AttachmentResponse | bytes, **PARTLY})
def get_attachment(
    context: RequestContext, event: ProjectEvent, attachment: str, query: AttachmentQuery
) -> Response[Any] | Stream:
    """Show an attachment of an event; with ``download``, its content."""
    with context.database.snapshot() as connection:
        found = _find(connection, event, attachment)
        if query.download is None:
            return Response(attachment_response(found))
        stored = organizations.options_of(connection, context.organization_id)
        if not options.may_download_attachments(stored, context.access.role):
            return Response(b"", status_code=403, media_type=OCTETS)
        pieces = file_store.pieces_of(connection, found.file_id)
    return download(context.request, attachment_content(context.blobs, found, pieces))


@endpoint.delete(_ONE, scopes=ATTACHMENT_DELETE)
def delete_attachment(context: RequestContext, event: ProjectEvent, attachment: str) -> None:
    """Delete an attachment of an event."""
    with context.database.transaction() as connection:
        found = _find(connection, event, attachment)
        actions.delete(connection, [found.id], now())


def _find(connection: Connection, event: StoredEvent, text: str) -> Attachment:
    attachment_id = require_id(text)
    return require_row(store.by_id(connection, event.project_id, event.event_id, attachment_id))


def _listed(
    context: RequestContext, rows: Sequence[Attachment], page: KeysetPage
) -> Response[list[AttachmentResponse]]:
    attachments, links = paginate_by_keyset(rows, page)
    return context.listed([attachment_response(each) for each in attachments], links)
