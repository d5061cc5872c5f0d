"""Taking in the parts of a request: what is within the rate limits is appended to the log, the rest is counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

import msgspec

from shipmark.events.security_reports import SECURITY
from shipmark.http import AnyRequest
from shipmark.infrastructure.errors import TooManyRequests
from shipmark.infrastructure.telemetry import count, log
from shipmark.ingest.admission import Admission, limits_of_unsupported
from shipmark.ingest.attachment_spooling import AttachmentSpooler
from shipmark.ingest.authorization import SenderAuthorization
from shipmark.ingest.browser_reports import BrowserReports
from shipmark.ingest.envelope import ATTACHMENT, Envelope, EnvelopeHeader, id_of
from shipmark.ingest.event_log import FrameType, LogFrame, LogWriter
from shipmark.ingest.receiving import EVENT_ITEM_TYPES
from shipmark.ingest.reception import FrameFactory, Taken
from shipmark.ingest.report_items import unsupported_payload
from shipmark.ingest.session_items import SESSION, SESSION_TYPES, sessions_payload

_KNOWN = EVENT_ITEM_TYPES | {
    ATTACHMENT, "check_in", "replay_event",
    "replay_recording", "replay_video", "profile", "profile_chunk", "statsd", "metric_meta", "span", "log",
    "trace_metric", "nel", "otel_span",
}  # fmt: skip
#: The envelope of what is sent without one.
NO_ENVELOPE = Envelope(headers={}, event_id=None, sent_at=None, dsn=None, items=())


@dataclass(frozen=True, slots=True)
class Part:
    """A frame to append, for a number of items. The category is that of rate limits (ingest.md 4.1)."""

    type: FrameType
    content: bytes
    event_id: str | None
    category: str
    quantity: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAttachments:
    """The attachments of a request, and the event that they belong to."""

    spooler: AttachmentSpooler
    event_id: str
    is_sent_with_event: bool

    @property
    def number(self) -> int:
        """Return how many there are."""
        return len(self.spooler.received)

    def frames(self, factory: FrameFactory) -> list[LogFrame]:
        """Return their frames, once the contents are on disk."""
        return factory.attachments(
            self.spooler, self.event_id, is_sent_with_event=self.is_sent_with_event
        )


def take(
    request: AnyRequest,
    sender: SenderAuthorization,
    parts: Sequence[Part],
    *,
    event_id: str | None,
    attachments: EventAttachments | None = None,
    others: Counter[str] | None = None,
    sent_at: datetime | None = None,
) -> Taken:
    """Append the parts of a request that are within the rate limits, and count its other items by their types.

    Parts and attachments are appended together or not at all. Attachments are dropped with their event. Raise
    `TooManyRequests` if nothing is left.
    """
    others = others or Counter()
    number = attachments.number if attachments else others[ATTACHMENT]
    admission: Admission = request.app.state.admission
    verdict = admission.admit(sender.key, [part.category for part in parts], number)
    kept = [part for part, is_kept in zip(parts, verdict.kept, strict=True) if is_kept]
    if verdict.drops_attachments:
        attachments = None
        others = Counter({kind: others[kind] for kind in others if kind != ATTACHMENT})
    if len(kept) < len(parts) and not kept and not others:
        raise verdict.refusal()
    factory = FrameFactory(request, sender, sent_at)
    frames = [factory.frame(part.type, part.content, part.event_id) for part in kept]
    frames += attachments.frames(factory) if attachments else []
    try:
        written = _append(request, frames, attachments)
    except TooManyRequests:
        lost = [part.category for part in kept for _ in range(part.quantity)]
        lost += [ATTACHMENT] * (attachments.number if attachments else 0)
        admission.count_overload(sender.key, lost)
        raise
    written += _count_others(request, sender, factory, others)
    limits = filter(None, [verdict.limits, limits_of_unsupported(others)])
    return Taken(event_id=event_id, limits=", ".join(limits) or None, written=written)


def _append(
    request: AnyRequest, frames: Sequence[LogFrame], attachments: EventAttachments | None
) -> list[Future[None]]:
    writer: LogWriter = request.app.state.event_log
    if not frames:
        return []
    written = writer.append(*frames)
    if attachments:
        attachments.spooler.hand_over(written)
    return [written]


def _count_others(
    request: AnyRequest,
    sender: SenderAuthorization,
    factory: FrameFactory,
    kinds: Mapping[str, int],
) -> list[Future[None]]:
    """Count and log the items that are not stored, by their types."""
    if not kinds:
        return []
    for kind, number in kinds.items():
        count("items_not_stored", kind if kind in _KNOWN else "unknown", number)
    log.info("Items of an envelope are not stored", project=sender.known.slug, items=dict(kinds))
    frame = factory.frame(FrameType.UNSUPPORTED, unsupported_payload(kinds), None)
    try:
        return _append(request, [frame], None)
    except TooManyRequests:
        # What is not stored is no reason to send an envelope again.
        return []


def parts_of_sessions(envelope: Envelope) -> list[Part]:
    """Return the one part of an envelope's sessions, if it has any."""
    items = [item for item in envelope.items if item.type in SESSION_TYPES]
    if not items:
        return []
    return [Part(FrameType.SESSIONS, sessions_payload(items), None, SESSION, len(items))]


def parts_of_reports(reports: BrowserReports, received: EnvelopeHeader) -> list[Part]:
    """Return the events of reports; the id of an envelope is that of the first."""
    parts = list[Part]()
    for payload in reports.events:
        event_id = id_of(payload, NO_ENVELOPE if parts else received)
        content = msgspec.json.encode(payload)
        parts.append(Part(FrameType.EVENT, content, event_id, SECURITY))
    return parts
