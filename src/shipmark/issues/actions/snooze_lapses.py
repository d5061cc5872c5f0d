"""Lapses of snoozes: ignored issues are reopened by the event that meets a condition, or by the clock (ingest.md 12).

Any number of issues take a constant number of statements, and events of issues without snoozes none.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.events.parsing import Event
from shipmark.infrastructure.clock import wire_text
from shipmark.infrastructure.groups import grouped
from shipmark.issues import recent_counts
from shipmark.issues.model import (
    HistoryStatus,
    InboxEntry,
    InboxReason,
    Issue,
    IssueActivityType,
    Substatus,
)
from shipmark.issues.snooze import Lapse, LapseReason, Snooze, SnoozedEvent, SnoozeWindows, observe
from shipmark.issues.store import activity, inbox, issues, snoozes, states
from shipmark.issues.store.activity import NewActivity

#: The hours whose events make an issue escalate: this one and the last. What comes in from long ago does not.
_RECENT = timedelta(hours=2)
#: The issues that one transaction reopens by the clock.
BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    substatus: Substatus
    inbox_reason: InboxReason
    activity: IssueActivityType
    history: HistoryStatus


_OUTCOMES = {
    LapseReason.OCCURRENCES: _Outcome(
        substatus=Substatus.ESCALATING,
        inbox_reason=InboxReason.ESCALATING,
        activity=IssueActivityType.SET_ESCALATING,
        history=HistoryStatus.ESCALATING,
    ),
    LapseReason.TIME: _Outcome(
        substatus=Substatus.ONGOING,
        inbox_reason=InboxReason.ONGOING,
        activity=IssueActivityType.SET_UNRESOLVED,
        history=HistoryStatus.UNRESOLVED,
    ),
}


def reopen_by_events(
    connection: Connection,
    before: Mapping[int, Issue],
    occurred: Sequence[tuple[int, Event]],
    new_users: Collection[tuple[int, str]],
) -> None:
    """Reopen the ignored issues of which an event meets a condition, each by the first such event.

    ``occurred`` are events that were counted in this transaction, in order, with the ids of their issues; ``before``
    are the issues as they were before, and locked. ``new_users`` are pairs of issues and digests of users whom they had
    not affected before.
    """
    snoozed = {issue_id: issue for issue_id, issue in before.items() if issue.is_snoozed}
    if not snoozed:
        return
    by_issue = grouped(pair for pair in occurred if pair[0] in snoozed)
    windows: dict[int, SnoozeWindows] = {}
    lapses: list[Lapse] = []
    for snooze, earlier in snoozes.with_windows(connection, snoozed):
        issue = snoozed[snooze.issue_id]
        outcome = observe(snooze, earlier, _observed(issue, by_issue[issue.id], new_users))
        if isinstance(outcome, Lapse):
            lapses.append(outcome)
        elif snooze.is_counting:
            windows[issue.id] = outcome
    if windows:
        snoozes.save_windows(connection, windows)
    if lapses:
        _reopen(connection, _in_order(lapses, occurred))


def _in_order(lapses: Sequence[Lapse], occurred: Sequence[tuple[int, Event]]) -> list[Lapse]:
    """Return the lapses in the order of their events, as if these came one after the other."""
    order = {(issue_id, event.event_id): at for at, (issue_id, event) in enumerate(occurred)}
    return sorted(lapses, key=lambda lapse: order[lapse.snooze.issue_id, lapse.event_id or ""])


def reopen_by_clock(connection: Connection, at: datetime) -> datetime | None:
    """Reopen a batch of the ignored issues whose time is over. Return the moment at which the next time is, or None."""
    issue_ids = snoozes.ended(connection, at, limit=BATCH)
    if issue_ids:
        # What was read before the lock may have changed: a user may have ignored an issue anew.
        locked = issues.lock_whole(connection, issue_ids)
        ended = [
            snooze
            for snooze in snoozes.of_issues(connection, locked).values()
            if snooze.ends_at is not None and snooze.ends_at <= at
        ]
        stale = [each.issue_id for each in ended if not locked[each.issue_id].is_snoozed]
        if stale:
            snoozes.remove(connection, stale)
        lapses = [
            Lapse(snooze=snooze, reason=LapseReason.TIME, at=at)
            for snooze in sorted(ended, key=lambda each: each.issue_id)
            if locked[snooze.issue_id].is_snoozed
        ]
        if lapses:
            _reopen(connection, lapses)
    return snoozes.next_end(connection)


def _observed(
    issue: Issue, events: Sequence[Event], new_users: Collection[tuple[int, str]]
) -> list[SnoozedEvent]:
    """Return the events of an issue with its numbers of events and users after each."""
    observed = []
    counted: set[str] = set()
    hours: dict[datetime, int] = {}
    for number, event in enumerate(events, 1):
        hour = event.at.replace(minute=0, second=0, microsecond=0)
        if hour not in hours:
            hours[hour] = recent_counts.in_hour_of(issue.recent_counts, hour)
        hours[hour] += 1
        is_recent = event.received_at - hour < _RECENT
        if event.user_hash is not None and (issue.id, event.user_hash) in new_users:
            counted.add(event.user_hash)
        observed.append(
            SnoozedEvent(
                event_id=event.event_id,
                received_at=event.received_at,
                times_seen=issue.times_seen + number,
                users_seen=issue.user_count + len(counted),
                user_hash=event.user_hash,
                hour_events=hours[hour] if is_recent else 0,
            )
        )
    return observed


def _reopen(connection: Connection, lapses: Sequence[Lapse]) -> None:
    """Reopen locked issues: what happens too often is escalating, what was ignored for a time is ongoing again."""
    by_reason = grouped((lapse.reason, (lapse.snooze.issue_id, lapse.at)) for lapse in lapses)
    for reason, moments in sorted(by_reason.items()):
        states.reopen(connection, dict(moments), _OUTCOMES[reason].substatus)
    snoozes.remove(connection, [lapse.snooze.issue_id for lapse in lapses])
    inbox.add_lapsed(connection, {lapse.snooze.issue_id: _entry_of(lapse) for lapse in lapses})
    activity.add_at(connection, [(_activity_of(lapse), lapse.at) for lapse in lapses])
    entries = [
        (lapse.snooze.issue_id, _OUTCOMES[lapse.reason].history, lapse.at) for lapse in lapses
    ]
    activity.add_history_at(connection, entries)


def _entry_of(lapse: Lapse) -> InboxEntry:
    reason = _OUTCOMES[lapse.reason].inbox_reason
    return InboxEntry(reason=reason, at=lapse.at, details=_details_of(lapse.snooze))


def _activity_of(lapse: Lapse) -> NewActivity:
    details: dict[str, object]
    if lapse.snooze.hourly_event_count is not None:
        details = {"forecast": lapse.snooze.hourly_event_count}
    else:
        details = {"expired_snooze": _details_of(lapse.snooze)}
    if lapse.event_id is not None:
        details["event_id"] = lapse.event_id
    return NewActivity(
        issue_id=lapse.snooze.issue_id,
        type=_OUTCOMES[lapse.reason].activity,
        user_id=None,
        ident=lapse.event_id,
        details=details,
    )


def _details_of(snooze: Snooze) -> dict[str, object] | None:
    """Return the conditions with the protocol's names (ingest.md 11), or None if it was ignored until it escalates."""
    if snooze.hourly_event_count is not None:
        return None
    return {
        "until": snooze.ends_at and wire_text(snooze.ends_at),
        "count": snooze.event_count,
        "window": snooze.event_window_minutes,
        "user_count": snooze.user_count,
        "user_window": snooze.user_window_minutes,
    }
