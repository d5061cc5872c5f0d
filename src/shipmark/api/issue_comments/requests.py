"""Bodies of comments (groups-api.md 7.6)."""

from typing import Annotated

from pydantic import Field

from shipmark.http.validation import Items, RequestModel, Text
from shipmark.issues.comments import COMMENT_MAX, MENTIONS_MAX
from shipmark.issues.people import ASSIGNEE_MAX


class CommentChangeRequest(RequestModel):
    """The new text of a comment."""

    text: Annotated[str, Text(max_length=COMMENT_MAX)] = Field(
        description="The comment, as plain text."
    )


class CommentRequest(CommentChangeRequest):
    """A comment, and whom it mentions."""

    mentions: Annotated[
        list[Annotated[str, Text(max_length=ASSIGNEE_MAX)]], Items(max_length=MENTIONS_MAX)
    ] = Field(
        default=[],
        description="Members and teams to subscribe to the issue, such as `user:1` and `team:1`.",
    )
