"""Snoozes of issues by users: they are ignored until a condition is met (groups-api.md 4.4), for all issues at once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure.clock import wire_text
from shipmark.issues import recent_counts
from shipmark.issues.model import Issue, StatusChange, Substatus
from shipmark.issues.snooze import Snooze, SnoozeConditions, hourly_limit
from shipmark.issues.store import snoozes


def start(
    connection: Connection,
    locked: Sequence[Issue],
    conditions: SnoozeConditions,
    user_id: int | None,
    now: datetime,
) -> None:
    """Store the conditions of issues that are locked, and become ignored; they replace earlier ones."""
    new = [
        Snooze(
            issue_id=issue.id,
            user_id=user_id,
            created_at=now,
            ends_at=conditions.ends_at(now),
            event_count=conditions.event_count,
            event_window_minutes=conditions.event_window_minutes,
            user_count=conditions.user_count,
            user_window_minutes=conditions.user_window_minutes,
            times_seen=issue.times_seen,
            users_seen=issue.user_count,
        )
        for issue in locked
    ]
    snoozes.put(connection, new)


def start_until_escalating(
    connection: Connection, locked: Sequence[Issue], user_id: int | None, now: datetime
) -> None:
    """Store by how many events in an hour locked issues escalate, which become ignored until then."""
    new = [
        Snooze(
            issue_id=issue.id,
            user_id=user_id,
            created_at=now,
            hourly_event_count=hourly_limit_of(issue.recent_counts, now),
            times_seen=issue.times_seen,
            users_seen=issue.user_count,
        )
        for issue in locked
    ]
    snoozes.put(connection, new)


def hourly_limit_of(counts: str | None, now: datetime) -> int:
    """Return by how many events in an hour an issue with these recent counts escalates that is ignored now."""
    return hourly_limit(
        busiest_hour=max(count for _, count in recent_counts.by_hour(counts, now)),
        week=sum(count for _, count in recent_counts.by_day(counts, now, 7)),
    )


def cancel(connection: Connection, locked: Sequence[Issue]) -> None:
    """Delete the snoozes of locked issues whose status is changed. Without snoozes it takes no statement."""
    snoozed = [issue.id for issue in locked if issue.is_snoozed]
    if snoozed:
        snoozes.remove(connection, snoozed)


def activity_details(change: StatusChange, now: datetime) -> dict[str, object]:
    """Return until what issues are ignored as an activity has it, with the protocol's names (groups-api.md 3.2)."""
    if change.substatus is Substatus.ARCHIVED_UNTIL_ESCALATING:
        return {"ignoreUntilEscalating": True}
    if change.conditions is None:
        return {}
    conditions = change.conditions
    ends_at = conditions.ends_at(now)
    return {
        "ignoreCount": conditions.event_count,
        "ignoreDuration": conditions.duration_minutes,
        "ignoreUntil": ends_at and wire_text(ends_at),
        "ignoreUserCount": conditions.user_count,
        "ignoreUserWindow": conditions.user_window_minutes,
        "ignoreWindow": conditions.event_window_minutes,
        "ignoreUntilEscalating": None,
    }
