"""``/api/{project}/envelope/`` and ``/store/``: the endpoints for SDKs (ingest.md 1).

The key is verified before the body is read if the request has it, and before it is decompressed in any case.
200 means that an event is in the log, on disk; the digester stores it (`digester.py`). Unsupported items
(transactions, spans …) are counted and logged, and answered with 200, so that SDKs work; SDKs are asked
to stop sending those that are not this product's subject.
"""

import json
from collections import Counter
from collections.abc import Mapping

from litestar import Response, Router, get, post
from litestar.params import FromPath

from shipmark.events.discards import QUANTITY_MAX
from shipmark.events.security_reports import ERROR
from shipmark.http import AnyRequest
from shipmark.http.error_responses import refusal_response
from shipmark.infrastructure import ids
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, Refusal, TooManyRequests
from shipmark.ingest import form_routes, report_dialog
from shipmark.ingest.admission import limits_of_refusal
from shipmark.ingest.authorization import SenderAuthorization
from shipmark.ingest.browser_reports import ReportSource, read_reports
from shipmark.ingest.crash_events import CRASH_TYPES, crash_event, sent_with_envelope
from shipmark.ingest.envelope import ATTACHMENT, EVENT, FEEDBACK, Envelope, Item, id_of
from shipmark.ingest.event_json import FORM_FIELD, event_object
from shipmark.ingest.event_log import FrameType
from shipmark.ingest.receiving import (
    EVENT_ITEM_TYPES,
    REPORT_ITEM_TYPES,
    EnvelopeReceiver,
    ReceivedEnvelope,
    ReportReceiver,
    StoreReceiver,
)
from shipmark.ingest.reception import Reception, Taken, reception_limits
from shipmark.ingest.report_items import unsupported_payload
from shipmark.ingest.session_items import SESSION_TYPES
from shipmark.ingest.taking import (
    NO_ENVELOPE,
    EventAttachments,
    Part,
    parts_of_reports,
    parts_of_sessions,
    take,
)

Accepted = Response[dict[str, str]]
_NO_EVENT_ID = "missing event_id: attachments belong to an event"


@post(["/{project:str}/envelope"], status_code=200, scopes=None, streams_body=True)
async def receive_envelope(request: AnyRequest, project: FromPath[str]) -> Accepted:
    """Receive an envelope."""
    sender = SenderAuthorization(request, project)
    receiver = EnvelopeReceiver(sender, *reception_limits(request))
    taken = await Reception("ingest.envelope", request, sender, receiver, _take_envelope).run()
    return _accepted(taken)


@post(["/{project:str}/store"], status_code=200, scopes=None, streams_body=True)
async def receive_event(request: AnyRequest, project: FromPath[str]) -> Accepted:
    """Receive a single event, as older SDKs send it."""
    sender = SenderAuthorization(request, project)
    charset = request.content_type[1].get("charset", "")
    receiver = StoreReceiver(sender, *reception_limits(request), charset)
    reception = Reception("ingest.store", request, sender, receiver, _take_event)
    return _accepted(await reception.run())


@post(
    ["/{project:str}/security", "/{project:str}/csp-report"],
    status_code=200,
    scopes=None,
    streams_body=True,
)
async def receive_reports(request: AnyRequest, project: FromPath[str]) -> Accepted:
    """Receive what a browser reports about violated policies: one report, or a list."""
    sender = SenderAuthorization(request, project)
    receiver = ReportReceiver(sender, *reception_limits(request))
    reception = Reception("ingest.security", request, sender, receiver, _take_reports)
    return _accepted(await reception.run())


@get(["/{project:str}/store"], status_code=200, scopes=None)
async def receive_event_by_query(request: AnyRequest, project: FromPath[str]) -> Accepted:
    """Receive a single event in the query, as the oldest clients of browsers send it."""
    sender = SenderAuthorization(request, project)
    receiver = StoreReceiver(sender, *reception_limits(request))
    content = request.query_params.get(FORM_FIELD, "").encode()
    if not content:
        raise BadRequest(f"missing {FORM_FIELD}")
    reception = Reception("ingest.store", request, sender, receiver, _take_event)
    return _accepted(await reception.finish(content))


def _accepted(taken: Taken) -> Accepted:
    headers = {"X-Sentry-Rate-Limits": taken.limits} if taken.limits else None
    return Response({"id": taken.event_id} if taken.event_id else {}, headers=headers)


def _take_envelope(
    request: AnyRequest, sender: SenderAuthorization, received: ReceivedEnvelope
) -> Taken:
    """Log the event or feedback of an envelope, if any, its attachments, and the other items that are stored."""
    envelope = received.envelope
    event_id = _event_id_of(envelope)
    parts = [*_parts_of_items(envelope, event_id), *parts_of_sessions(envelope)]
    others = _unstored_items(envelope)
    for item in envelope.items:
        if item.type in REPORT_ITEM_TYPES:
            reports = read_reports(item.payload, _source_of(request, item.headers))
            parts += parts_of_reports(reports, envelope)
            others.update(reports.others)
            event_id = parts[-1].event_id if reports.events else event_id
    attachments, number = None, len(received.attachments.received)
    # Those of an event that is not stored, such as a transaction, are not stored either.
    if any(item.type in _UNSTORED_EVENTS for item in envelope.items):
        others += Counter({ATTACHMENT: number})
    elif number:
        attachments = _attachments_of(received, parts, event_id)
        event_id = attachments.event_id
    if received.unnamed:
        payload = unsupported_payload({ATTACHMENT: received.unnamed})
        parts.append(Part(FrameType.INVALID, payload, None, ATTACHMENT))
    return take(
        request,
        sender,
        parts,
        event_id=event_id,
        attachments=attachments,
        others=others,
        sent_at=envelope.sent_at,
    )


def _event_id_of(envelope: Envelope) -> str | None:
    """Return the id of the event or feedback of an envelope, else what the header says."""
    for item in envelope.items:
        if item.type in {EVENT, FEEDBACK}:
            return id_of(event_object(item.payload), envelope)
    return envelope.event_id


def _parts_of_items(envelope: Envelope, event_id: str | None) -> list[Part]:
    """Return the parts of the items of which each has a frame."""
    return [
        Part(_FRAME_TYPES[item.type], item.payload, event_id, _CATEGORIES[item.type])
        for item in envelope.items
        if item.type in _FRAME_TYPES
    ]


def _unstored_items(envelope: Envelope) -> Counter[str]:
    """Return how many items there are of each type that is not stored."""
    numbers = Counter[str]()
    for item in envelope.items:
        if item.type not in _STORED:
            numbers[item.type] += _quantity_of(item)
    return numbers


def _quantity_of(item: Item) -> int:
    """Return how many logs or spans an item has: they are sent in batches (ingest.md 3.2)."""
    number = item.headers.get("item_count")
    return min(number, QUANTITY_MAX) if type(number) is int and number > 0 else 1


def _attachments_of(
    received: ReceivedEnvelope, parts: list[Part], event_id: str | None
) -> EventAttachments:
    """Return the attachments with their event, which is added to the parts for a crash that has none."""
    has_event = any(part.type is FrameType.EVENT for part in parts)
    is_feedback = any(part.type is FrameType.FEEDBACK for part in parts)
    crash = None if has_event or is_feedback else _crash_of(received)
    if crash is not None:
        event_id = event_id or ids.hex32()
        parts.append(Part(FrameType.EVENT, crash, event_id, ERROR))
    if event_id is None:
        raise BadRequest(_NO_EVENT_ID)
    return EventAttachments(
        spooler=received.attachments,
        event_id=event_id,
        is_sent_with_event=has_event or crash is not None,
    )


def _crash_of(received: ReceivedEnvelope) -> bytes | None:
    """Return the event of a minidump or crash report that has none in its envelope, if there is one."""
    types = [attachment.attachment_type for attachment in received.attachments.received]
    crash_type = next((kind for kind in types if kind in CRASH_TYPES), None)
    if crash_type is None:
        return None
    return json.dumps(
        crash_event(crash_type, sent_with_envelope(received.envelope.headers))
    ).encode()


def _take_event(request: AnyRequest, sender: SenderAuthorization, content: bytes) -> Taken:
    """Log an event without an envelope."""
    event = event_object(content)
    event_id = id_of(event, NO_ENVELOPE)
    # SDKs that know no envelopes send transactions here too.
    if event.get("type") == _TRANSACTION:
        return take(request, sender, [], event_id=event_id, others=Counter({_TRANSACTION: 1}))
    part = Part(FrameType.EVENT, content, event_id, ERROR)
    return take(request, sender, [part], event_id=event_id, sent_at=sender.sent_at)


def _take_reports(request: AnyRequest, sender: SenderAuthorization, content: bytes) -> Taken:
    """Log the reports of a browser, an event for each."""
    reports = read_reports(content, _source_of(request, request.query_params))
    parts = parts_of_reports(reports, NO_ENVELOPE)
    event_id = parts[0].event_id if parts else None
    return take(request, sender, parts, event_id=event_id, others=reports.others)


def _source_of(request: AnyRequest, values: Mapping[str, object]) -> ReportSource:
    """Return what the request tells of its reports; ``values`` are its query, or the headers of an item."""
    release, environment = (values.get(f"sentry_{name}") for name in ("release", "environment"))
    return ReportSource(
        release=release if isinstance(release, str) else None,
        environment=environment if isinstance(environment, str) else None,
        user_agent=request.headers.get("user-agent"),
        received_at=now(),
    )


#: The types of items that are stored, with those of their frames.
_FRAME_TYPES = {
    EVENT: FrameType.EVENT,
    FEEDBACK: FrameType.FEEDBACK,
    "user_report": FrameType.USER_REPORT,
    "client_report": FrameType.CLIENT_REPORT,
}
#: Their categories of data.
_CATEGORIES = {
    EVENT: ERROR,
    FEEDBACK: "feedback",
    "user_report": "feedback",
    "client_report": "internal",
}
_STORED = frozenset({*_FRAME_TYPES, *REPORT_ITEM_TYPES, *SESSION_TYPES, ATTACHMENT})
#: The types of events that are not stored.
_TRANSACTION = "transaction"
_UNSTORED_EVENTS = EVENT_ITEM_TYPES - _STORED


def ingest_refusal(request: AnyRequest, refusal: Refusal) -> Response[object]:
    """Return the response for a refusal: SDKs read reason and delay from headers too (ingest.md 1.1, 4.1)."""
    answer = refusal_response(request, refusal)
    if isinstance(refusal, TooManyRequests):
        answer.headers["X-Sentry-Rate-Limits"] = limits_of_refusal(refusal)
    reason = str(refusal).encode("ascii", "replace").decode().replace("\n", " ")
    answer.headers["X-Sentry-Error"] = reason
    return answer


def router(body_max_bytes: int) -> Router:
    """Return the routes, with the limit of a body as sent."""
    return Router(
        "/api",
        route_handlers=[
            receive_envelope,
            receive_event,
            receive_event_by_query,
            receive_reports,
            form_routes.receive_minidump,
            form_routes.receive_attachments,
            form_routes.refuse_unreal_crash,
            report_dialog.get_report_dialog,
            report_dialog.receive_report_of_dialog,
        ],
        exception_handlers={Refusal: ingest_refusal},
        request_max_body_size=body_max_bytes,
    )
