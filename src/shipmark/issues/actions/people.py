"""Changes of the people around issues (groups-api.md 4.1)."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection

from shipmark.issues.actions.assign import assign
from shipmark.issues.model import Issue, SubscriptionReason
from shipmark.issues.people import Assignee, PeopleChange
from shipmark.issues.store import activity, bookmarks, views


def change_people(
    connection: Connection,
    locked: Sequence[Issue],
    change: PeopleChange,
    user_id: int | None,
    now: datetime,
) -> Assignee | None:
    """Change the people around locked issues of an organization. Return the new assignee, if there is one.

    Raise `ValidationFailed` for an assignee who can't be one.
    """
    if user_id is not None:
        _mark(connection, [issue.id for issue in locked], change, user_id, now)
    if change.assigned_to is None:
        return None
    return assign(connection, locked, change.assigned_to, user_id, now)


def _mark(
    connection: Connection,
    issue_ids: Collection[int],
    change: PeopleChange,
    user_id: int,
    now: datetime,
) -> None:
    """Change what concerns the user alone. A bookmark subscribes the user, unless they ever unsubscribed."""
    if change.has_seen:
        views.put(connection, issue_ids, user_id, now)
    elif change.has_seen is not None:
        views.remove(connection, issue_ids, user_id)
    if change.is_subscribed is not None:
        activity.set_subscribed(connection, issue_ids, user_id, is_active=change.is_subscribed)
    if change.is_bookmarked:
        bookmarks.add(connection, issue_ids, user_id)
        pairs = [(issue_id, user_id) for issue_id in issue_ids]
        activity.subscribe(connection, pairs, SubscriptionReason.BOOKMARK)
    elif change.is_bookmarked is not None:
        bookmarks.remove(connection, issue_ids, user_id)
