"""``…/issues/{issue}/attachments/{attachment}/``: the content of an attachment, a preview of an image, and deletion."""

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Stream
from sqlalchemy import Connection

from shipmark.avatars import images
from shipmark.events.attachments import actions, store
from shipmark.events.attachments.model import Attachment
from shipmark.files import piece_reader
from shipmark.files.store import files as file_store
from shipmark.http.downloads import OCTETS, attachment_content, download
from shipmark.http.scopes import ATTACHMENT_DELETE, ISSUE_READ
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, Forbidden, NotFound
from shipmark.infrastructure.ids import id_of
from shipmark.web import urls
from shipmark.web.forms import form_of
from shipmark.web.rendering import SANDBOX, Answer, redirect
from shipmark.web.request_context import InjectedWebRequest, Workspace
from shipmark.web.view_models.event_attachments import may_download
from shipmark.web.view_models.issue import require_issue

_ATTACHMENT = "/organizations/{organization:str}/issues/{issue:str}/attachments/{attachment:str}/"
_PREVIEW = {
    **SANDBOX,
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, max-age=3600",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@get(_ATTACHMENT, scopes=None, sync_to_thread=True)
def get_attachment(
    web_request: InjectedWebRequest, issue: FromPath[str], attachment: FromPath[str]
) -> Response[Any] | Stream:
    """Return an attachment as a file, or with ``preview`` a small image as an image."""
    with web_request.view() as (connection, workspace):
        found = _find(connection, workspace, issue, attachment)
        workspace.require(ISSUE_READ)
        if not may_download(connection, workspace):
            raise Forbidden
        pieces = file_store.pieces_of(connection, found.file_id)
    if "preview" not in web_request.request.query_params:
        answer = download(web_request.request, attachment_content(web_request.blobs, found, pieces))
        answer.headers.update(SANDBOX)
        return answer
    if not found.has_preview:
        raise NotFound
    content = b"".join(piece_reader.read_range(web_request.blobs, pieces))
    media_type = images.media_type(content)
    if media_type == OCTETS:
        # The sender calls something an image that is none.
        raise NotFound
    return Response(content, headers=_PREVIEW, media_type=media_type)


@post(_ATTACHMENT, scopes=None, sync_to_thread=True)
def change_attachment(
    web_request: InjectedWebRequest, issue: FromPath[str], attachment: FromPath[str], body: RawBody
) -> Answer:
    """Delete an attachment, and redirect to its event."""
    if form_of(body).get("action", "") != "delete":
        raise BadRequest("The action must be delete.")
    with web_request.change(scopes=ATTACHMENT_DELETE) as (connection, workspace):
        found = _find(connection, workspace, issue, attachment)
        actions.delete(connection, [found.id], now())
    return redirect(urls.issue(workspace.organization.slug, issue, found.event_id))


def _find(connection: Connection, workspace: Workspace, issue: str, attachment: str) -> Attachment:
    found_issue, attachment_id = require_issue(connection, workspace, issue), id_of(attachment)
    found = attachment_id and store.by_id_in_issue(connection, found_issue.id, attachment_id)
    if not found:
        raise NotFound
    return found
