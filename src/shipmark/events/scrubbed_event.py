"""A stored event as it is shown: without what the rules of its project remove, as it may be older than they are."""

from dataclasses import dataclass

from shipmark.events import parsing
from shipmark.events.parsing import Event
from shipmark.events.payload import Json
from shipmark.events.scrubbing import ScrubbingRules, scrub
from shipmark.events.store import StoredEvent


@dataclass(frozen=True, slots=True)
class ScrubbedEvent:
    """A stored event, what is left of its payload, and what that says."""

    stored: StoredEvent
    payload: Json
    read: Event


def scrubbed_event(event: StoredEvent, rules: ScrubbingRules) -> ScrubbedEvent:
    """Return the event as the rules leave it."""
    payload = scrub(event.payload, rules)
    read = parsing.read(payload, event_id=event.event_id, received_at=event.received_at)
    return ScrubbedEvent(event, payload, read)
