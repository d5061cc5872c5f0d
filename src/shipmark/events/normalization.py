"""Everything that happens to an event between its parsing as JSON and its storage, without any I/O.

First what the connection tells is added, and filters decide; then secrets are removed, so that no title, tag, hash or
stored text has them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shipmark.events import parsing, problems, security_reports
from shipmark.events.fingerprint_rules import with_fingerprint
from shipmark.events.inbound_filters import DropReason, reason_to_drop
from shipmark.events.limits import within_limits
from shipmark.events.parsing import ParsedEvent
from shipmark.events.payload import Json
from shipmark.events.project_rules import ProjectRules
from shipmark.events.scanning import scan, storable
from shipmark.events.scrubbing import scrub
from shipmark.events.sender import (
    UNKNOWN_SENDER,
    Sender,
    with_address_of_request,
    with_sender,
)
from shipmark.events.user_agents import with_user_agent_contexts


@dataclass(frozen=True, slots=True)
class Dropped:
    """An event that a filter of the project drops."""

    reason: DropReason
    category: str = security_reports.ERROR


def normalize(
    payload: Json,
    rules: ProjectRules,
    *,
    event_id: str,
    received_at: datetime,
    drift: timedelta = timedelta(0),
    sender: Sender = UNKNOWN_SENDER,
) -> ParsedEvent | Dropped:
    """Return the event to store, or why there is none; ``drift`` is the delay of the client's clock."""
    payload = with_address_of_request(with_sender(payload, sender))
    if reason := reason_to_drop(payload, rules.filters, sender):
        return Dropped(reason, security_reports.category_of(payload))
    payload = with_user_agent_contexts(payload)
    payload, found = within_limits(payload)
    seen = scan(payload)
    if not seen.is_storable:
        lost: list[str] = []
        payload = storable(payload, lost)
        found += map(problems.unstorable, lost)
        seen = scan(payload)
    payload = scrub(payload, rules.scrubbing, seen)
    payload = with_fingerprint(payload, rules.fingerprints) if rules.fingerprints else payload
    return parsing.parse_storable(
        payload, event_id=event_id, received_at=received_at, drift=drift, problems_before=found
    )
