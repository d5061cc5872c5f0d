"""The parts of a request that are appended to the log, each with its category of data."""

from dataclasses import dataclass

from shipmark.ingest.envelope import Envelope
from shipmark.ingest.event_log import FrameType

#: The envelope of what is sent without one.
NO_ENVELOPE = Envelope(headers={}, event_id=None, sent_at=None, dsn=None, items=())


@dataclass(frozen=True, slots=True)
class Part:
    """A frame to append. The category is that of rate limits (ingest.md 4.1)."""

    type: FrameType
    content: bytes
    event_id: str | None
    category: str
