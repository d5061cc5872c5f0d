"""Reading the event of a frame: parsing, symbolication, filters, scrubbing, grouping and packing.

Only symbolication needs the database and the disk: without it a frame can be read in a process that has neither.
"""

from datetime import timedelta

import msgspec

from shipmark.events import store
from shipmark.events.legacy_interfaces import with_current_names
from shipmark.events.list_forms import with_lists
from shipmark.events.normalization import Dropped, normalize
from shipmark.events.object_forms import with_objects
from shipmark.events.parsing import ParsedEvent
from shipmark.events.project_rules import ProjectRules
from shipmark.events.store import PackedEvent
from shipmark.ingest.event_json import event_object
from shipmark.ingest.event_log import LogFrame
from shipmark.symbolication import event_symbolication, waits
from shipmark.symbolication.event_symbolication import Uploads

#: The event of a frame, or the filter that drops it.
EventContent = PackedEvent | Dropped


def read_event(frame: LogFrame, rules: ProjectRules, uploads: Uploads) -> EventContent:
    """Return the event of a frame, with its original stack and its sender's clock corrected, or the filter.

    Raise `BadRequest` if it is no JSON object.
    """
    payload = _payload_of(frame)
    if event_symbolication.needs_symbolication(payload):
        payload = event_symbolication.symbolicate_event(payload, uploads)
    return _content_of(payload, frame, rules)


def read_without_uploads(frame: LogFrame, rules: ProjectRules) -> EventContent | None:
    """Return the same as `read_event`, or None for an event that needs symbolication."""
    payload = _payload_of(frame)
    if event_symbolication.needs_symbolication(payload):
        return None
    return _content_of(payload, frame, rules)


def _payload_of(frame: LogFrame) -> dict[str, object]:
    """Return the event of a frame, with the names and forms of today."""
    return with_objects(with_lists(with_current_names(event_object(frame.payload))))


def _content_of(payload: dict[str, object], frame: LogFrame, rules: ProjectRules) -> EventContent:
    normalized = normalize(
        payload,
        rules,
        event_id=frame.event_id,
        received_at=frame.received_at,
        drift=frame.received_at - frame.sent_at if frame.sent_at else timedelta(),
        sender=frame.sender,
    )
    return normalized if isinstance(normalized, Dropped) else _packed(normalized)


def _packed(parsed: ParsedEvent) -> PackedEvent:
    """Return an event as it is stored.

    Its payload is packed at once: the objects of a whole batch would take a hundred megabytes, and twice the time, as
    they would be in no cache of the processor.
    """
    event, payload = parsed.event, parsed.payload
    try:
        # In a fifth of the standard library's time.
        content = msgspec.json.encode(payload)
    except (msgspec.MsgspecError, OverflowError, RecursionError, TypeError):
        content = store.encoded(payload)
    return PackedEvent(event, store.packed(content), waits.keys_of(event.release, payload))
