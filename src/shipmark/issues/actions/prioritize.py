"""The priority of issues, as users set it, for all issues at once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from shipmark.issues.model import Issue, IssueActivityType
from shipmark.issues.priorities import Priority
from shipmark.issues.store import activity, priorities


def set_priority(
    connection: Connection,
    locked: Sequence[Issue],
    priority: Priority,
    user_id: int | None,
    now: datetime,
) -> None:
    """Set the priority, which then stays. It is an activity of issues that had another one."""
    chosen = [issue for issue in locked if issue.chosen_priority is not priority]
    if not chosen:
        return
    priorities.choose(connection, [issue.id for issue in chosen], priority, now)
    users = {issue.id: user_id for issue in chosen if issue.priority is not priority}
    # No reason: a user needs none.
    details = {"priority": priority.value, "reason": None}
    activity.add_plain(connection, IssueActivityType.SET_PRIORITY, users, now, details)
