"""Everything that happens to an event between its parsing as JSON and its storage, without any I/O.

The order is that of the protocol: secrets are removed first, so that no title, tag, hash or stored text has them.
"""

from datetime import datetime, timedelta

from shipmark.events import parsing
from shipmark.events.parsing import Event
from shipmark.events.payload import Json
from shipmark.events.project_rules import ProjectRules
from shipmark.events.scrubbing import scrub


def normalize(
    payload: Json,
    rules: ProjectRules,
    *,
    event_id: str,
    received_at: datetime,
    drift: timedelta = timedelta(0),
) -> Event:
    """Return the event to store; ``drift`` is the delay of the client's clock."""
    payload = scrub(payload, rules.scrubbing)
    return parsing.read(payload, event_id=event_id, received_at=received_at, drift=drift)
