"""Comments on issues: write, change and delete them (groups-api.md 7.6)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure.errors import Forbidden, ValidationFailed
from shipmark.issues.actions.assign import find_assignee
from shipmark.issues.comments import Comment
from shipmark.issues.model import Issue, SubscriptionReason
from shipmark.issues.people import AssigneeType
from shipmark.issues.store import activity, assignments, comments
from shipmark.organizations.model import Access

OF_OTHERS = "You can only change your own comments."
#: Those who may delete comments of others.
DELETE_SCOPES = frozenset({"event:admin"})


def add_comment(
    connection: Connection,
    access: Access,
    issue: Issue,
    text: str,
    mentions: Sequence[str],
    now: datetime,
) -> Comment:
    """Store a comment, and subscribe its author and those whom it mentions, by the names of assignees.

    Raise `ValidationFailed` for mentions of users and teams without access to the issue's project.
    """
    comment = comments.add(connection, issue.id, access.user_id, text, now)
    pairs = [(issue.id, access.user_id)]
    activity.subscribe(connection, pairs, SubscriptionReason.COMMENT)
    for name in mentions:
        _subscribe_mentioned(connection, access, issue, name)
    return comment


def change_comment(connection: Connection, access: Access, comment: Comment, text: str) -> Comment:
    """Change the text of a comment. Raise `Forbidden` for a comment of another user."""
    if not is_author(access, comment.user_id):
        raise Forbidden(OF_OTHERS)
    comments.change(connection, comment.id, text)
    return replace(comment, text=text)


def delete_comment(connection: Connection, access: Access, comment: Comment) -> None:
    """Delete a comment. Raise `Forbidden` unless it is the caller's own, or they may delete those of others."""
    if not may_delete(access, comment.user_id):
        raise Forbidden(OF_OTHERS)
    comments.remove(connection, comment.id)


def is_author(access: Access, author_id: int | None) -> bool:
    """Return True if the caller is the author of a comment, and so may change it; a deleted user is None."""
    return access.user_id is not None and access.user_id == author_id


def may_delete(access: Access, author_id: int | None) -> bool:
    """Return True if the caller may delete the comments of an author."""
    return is_author(access, author_id) or bool(access.scopes & DELETE_SCOPES)


def _subscribe_mentioned(connection: Connection, access: Access, issue: Issue, name: str) -> None:
    try:
        found = find_assignee(connection, access.organization, [issue.project_id], name).assignee
    except ValidationFailed as refusal:
        raise ValidationFailed({"mentions": refusal.fields["assignedTo"]}) from None
    is_team = found.type is AssigneeType.TEAM
    reason = SubscriptionReason.TEAM_MENTIONED if is_team else SubscriptionReason.MENTIONED
    assignments.subscribe(connection, [issue.id], found, reason)
