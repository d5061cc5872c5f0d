"""The header by which SDKs stop sending (ingest.md 4.1): what Shipmark does not keep, such as transactions, or all."""

from collections.abc import Collection

from shipmark.events.discards import UNKNOWN
from shipmark.events.security_reports import SECURITY
from shipmark.infrastructure.errors import TooManyRequests
from shipmark.ingest.refused_counts import OVERLOADED

#: After this time SDKs try again: a server may have learned to keep it.
_SECONDS = 3600
#: The category of data of each type of items that is not this product's subject.
_CATEGORIES = {
    "transaction": "transaction",
    "span": "span",
    "otel_span": "span",
    "profile": "profile",
    "profile_chunk": "profile_chunk",
    "replay_event": "replay",
    "replay_recording": "replay",
    "replay_video": "replay",
    "check_in": "monitor",
    "statsd": "metric_bucket",
    "metric_meta": "metric_bucket",
    "trace_metric": "trace_metric",
    "log": "log_item",
}
#: Those that are not kept, or only with what they belong to; SDKs are not asked to stop sending these.
_FURTHER_CATEGORIES = {
    "attachment": "attachment",
    SECURITY: SECURITY,
    "nel": SECURITY,
}


def category_of(item_type: str) -> str:
    """Return the category of data of a type of items that are not kept."""
    return _CATEGORIES.get(item_type) or _FURTHER_CATEGORIES.get(item_type, UNKNOWN)


def limits_of_unsupported(item_types: Collection[str]) -> str | None:
    """Return the value of ``X-Sentry-Rate-Limits`` for the types of an envelope's items, or None if it needs none."""
    categories = sorted({_CATEGORIES[kind] for kind in item_types if kind in _CATEGORIES})
    return f"{_SECONDS}:{';'.join(categories)}:project:not_supported" if categories else None


def limits_of_refusal(refusal: TooManyRequests) -> str:
    """Return the value of the header for a refusal: its own limits, else one of all categories."""
    return refusal.limits or f"{refusal.retry_after_seconds}::key:{OVERLOADED}"
