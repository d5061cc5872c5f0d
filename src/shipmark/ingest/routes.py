"""``/api/{project}/envelope/``, ``store/`` and ``security/``: the endpoints for SDKs and browsers (ingest.md 1).

The key is verified before the body is read if the request has it, and before it is decompressed in any case.
200 means that an event is in the log, on disk; the digester stores it (`digester.py`). Unsupported items
(sessions, transactions, attachments …) are counted and logged, and answered with 200, so that SDKs work; SDKs are asked
to stop sending those that are not this product's subject.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import ParamSpec, Protocol, TypeVar

from litestar import Response, Router, get, post
from litestar.params import FromPath

from shipmark.events.discards import UNKNOWN
from shipmark.events.security_reports import ERROR
from shipmark.events.sender import Sender
from shipmark.http import AnyRequest
from shipmark.http.body_budget import Reservation
from shipmark.http.client_address import client_address
from shipmark.http.connections import is_small, reservation_of
from shipmark.http.error_responses import refusal_response
from shipmark.http.multipart import threaded
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, Refusal, TooManyRequests
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import count, log, span
from shipmark.ingest.admission import ATTACHMENT, Admission
from shipmark.ingest.authorization import SenderAuthorization
from shipmark.ingest.browser_reports import ReportSource, read_reports
from shipmark.ingest.envelope import EVENT, FEEDBACK, Envelope, id_of
from shipmark.ingest.event_json import FORM_FIELD, event_object
from shipmark.ingest.event_log import FrameType, LogFrame, LogWriter
from shipmark.ingest.parts import NO_ENVELOPE, Part, parts_of_reports
from shipmark.ingest.rate_limits import limits_of_refusal, limits_of_unsupported
from shipmark.ingest.receiving import (
    EVENT_ITEM_TYPES,
    REPORT_ITEM_TYPES,
    EnvelopeReceiver,
    ReportReceiver,
    StoreReceiver,
)
from shipmark.ingest.report_items import unsupported_payload

Accepted = Response[dict[str, str]]
P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
#: The bytes of a body that are received before they are decompressed.
_BATCH_BYTES = 128 * 1024
#: A body up to this size is processed in the event loop; it unpacks to at most a thousand times as much.
_QUICK_BYTES = 16 * 1024
#: Separate threads, so that requests of SDKs never block other requests.
_THREADS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="ingest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What was taken in: the id for the answer, the limits that the sender must respect, and when it is on disk."""

    event_id: str | None
    limits: str | None = None
    written: Sequence[Future[None]] = ()


class _Receiver(Protocol[T_co]):
    """Receives a body batch by batch, always in a thread."""

    def feed(self, batch: bytes) -> None: ...

    def finish(self) -> T_co: ...


@post(["/{project:str}/envelope"], status_code=200, scopes=None, streams_body=True)
async def receive_envelope(request: AnyRequest, project: FromPath[str]) -> Accepted:
    """Receive an envelope."""
    sender = SenderAuthorization(request, project)
    receiver = EnvelopeReceiver(sender, *_limits(request))
    return await _Reception("ingest.envelope", request, sender).run(receiver, _take_envelope)


@post(["/{project:str}/store"], status_code=200, scopes=None, streams_body=True)
async def receive_event(request: AnyRequest, project: FromPath[str]) -> Accepted:
    """Receive a single event, as older SDKs send it."""
    sender = SenderAuthorization(request, project)
    receiver = StoreReceiver(sender, *_limits(request))
    return await _Reception("ingest.store", request, sender).run(receiver, _take_event)


@post(
    ["/{project:str}/security", "/{project:str}/csp-report"],
    status_code=200,
    scopes=None,
    streams_body=True,
)
async def receive_reports(request: AnyRequest, project: FromPath[str]) -> Accepted:
    """Receive what a browser reports about violated policies: one report, or a list."""
    sender = SenderAuthorization(request, project)
    receiver = ReportReceiver(sender, *_limits(request))
    return await _Reception("ingest.security", request, sender).run(receiver, _take_reports)


@get(["/{project:str}/store"], status_code=200, scopes=None)
async def receive_event_by_query(request: AnyRequest, project: FromPath[str]) -> Accepted:
    """Receive a single event in the query, as the oldest clients of browsers send it."""
    sender = SenderAuthorization(request, project)
    receiver = StoreReceiver(sender, *_limits(request))
    content = request.query_params.get(FORM_FIELD, "").encode()
    if not content:
        raise BadRequest(f"missing {FORM_FIELD}")
    return await _Reception("ingest.store", request, sender).finish(receiver, content, _take_event)


def _limits(request: AnyRequest) -> tuple[str, Settings, Reservation]:
    encoding = request.headers.get("content-encoding", "")
    return encoding, request.app.state.settings, reservation_of(request.scope)


@dataclass(frozen=True, slots=True)
class _Reception:
    """Receives the body of a request and processes it."""

    step: str
    request: AnyRequest
    sender: SenderAuthorization

    async def run(
        self, receiver: _Receiver[T], take: Callable[[AnyRequest, SenderAuthorization, T], Taken]
    ) -> Accepted:
        """Read a small body at once; verify the key of a large one before it is read, if the request has it."""
        try:
            rest = await self._read(receiver)
        except Refusal as refusal:
            if isinstance(refusal, TooManyRequests):
                self._count_overload()
            with span(self.step):
                raise

        return await self.finish(receiver, rest, take)

    async def finish(
        self,
        receiver: _Receiver[T],
        rest: bytes,
        take: Callable[[AnyRequest, SenderAuthorization, T], Taken],
    ) -> Accepted:
        """Feed the receiver with the rest of the body, and process what it received."""

        def finished() -> Taken:
            # As many as events: a line for each would take as long as all the rest.
            with span(self.step, "debug") as tags:
                content = self._received(receiver, rest)
                tags["project"] = self.sender.known.slug
                return take(self.request, self.sender, content)

        # A thread takes longer than a small event. Its key is known, so that nothing waits for the database.
        is_quick = len(rest) <= _QUICK_BYTES and self.sender.is_remembered
        taken = finished() if is_quick else await _in_thread(finished)
        for written in taken.written:
            await asyncio.wrap_future(written)
        headers = {"X-Sentry-Rate-Limits": taken.limits} if taken.limits else None
        return Response({"id": taken.event_id} if taken.event_id else {}, headers=headers)

    def _received(self, receiver: _Receiver[T], rest: bytes) -> T:
        try:
            receiver.feed(rest)
            return receiver.finish()
        except TooManyRequests:
            self._count_overload()
            raise

    def _count_overload(self) -> None:
        """Count a request whose body is not held for want of memory: what is in it is unknown."""
        if self.sender.is_known:
            admission: Admission = self.request.app.state.admission
            admission.count_overload(self.sender.key, [UNKNOWN])

    async def _read(self, receiver: _Receiver[T]) -> bytes:
        """Feed the receiver with the body except its last batch, which is returned."""
        if self.sender.has_key and not is_small(self.request.headers, _BATCH_BYTES):
            await threaded(self.sender.project)
        batch, gathered = list[bytes](), 0
        async for content in self.request.stream():
            batch.append(content)
            gathered += len(content)
            if gathered >= _BATCH_BYTES:
                await _in_thread(receiver.feed, b"".join(batch))
                batch, gathered = [], 0
        return b"".join(batch)


async def _in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_THREADS, partial(call, *args, **kwargs))


def _take_envelope(request: AnyRequest, sender: SenderAuthorization, received: Envelope) -> Taken:
    """Log the event or feedback of an envelope, if any, and the other items that are stored."""
    event_id = received.event_id
    event = next((item for item in received.items if item.type in {EVENT, FEEDBACK}), None)
    if event is not None:
        event_id = id_of(event_object(event.payload), received)
    parts = [
        Part(_FRAME_TYPES[item.type], item.payload, event_id, _CATEGORIES[item.type])
        for item in received.items
        if item.type in _FRAME_TYPES
    ]
    others = Counter(item.type for item in received.items if item.type not in _STORED)
    for item in received.items:
        if item.type in REPORT_ITEM_TYPES:
            reports = read_reports(item.payload, _source_of(request, item.headers))
            parts += parts_of_reports(reports, received)
            others.update(reports.others)
            event_id = parts[-1].event_id if reports.events else event_id
    return _take(request, sender, parts, others, sent_at=received.sent_at, event_id=event_id)


def _take_event(request: AnyRequest, sender: SenderAuthorization, content: bytes) -> Taken:
    """Log an event without an envelope."""
    event_id = id_of(event_object(content), NO_ENVELOPE)
    part = Part(FrameType.EVENT, content, event_id, ERROR)
    return _take(request, sender, [part], Counter(), event_id=event_id)


def _take_reports(request: AnyRequest, sender: SenderAuthorization, content: bytes) -> Taken:
    """Log the reports of a browser, an event for each."""
    reports = read_reports(content, _source_of(request, request.query_params))
    parts = parts_of_reports(reports, NO_ENVELOPE)
    event_id = parts[0].event_id if parts else None
    return _take(request, sender, parts, reports.others, event_id=event_id)


def _source_of(request: AnyRequest, values: Mapping[str, object]) -> ReportSource:
    """Return what the request tells of its reports; ``values`` are its query, or the headers of an item."""
    release, environment = (values.get(f"sentry_{name}") for name in ("release", "environment"))
    return ReportSource(
        release=release if isinstance(release, str) else None,
        environment=environment if isinstance(environment, str) else None,
        user_agent=request.headers.get("user-agent"),
        received_at=now(),
    )


def _take(
    request: AnyRequest,
    sender: SenderAuthorization,
    parts: Sequence[Part],
    others: Counter[str],
    *,
    sent_at: datetime | None = None,
    event_id: str | None,
) -> Taken:
    """Log the parts of a request that are within the rate limits, and count its other items by their types.

    Raise `TooManyRequests` if nothing is left.
    """
    admission: Admission = request.app.state.admission
    verdict = admission.admit(sender.key, [part.category for part in parts], others[ATTACHMENT])
    kept = [part for part, is_kept in zip(parts, verdict.kept, strict=True) if is_kept]
    if verdict.drops_attachments:
        others = Counter({kind: others[kind] for kind in others if kind != ATTACHMENT})
    if len(kept) < len(parts) and not kept and not others:
        raise verdict.refusal()
    written = list[Future[None]]()
    try:
        for part in kept:
            written.append(
                _append(request, sender, part.type, part.content, sent_at, part.event_id)
            )
    except TooManyRequests:
        lost = [part.category for part in kept[len(written) :]]
        admission.count_overload(sender.key, lost)
        raise
    written += _count_others(request, sender, others)
    limits = filter(None, [verdict.limits, limits_of_unsupported(others)])
    return Taken(event_id=event_id, limits=", ".join(limits) or None, written=written)


def _append(
    request: AnyRequest,
    sender: SenderAuthorization,
    frame_type: FrameType,
    content: bytes,
    sent_at: datetime | None,
    event_id: str | None,
) -> Future[None]:
    """Append the JSON of an item to the log; the digester stores it."""
    writer: LogWriter = request.app.state.event_log
    frame = LogFrame(
        type=frame_type,
        project_id=sender.known.id,
        received_at=now(),
        payload=content,
        event_id=event_id or "",
        sent_at=sent_at,
        sender=Sender(
            address=client_address(request, request.app.state.settings),
            user_agent=request.headers.get("user-agent"),
        ),
    )
    return writer.append(frame)


def _count_others(
    request: AnyRequest, sender: SenderAuthorization, kinds: Mapping[str, int]
) -> list[Future[None]]:
    """Count and log the items that are not stored, by their types."""
    if not kinds:
        return []
    for kind, number in kinds.items():
        count("items_not_stored", kind if kind in _KNOWN else "unknown", number)
    log.info(
        "Items of an envelope are not stored yet", project=sender.known.slug, items=dict(kinds)
    )
    payload = unsupported_payload(kinds)
    try:
        return [_append(request, sender, FrameType.UNSUPPORTED, payload, None, None)]
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
#: Their categories of data.
_CATEGORIES = {
    EVENT: ERROR,
    FEEDBACK: "feedback",
    "user_report": "feedback",
    "client_report": "internal",
}
_STORED = frozenset({*_FRAME_TYPES, *REPORT_ITEM_TYPES})
_KNOWN = EVENT_ITEM_TYPES | {
    "session", "sessions", "attachment", "check_in", "replay_event",
    "replay_recording", "replay_video", "profile", "profile_chunk", "statsd", "metric_meta", "span", "log",
    "trace_metric", "nel", "otel_span",
}  # fmt: skip


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
        ],
        exception_handlers={Refusal: ingest_refusal},
        request_max_body_size=body_max_bytes,
    )
