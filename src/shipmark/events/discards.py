"""What was not stored of what SDKs have or sent, with the reason and the category of data (ingest.md 4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from shipmark.events.payload import Json, objects_of, text_of

#: Counts of earlier days are not taken, and days that are older are not on pages.
DAYS = 30
#: Counts are kept so long, for the API.
KEPT_DAYS = 90
REASON_MAX = 64
#: The reason of events whose issue was discarded, in the protocol's word.
DISCARDED_HASH = "discarded-hash"
#: SDKs send a few; a report has 4 KiB.
_ENTRIES_MAX = 100
#: The most that a client may say of once.
QUANTITY_MAX = 2**31 - 1
UNKNOWN = "unknown"
#: The categories of data that SDKs name (ingest.md 4.1); any other is counted as unknown.
CATEGORIES = frozenset({
    "default", "error", "transaction", "security", "attachment", "session", "profile", "replay", "monitor",
    "feedback", "span", "metric_bucket", "log_item", "log_byte", "profile_chunk", "trace_metric", "internal",
})  # fmt: skip


class Outcome(StrEnum):
    """Who or what discarded it."""

    CLIENT_DISCARD = "client_discard"
    FILTERED = "filtered"
    INVALID = "invalid"
    NOT_SUPPORTED = "not_supported"
    RATE_LIMITED = "rate_limited"


#: The lists of a client report; all but the first come from relays.
_LISTS: Mapping[str, Outcome] = {
    "discarded_events": Outcome.CLIENT_DISCARD,
    "rate_limited_events": Outcome.RATE_LIMITED,
    "filtered_events": Outcome.FILTERED,
    "filtered_sampling_events": Outcome.FILTERED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard:
    """A number of things of one category that were not stored for one reason, in the hour that begins at ``hour``."""

    hour: datetime
    outcome: Outcome
    reason: str
    category: str
    quantity: int = 1


def discard(
    at: datetime, outcome: Outcome, reason: str, category: str, quantity: int = 1
) -> Discard:
    """Return what was not stored at a moment."""
    return Discard(
        hour=hour_of(at), outcome=outcome, reason=reason, category=category, quantity=quantity
    )


def of_client_report(
    payload: Json, *, sent_at: datetime | None, received_at: datetime
) -> list[Discard]:
    """Return the counts of a client report, by the hour of ``sent_at`` (ingest.md 4.2).

    None for one that is too long ago. Entries that are no counts are left out.
    """
    at = min(sent_at or received_at, received_at)
    if received_at - at > timedelta(days=DAYS):
        return []
    found = []
    for name, outcome in _LISTS.items():
        for entry in objects_of(payload, name)[:_ENTRIES_MAX]:
            quantity, category = entry.get("quantity"), text_of(entry, "category")
            if type(quantity) is not int or quantity <= 0:
                continue
            reason = text_of(entry, "reason")[:REASON_MAX] or UNKNOWN
            category = category if category in CATEGORIES else UNKNOWN
            found.append(discard(at, outcome, reason, category, min(quantity, QUANTITY_MAX)))
    return found


def hour_of(moment: datetime) -> datetime:
    """Return the beginning of the hour, in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
