"""Reception of reports of users, from SDKs in batches and from the API one at a time."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.events import store as events
from shipmark.infrastructure.errors import Conflict
from shipmark.issues.store import user_reports as store
from shipmark.issues.user_reports import NewUserReport, UserReport, merged

#: The time after its event in which the API takes a report.
_EVENT_AGE_MAX = timedelta(minutes=30)
_TOO_LATE = "Feedback for this event cannot be modified."


def receive(
    connection: Connection,
    reports: Sequence[NewUserReport],
    *,
    new_events: Collection[tuple[int, str]] = (),
) -> None:
    """Store reports, and tie them and earlier ones about new events, by project and event, to issues.

    One about an event that has a report replaces it within five minutes, and else changes nothing.
    """
    if new_events:
        store.links.link(connection, new_events)
    if reports:
        _write(connection, reports)


def _write(connection: Connection, reports: Sequence[NewUserReport]) -> int:
    """Store reports, each with the issue of its event if that is stored. Return the number of those written."""
    stored = store.moments_of(connection, {report.key for report in reports})
    written = merged(reports, stored)
    if written:
        named = {(report.project_id, report.event_id) for report in written}
        store.write(connection, written, events.issues_of(connection, named))
    return len(written)


def submit(connection: Connection, report: NewUserReport) -> UserReport:
    """Store a report that a program sent, and return it.

    Raise `Conflict` if its event was stored over 30 minutes before, or has a report that is over five minutes old.
    """
    event = events.by_event_id(connection, report.project_id, report.event_id)
    if event is not None and report.created_at - event.received_at > _EVENT_AGE_MAX:
        raise Conflict(_TOO_LATE)
    if _write(connection, [report]) == 0:
        raise Conflict(_TOO_LATE)
    stored = store.by_key(connection, *report.key)
    assert stored is not None, "it was written in this transaction"
    return stored


def link_recent(connection: Connection, at: datetime) -> int:
    """Tie the reports of the last day to events that were stored in the same moment. Return their number."""
    return store.links.link_since(connection, at - timedelta(days=1))
