"""Comments in the activity of an issue's page."""

from collections.abc import Mapping
from dataclasses import dataclass

from shipmark.accounts.model import User
from shipmark.issues.actions.comments import is_author, may_delete
from shipmark.issues.model import IssueActivity, IssueActivityType
from shipmark.web.request_context import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentItem:
    """A comment with its author, None for a deleted user, and what the reader may do with it."""

    id: int
    text: str
    author: User | None
    may_edit: bool
    may_delete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedComment:
    """A text that was not stored, and why: of the comment with this id, or of a new one."""

    text: str
    problem: str
    id: int | None = None


def comment_item(
    entry: IssueActivity, users: Mapping[int, User], workspace: Workspace, *, may_change: bool
) -> CommentItem | None:
    """Return the comment that an activity is, or None; without ``may_change`` the reader may not write at all."""
    if entry.type is not IssueActivityType.NOTE:
        return None
    return CommentItem(
        id=entry.id,
        text=str(entry.details.get("text") or ""),
        author=users.get(entry.user_id or 0),
        may_edit=may_change and is_author(workspace.access, entry.user_id),
        may_delete=may_change and may_delete(workspace.access, entry.user_id),
    )
