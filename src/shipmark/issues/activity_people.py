"""The users whom activities of issues name, beside the user who acted."""

from collections.abc import Iterable, Mapping

from shipmark.issues.model import IssueActivity, IssueActivityType
from shipmark.issues.people import AssigneeType


def users_of(entries: Iterable[IssueActivity]) -> set[int]:
    """Return the ids of the users whom these activities name: those who acted, and assignees."""
    user_ids = set[int | None]()
    for entry in entries:
        user_ids.add(entry.user_id)
        if entry.type is IssueActivityType.ASSIGNED:
            user_ids.add(assigned_user_id(entry.details))
    return {user_id for user_id in user_ids if user_id is not None}


def assigned_user_id(details: Mapping[str, object]) -> int | None:
    """Return the id of the user of an activity `ASSIGNED`, or None for a team."""
    is_user = details.get("assigneeType") == AssigneeType.USER.value
    return int(str(details["assignee"])) if is_user else None
