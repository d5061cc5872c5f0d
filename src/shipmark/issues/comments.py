"""Comments of users on issues."""

from dataclasses import dataclass
from datetime import datetime

#: The most characters of a comment.
COMMENT_MAX = 4096
#: The most users and teams that a comment mentions: each is looked up.
MENTIONS_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment of a user, who may be deleted, on an issue. It is an activity too, with the same id."""

    id: int
    issue_id: int
    user_id: int | None
    text: str
    created_at: datetime
