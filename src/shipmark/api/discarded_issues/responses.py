"""A discarded issue, as the API shows it: the protocol calls it a tombstone."""

from collections.abc import Mapping
from datetime import datetime

from shipmark.accounts.model import User
from shipmark.api.members.user_responses import UserResponse, optional_user_response
from shipmark.api.responses import Wire
from shipmark.issues.discarded_issues import DiscardedIssue
from shipmark.issues.short_ids import format_short_id
from shipmark.projects.model import Project


class DiscardedIssueResponse(Wire):
    """An issue as it was when it was discarded. Its own id and short id lead nowhere."""

    id: str
    short_id: str
    type: str
    title: str
    message: str
    culprit: str
    level: str
    metadata: dict[str, object]
    actor: UserResponse | None
    date_added: datetime


def discarded_issue_response(
    discarded: DiscardedIssue, project: Project, users: Mapping[int, User]
) -> DiscardedIssueResponse:
    """Return a discarded issue of the project, with the user who discarded it."""
    return DiscardedIssueResponse(
        id=str(discarded.id),
        short_id=format_short_id(project.slug, discarded.number),
        type=discarded.type,
        title=discarded.title,
        message=discarded.title,
        culprit=discarded.culprit,
        level=discarded.level,
        metadata=discarded.metadata,
        actor=optional_user_response(users.get(discarded.user_id or 0)),
        date_added=discarded.created_at,
    )
