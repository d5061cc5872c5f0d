"""Changes of the people around issues (groups-api.md 4.1)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from shipmark.issues.actions.assign import assign
from shipmark.issues.model import Issue
from shipmark.issues.people import Assignee, PeopleChange


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
    if change.assigned_to is None:
        return None
    return assign(connection, locked, change.assigned_to, user_id, now)
