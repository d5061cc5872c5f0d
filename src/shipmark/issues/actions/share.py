"""Sharing of issues with the public, for all issues at once (groups-api.md 4.1)."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure.errors import ValidationFailed
from shipmark.infrastructure.ids import digest
from shipmark.issues.model import Issue, IssueActivityType, SharingChange
from shipmark.issues.store import activity, sharing
from shipmark.organizations import store as organizations

SHARING_IS_OFF = "This organization does not share issues."
_ID_LENGTH = 32


def set_sharing(
    connection: Connection,
    locked: Sequence[Issue],
    change: SharingChange,
    user_id: int | None,
    now: datetime,
) -> Mapping[int, str | None]:
    """Make locked issues of an organization public or private. Return the id by which each is public, or None.

    Issues that are so already are left alone. Raise `ValidationFailed` if the organization shares no issues.
    """
    changed = [issue for issue in locked if (issue.share_id is not None) is not change.is_public]
    users: dict[int, int | None] = {issue.id: user_id for issue in changed}
    if not change.is_public:
        sharing.unshare(connection, users)
        activity.add_plain(connection, IssueActivityType.SET_PRIVATE, users, now)
        return {issue.id: None for issue in locked}
    organization = organizations.by_id(connection, locked[0].organization_id)
    assert organization is not None, "it is locked with its issues"
    if not organization.shares_issues:
        raise ValidationFailed({"isPublic": [SHARING_IS_OFF]})
    # One id does not tell another: the secret is stored nowhere.
    new = {issue_id: digest(f"{change.secret}:{issue_id}")[:_ID_LENGTH] for issue_id in users}
    sharing.share(connection, new)
    activity.add_plain(connection, IssueActivityType.SET_PUBLIC, users, now)
    return {issue.id: issue.share_id for issue in locked} | new
