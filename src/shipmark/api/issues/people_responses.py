"""People around issues on the wire (groups-api.md 3.1)."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec.structs import asdict
from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User
from shipmark.api.members.user_responses import UserResponse, user_response
from shipmark.api.responses import Wire
from shipmark.issues.activity_people import assigned_user_id
from shipmark.issues.model import SubscriptionReason
from shipmark.issues.people import Assignee
from shipmark.issues.store import views

#: The most users of `seenBy`.
VIEWERS_MAX = 100


class AssigneeResponse(Wire):
    """A user, or a team, whose name is its slug and which has no address."""

    id: str
    type: str
    name: str
    email: str | msgspec.UnsetType = msgspec.UNSET


class SubscriptionDetailsResponse(Wire):
    """Why the caller is subscribed to an issue."""

    reason: str


class ViewerResponse(UserResponse, kw_only=True):
    """A user who has seen an issue, and when they saw it last."""

    last_viewed: datetime


#: Reasons for subscriptions by the names that clients know.
_REASONS = {
    SubscriptionReason.COMMENT: "commented",
    SubscriptionReason.ASSIGNED: "assigned",
    SubscriptionReason.BOOKMARK: "bookmarked",
    SubscriptionReason.STATUS_CHANGE: "changed_status",
    SubscriptionReason.MENTIONED: "mentioned",
    SubscriptionReason.TEAM_MENTIONED: "team_mentioned",
}


def subscription_details(reason: int | None) -> SubscriptionDetailsResponse | None:
    """Return why the caller is subscribed, or None."""
    if reason is None:
        return None
    return SubscriptionDetailsResponse(reason=_REASONS.get(SubscriptionReason(reason), "unknown"))


def viewers(connection: Connection, issue_id: int) -> list[ViewerResponse]:
    """Return the users who saw the issue, the last first, at most `VIEWERS_MAX`."""
    seen = views.of_issue(connection, issue_id, limit=VIEWERS_MAX)
    users = accounts.by_ids(connection, seen)
    return [
        ViewerResponse(**asdict(user_response(users[user_id])), last_viewed=at)
        for user_id, at in seen.items()
    ]


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
