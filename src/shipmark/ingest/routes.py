"""``/api/{project}/envelope/`` and ``/store/``: the endpoints for SDKs (ingest.md 1).

The key is verified before the body is read if the request has it, and before it is decompressed in any case.
200 means that an event is in the log, on disk; the digester stores it (`digester.py`). Unsupported items
(sessions, transactions …) are counted and logged, and answered with 200, so that SDKs work; SDKs are asked
to stop sending those that are not this product's subject.
"""

import json
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future

from litestar import Response, Router, get, post
from litestar.params import FromPath

from shipmark.http import AnyRequest
from shipmark.http.error_responses import refusal_response
from shipmark.infrastructure import ids
from shipmark.infrastructure.errors import BadRequest, Refusal, TooManyRequests
from shipmark.infrastructure.telemetry import count, log
from shipmark.ingest import form_routes
from shipmark.ingest.authorization import SenderAuthorization
from shipmark.ingest.crash_events import CRASH_TYPES, crash_event, sent_with_envelope
from shipmark.ingest.envelope import ATTACHMENT, EVENT, FEEDBACK, Envelope, id_of
from shipmark.ingest.event_json import FORM_FIELD, event_object
from shipmark.ingest.event_log import FrameType, LogWriter
from shipmark.ingest.rate_limits import limits_of_unsupported
from shipmark.ingest.receiving import (
    EVENT_ITEM_TYPES,
    EnvelopeReceiver,
    ReceivedEnvelope,
    StoreReceiver,
)
from shipmark.ingest.reception import FrameFactory, Reception, Taken, append, reception_limits
from shipmark.ingest.report_items import unsupported_payload

Accepted = Response[dict[str, str]]
_NO_EVENT_ID = "missing event_id: attachments belong to an event"


@post(["/{project:str}/envelope"], status_code=200, scopes=None, streams_body=True)
async def receive_envelope(request: AnyRequest, project: FromPath[str]) -> Accepted:
    """Receive an envelope."""
    sender = SenderAuthorization(request, project)
    receiver = EnvelopeReceiver(sender, *reception_limits(request))
    taken = await Reception("ingest.envelope", request, sender).run(receiver, _take_envelope)
    return _accepted(taken)


@post(["/{project:str}/store"], status_code=200, scopes=None, streams_body=True)
async def receive_event(request: AnyRequest, project: FromPath[str]) -> Accepted:
    """Receive a single event, as older SDKs send it."""
    sender = SenderAuthorization(request, project)
    receiver = StoreReceiver(sender, *reception_limits(request))
    return _accepted(await Reception("ingest.store", request, sender).run(receiver, _take_event))


@get(["/{project:str}/store"], status_code=200, scopes=None)
async def receive_event_by_query(request: AnyRequest, project: FromPath[str]) -> Accepted:
    """Receive a single event in the query, as the oldest clients of browsers send it."""
    sender = SenderAuthorization(request, project)
    receiver = StoreReceiver(sender, *reception_limits(request))
    content = request.query_params.get(FORM_FIELD, "").encode()
    if not content:
        raise BadRequest(f"missing {FORM_FIELD}")
    reception = Reception("ingest.store", request, sender)
    return _accepted(await reception.finish(receiver, content, _take_event))


def _accepted(taken: Taken) -> Accepted:
    headers = {"X-Sentry-Rate-Limits": taken.limits} if taken.limits else None
    return Response({"id": taken.event_id} if taken.event_id else {}, headers=headers)


def _take_envelope(
    request: AnyRequest, sender: SenderAuthorization, received: ReceivedEnvelope
) -> Taken:
    """Log the event or feedback of an envelope, if any, its attachments, and the other items that are stored."""
    envelope = received.envelope
    event_id, types = envelope.event_id, {item.type for item in envelope.items}
    event = next((item for item in envelope.items if item.type in {EVENT, FEEDBACK}), None)
    if event is not None:
        event_id = id_of(event_object(event.payload), envelope)
    factory = FrameFactory(request, sender, envelope.sent_at)
    frames = [
        factory.frame(_FRAME_TYPES[item.type], item.payload, event_id)
        for item in envelope.items
        if item.type in _FRAME_TYPES
    ]
    spooler = received.attachments
    # Those of an event that is not stored, such as a transaction, are not stored either.
    has_attachments = bool(spooler.received) and not types & _UNSTORED_EVENTS
    if has_attachments:
        crash = _crash_of(received) if event is None else None
        if crash is not None:
            event_id = event_id or ids.hex32()
            frames.append(factory.frame(FrameType.EVENT, crash, event_id))
        if event_id is None:
            raise BadRequest(_NO_EVENT_ID)
        has_event = crash is not None or EVENT in types
        frames += factory.attachments(spooler, event_id, is_sent_with_event=has_event)
    if received.unnamed:
        payload = unsupported_payload({ATTACHMENT: received.unnamed})
        frames.append(factory.frame(FrameType.INVALID, payload, None))
    written = append(request, frames, spooler)
    others = _others(envelope, len(spooler.received) if not has_attachments else 0)
    written += _count_others(request, sender, factory, others)
    return Taken(event_id=event_id, limits=limits_of_unsupported(types), written=written)


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
    received = Envelope(headers={}, event_id=None, sent_at=None, dsn=None, items=())
    event_id = id_of(event_object(content), received)
    frame = FrameFactory(request, sender, None).frame(FrameType.EVENT, content, event_id)
    writer: LogWriter = request.app.state.event_log
    return Taken(event_id=event_id, written=[writer.append(frame)])


def _others(envelope: Envelope, attachments: int) -> Mapping[str, int]:
    """Return the numbers of items that are not stored, by their type."""
    stored = {*_FRAME_TYPES, ATTACHMENT}
    kinds = Counter(item.type for item in envelope.items if item.type not in stored)
    return kinds + Counter({ATTACHMENT: attachments})


def _count_others(
    request: AnyRequest,
    sender: SenderAuthorization,
    factory: FrameFactory,
    kinds: Mapping[str, int],
) -> list[Future[None]]:
    """Count and log the items that are not stored."""
    if not kinds:
        return []
    for kind, number in kinds.items():
        count("items_not_stored", kind if kind in _KNOWN else "unknown", number)
    log.info(
        "Items of an envelope are not stored yet", project=sender.known.slug, items=dict(kinds)
    )
    payload = unsupported_payload(kinds)
    writer: LogWriter = request.app.state.event_log
    try:
        return [writer.append(factory.frame(FrameType.UNSUPPORTED, payload, None))]
    except TooManyRequests:
        # What is not stored is no reason to send an envelope again.
        return []


#: The types of items that are stored, with those of their frames.
_FRAME_TYPES = {
    EVENT: FrameType.EVENT,
    FEEDBACK: FrameType.FEEDBACK,
    "user_report": FrameType.USER_REPORT,
    "client_report": FrameType.CLIENT_REPORT,
}
#: The types of events that are not stored.
_UNSTORED_EVENTS = EVENT_ITEM_TYPES - set(_FRAME_TYPES)
_KNOWN = EVENT_ITEM_TYPES | {
    "session", "sessions", ATTACHMENT, "check_in", "replay_event",
    "replay_recording", "replay_video", "profile", "profile_chunk", "statsd", "metric_meta", "span", "log",
    "trace_metric", "nel", "otel_span",
}  # fmt: skip


def ingest_refusal(request: AnyRequest, refusal: Refusal) -> Response[object]:
    """Return the response for a refusal: SDKs read reason and delay from headers too (ingest.md 1.1, 4.1)."""
    answer = refusal_response(request, refusal)
    if isinstance(refusal, TooManyRequests):
        answer.headers["X-Sentry-Rate-Limits"] = f"{refusal.retry_after_seconds}::key:overloaded"
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
            form_routes.receive_minidump,
            form_routes.receive_attachments,
            form_routes.refuse_unreal_crash,
        ],
        exception_handlers={Refusal: ingest_refusal},
        request_max_body_size=body_max_bytes,
    )
