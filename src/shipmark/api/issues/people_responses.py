"""People around issues on the wire (groups-api.md 3.1)."""

from collections.abc import Mapping

import msgspec

from shipmark.accounts.model import User
from shipmark.api.responses import Wire
from shipmark.issues.activity_people import assigned_user_id
from shipmark.issues.people import Assignee


class AssigneeResponse(Wire):
    """A user, or a team, whose name is its slug and which has no address."""

    id: str
    type: str
    name: str
    email: str | msgspec.UnsetType = msgspec.UNSET


def assignee_response(assignee: Assignee | None) -> AssigneeResponse | None:
    """Return a nested assignee, or None."""
    if assignee is None:
        return None
    return AssigneeResponse(
        id=str(assignee.id),
        type=assignee.type.value,
        name=assignee.name,
        email=msgspec.UNSET if assignee.email is None else assignee.email,
    )


def with_assignee(details: Mapping[str, object], users: Mapping[int, User]) -> dict[str, object]:
    """Return the details of an assignment with name and address of its user; None for a deleted user."""
    user_id = assigned_user_id(details)
    if user_id is None:
        return {**details, "assigneeEmail": None}
    user = users.get(user_id)
    name, email = (user.display_name, user.email) if user else (None, None)
    return {**details, "assigneeName": name, "assigneeEmail": email}
