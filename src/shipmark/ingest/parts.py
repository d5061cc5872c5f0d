"""The parts of a request that are appended to the log, each with its category of data."""

from dataclasses import dataclass

import msgspec

from shipmark.events.security_reports import SECURITY
from shipmark.ingest.browser_reports import BrowserReports
from shipmark.ingest.envelope import Envelope, EnvelopeHeader, id_of
from shipmark.ingest.event_log import FrameType
from shipmark.ingest.session_items import SESSION, SESSION_TYPES, sessions_payload

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
