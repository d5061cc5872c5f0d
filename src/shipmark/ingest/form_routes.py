"""``/api/{project}/minidump/`` and ``/attachments/{event_id}/``: files of crash reporters (ingest.md 1).

``/unreal/{key}/`` is refused: what it would receive can't be read.
"""

import json
from uuid import UUID

from litestar import Response, post
from litestar.params import FromPath

from shipmark.events.attachments.model import MINIDUMP
from shipmark.events.security_reports import ERROR
from shipmark.http import AnyRequest
from shipmark.infrastructure.errors import BadRequest, Unsupported
from shipmark.ingest.authorization import SenderAuthorization
from shipmark.ingest.crash_events import crash_event, sent_with_form
from shipmark.ingest.envelope import event_id_of, id_of
from shipmark.ingest.event_log import FrameType
from shipmark.ingest.form_receiving import FormReceiver, ReceivedForm
from shipmark.ingest.reception import Reception, Taken, reception_limits
from shipmark.ingest.taking import NO_ENVELOPE, EventAttachments, Part, take

_UNREAL = (
    "Crash archives of Unreal Engine are not supported. Send minidumps to /api/{project}/minidump/."
)
_BAD_EVENT_ID = "invalid event id"


@post(["/{project:str}/minidump"], status_code=200, scopes=None, streams_body=True)
async def receive_minidump(request: AnyRequest, project: FromPath[str]) -> Response[str]:
    """Receive a minidump, by itself or as a file of a form, whose other files are attachments."""
    sender = SenderAuthorization(request, project)
    receiver = FormReceiver(
        sender, *reception_limits(request), content_type=_content_type(request), needs_minidump=True
    )
    taken = await Reception("ingest.minidump", request, sender, receiver, _take_minidump).run()
    # Crash reporters show it to their users.
    return Response(str(UUID(taken.event_id)), media_type="text/plain")


@post(
    ["/{project:str}/attachments/{event_id:str}"], status_code=200, scopes=None, streams_body=True
)
async def receive_attachments(
    request: AnyRequest, project: FromPath[str], event_id: FromPath[str]
) -> Response[dict[str, str]]:
    """Receive further attachments of an event, as the files of a form."""
    sender = SenderAuthorization(request, project)
    try:
        known_id = event_id_of(event_id)
    except BadRequest:
        raise BadRequest(_BAD_EVENT_ID) from None
    receiver = FormReceiver(
        sender,
        *reception_limits(request),
        content_type=_content_type(request),
        needs_minidump=False,
    )

    def take_files(
        request: AnyRequest, sender: SenderAuthorization, received: ReceivedForm
    ) -> Taken:
        attachments = EventAttachments(
            spooler=received.attachments, event_id=known_id, is_sent_with_event=False
        )
        return take(request, sender, [], event_id=known_id, attachments=attachments)

    taken = await Reception("ingest.attachments", request, sender, receiver, take_files).run()
    return Response({"id": taken.event_id or ""})


@post(["/{project:str}/unreal/{key:str}"], status_code=200, scopes=None, streams_body=True)
async def refuse_unreal_crash(project: FromPath[str], key: FromPath[str]) -> Response[str]:  # noqa: ARG001  # of the path
    """Refuse a crash of Unreal Engine: 415, which its crash reporter does not repeat."""
    raise Unsupported(_UNREAL)


def _take_minidump(
    request: AnyRequest, sender: SenderAuthorization, received: ReceivedForm
) -> Taken:
    """Log the event of a minidump, and the files of the form."""
    sent = sent_with_form(received.fields, received.event)
    event_id = id_of(sent, NO_ENVELOPE)
    event = json.dumps(crash_event(MINIDUMP, sent)).encode()
    attachments = EventAttachments(
        spooler=received.attachments, event_id=event_id, is_sent_with_event=True
    )
    part = Part(FrameType.EVENT, event, event_id, ERROR)
    return take(request, sender, [part], event_id=event_id, attachments=attachments)


def _content_type(request: AnyRequest) -> str:
    return request.headers.get("content-type", "")
