"""Which events of a request are taken in, by the rate limits of its key and project (ingest.md 1.3, 4.1).

The same header stops SDKs from sending what Shipmark does not keep, such as transactions.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from shipmark.events.discards import UNKNOWN
from shipmark.events.security_reports import ERROR, SECURITY
from shipmark.infrastructure.errors import TooManyRequests
from shipmark.infrastructure.telemetry import count
from shipmark.ingest.project_keys import KnownKey
from shipmark.ingest.quotas import Exhausted, QuotaCounters
from shipmark.ingest.refused_counts import OVERLOADED, RefusedCounts

#: The category of attachments, which are dropped with their event.
ATTACHMENT = "attachment"
#: The categories of events, which count in rate limits. Reports of users and of clients do not.
_LIMITED = frozenset({"default", ERROR, SECURITY})
_HEADER = ";".join(sorted(_LIMITED))
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


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which parts of a request are taken in, and the quotas that the others exceed."""

    kept: Sequence[bool]
    exhausted: Sequence[Exhausted] = ()

    @property
    def drops_attachments(self) -> bool:
        """Return True if the event of attachments is not taken in."""
        return bool(self.exhausted)

    @property
    def limits(self) -> str:
        """Return the value of ``X-Sentry-Rate-Limits``, "" if all parts are taken in."""
        return ", ".join(
            f"{each.seconds}:{_HEADER}:{each.quota.scope}:{each.quota.reason}"
            for each in self.exhausted
        )

    def refusal(self) -> TooManyRequests:
        """Return the refusal of a request of which nothing is taken in."""
        return TooManyRequests(
            f"the rate limit of the {self.exhausted[0].quota.scope} is exceeded",
            retry_after_seconds=max(each.seconds for each in self.exhausted),
            limits=self.limits,
        )


class Admission:
    """Decides for all requests of a process, and counts what is refused. Thread-safe."""

    def __init__(self, counters: QuotaCounters, refused: RefusedCounts) -> None:
        self._counters, self._refused = counters, refused

    def admit(self, key: KnownKey, categories: Sequence[str], attachments: int = 0) -> Verdict:
        """Return which parts of a request are taken in, given by their categories; its events count in the quotas.

        ``attachments`` go with the events, and are not taken in if one of these is not.
        """
        events = sum(category in _LIMITED for category in categories) if key.quotas else 0
        if not events:
            return Verdict([True] * len(categories))
        granted = self._counters.take(key.quotas, events)
        if not granted.exhausted:
            return Verdict([True] * len(categories))
        left, kept = granted.number, list[bool]()
        for category in categories:
            is_event = category in _LIMITED
            kept.append(not is_event or left > 0)
            left -= is_event
        refused = Counter(
            each for each, is_kept in zip(categories, kept, strict=True) if not is_kept
        )
        refused[ATTACHMENT] += attachments
        self._count(key, granted.exhausted[0].quota.reason, refused)
        return Verdict(kept, granted.exhausted)

    def count_overload(self, key: KnownKey, categories: Iterable[str]) -> None:
        """Count what is refused because the server is at its limit."""
        self._count(key, OVERLOADED, Counter(categories))

    def write(self) -> list[Future[None]]:
        """Append the counts now; see `RefusedCounts`."""
        return self._refused.write()

    def close(self) -> None:
        """Append the counts that are left."""
        self._refused.close()
        self._counters.close()

    def _count(self, key: KnownKey, reason: str, numbers: Mapping[str, int]) -> None:
        for category, number in numbers.items():
            if number:
                count("refused", reason, number)
                self._refused.add(key.project.id, reason, category, number)


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
