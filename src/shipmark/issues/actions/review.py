"""The review of issues by users: they wait for it in the inbox (groups-api.md 4.5), for all issues at once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from shipmark.issues.model import HistoryStatus, InboxReason, Issue, IssueActivityType
from shipmark.issues.store import activity, inbox, states


def add(connection: Connection, locked: Sequence[Issue], now: datetime) -> None:
    """Add issues to the inbox, except those that are there: they keep their reason."""
    inbox.add(connection, [(issue.id, now) for issue in locked], InboxReason.MANUAL)


def mark_reviewed(
    connection: Connection, locked: Sequence[Issue], user_id: int | None, now: datetime
) -> None:
    """Remove issues from the inbox. Open ones that were new or had regressed become ongoing.

    Those that were in the inbox get an activity and an entry of the history, unless no user acts, as with the token
    of an organization.
    """
    ids = [issue.id for issue in locked]
    removed = sorted(inbox.remove(connection, ids))
    if removed and user_id is not None:
        users: dict[int, int | None] = dict.fromkeys(removed, user_id)
        activity.add_plain(connection, IssueActivityType.MARK_REVIEWED, users, now)
        activity.add_history(connection, HistoryStatus.REVIEWED, users, None, now)
    ongoing: dict[int, int | None] = dict.fromkeys(states.set_ongoing(connection, ids))
    details = {"manually": True}
    activity.add_plain(
        connection, IssueActivityType.AUTO_SET_ONGOING, ongoing, now, details=details
    )
