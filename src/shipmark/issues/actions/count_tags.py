"""Counting of the tags of events by their issues, by one statement for a batch."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection

from shipmark.events.parsing import Event
from shipmark.infrastructure.groups import grouped
from shipmark.issues.model import Issue
from shipmark.issues.store import tag_counts
from shipmark.issues.tags import KEYS_MAX, TRIMMED_EACH, VALUES_MAX, counted, hidden_key_of


def count_tags(
    connection: Connection, before: Mapping[int, Issue], events: Iterable[tuple[int, Event]]
) -> None:
    """Count the tags of new events, given with the ids of their issues; ``before`` are the issues as they were.

    Values are written without looking at what is there, so that an issue has more than it keeps until it has got
    `TRIMMED_EACH` events more: one in so many takes a statement more, and three others if values are deleted.
    """
    rows, grown = list[tuple[object, ...]](), list[int]()
    for issue_id, group in grouped(events).items():
        issue = before[issue_id]
        tags = counted((event.at, _counted_tags(event)) for event in group)
        rows += [(issue_id, *pair, issue.project_id, *seen) for pair, seen in tags.items()]
        after = issue.times_seen + len(group)
        if after // TRIMMED_EACH > issue.times_seen // TRIMMED_EACH:
            grown.append(issue_id)
    if rows:
        tag_counts.count(connection, rows)
    if grown:
        tag_counts.trim(connection, grown, keys_max=KEYS_MAX, values_max=VALUES_MAX)


def _counted_tags(event: Event) -> tuple[tuple[str, str], ...]:
    """Return the tags, and what else identifies the user, so that issues are searched by it."""
    others = ((hidden_key_of(kind), f"{kind}:{value}") for kind, value in event.other_identifiers)
    return (*event.tags, *others)
