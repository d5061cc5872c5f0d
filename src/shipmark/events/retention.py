"""The rule by which the events of an issue are kept when it has more than the limit (pure).

An issue with thousands of equal events is explained by a few of them. In this order, until the limit is reached, are
kept: the first and the latest event; the newest with a report of a user, up to a quarter of the limit; the newest few
of each release in each environment, up to another quarter; the newest of the others, up to half of the limit in all;
and of what is left as many as fit, evenly spread over time.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice

from shipmark.infrastructure.groups import grouped
from shipmark.infrastructure.settings import EVENTS_PER_ISSUE_MIN

#: The events that are kept of each release in each environment, as far as their share of the limit allows.
OF_EACH_ORIGIN = 5
_REPORTED_SHARE = 4
_ORIGIN_SHARE = 4
_NEWEST_SHARE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RetainedEvent:
    """What decides whether an event is kept. ``id`` is that of its row."""

    id: int
    at: datetime
    release_id: int | None
    environment_id: int | None
    has_report: bool


def ids_to_keep(events: Collection[RetainedEvent], limit: int) -> set[int]:
    """Return the ids of the events of an issue that are kept: as many as the limit, or all if they are fewer.

    The limit is at least `EVENTS_PER_ISSUE_MIN`.
    """
    assert limit >= EVENTS_PER_ISSUE_MIN, "settings refuse a lower one"
    newest_first = sorted(events, key=lambda event: (event.at, event.id), reverse=True)
    if len(newest_first) <= limit:
        return {event.id for event in newest_first}
    kept_ids = {newest_first[0].id, newest_first[-1].id}
    reported = (event for event in newest_first if event.has_report)
    _add(kept_ids, islice(reported, limit // _REPORTED_SHARE), limit)
    _add(kept_ids, islice(_of_each_origin(newest_first), limit // _ORIGIN_SHARE), limit)
    _add(kept_ids, newest_first, max(limit // _NEWEST_SHARE, len(kept_ids)))
    others = [event for event in newest_first if event.id not in kept_ids]
    _add(kept_ids, _evenly(others, limit - len(kept_ids)), limit)
    return kept_ids


def _add(kept_ids: set[int], events: Iterable[RetainedEvent], most: int) -> None:
    for event in events:
        if len(kept_ids) >= most:
            return
        kept_ids.add(event.id)


def _of_each_origin(newest_first: Sequence[RetainedEvent]) -> Iterable[RetainedEvent]:
    """Return the newest event of each release and environment, then the second ones, and so on."""
    by_origin = grouped(((event.release_id, event.environment_id), event) for event in newest_first)
    ranks = (
        [group[rank] for group in by_origin.values() if rank < len(group)]
        for rank in range(OF_EACH_ORIGIN)
    )
    return chain.from_iterable(ranks)


def _evenly(events: Sequence[RetainedEvent], number: int) -> Iterable[RetainedEvent]:
    """Return this many of the events, in equal steps."""
    return (events[index * len(events) // number] for index in range(number))
