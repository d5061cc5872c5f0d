"""Comments on issues, which are among their activities (groups-api.md 7.6)."""

from collections.abc import Sequence
from typing import Annotated

from litestar import Response
from pydantic import Field
from sqlalchemy import Connection

from shipmark.api.issues.path_issue import PathIssue, find_issue, issue_paths
from shipmark.api.issues.responses import ActivityResponse
from shipmark.api.members.user_responses import optional_user_response
from shipmark.api.queries import PageQuery
from shipmark.api.releases import loading
from shipmark.http import endpoint
from shipmark.http.endpoint import Load
from shipmark.http.pagination.keyset import paginate_by_keyset
from shipmark.http.request_context import RequestContext, require_row
from shipmark.http.scopes import ISSUE_CHANGE, ISSUE_READ
from shipmark.http.validation import Items, RequestModel, Text
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.ids import id_of
from shipmark.issues.actions import comments as actions
from shipmark.issues.comments import COMMENT_MAX, MENTIONS_MAX, Comment
from shipmark.issues.model import IssueActivityType
from shipmark.issues.people import ASSIGNEE_MAX
from shipmark.issues.store import comments


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


_LIST = [*issue_paths("comments/"), *issue_paths("notes/")]
_COMMENT = [f"{path}{{note:str}}/" for path in _LIST]


def find_comment(
    context: RequestContext,
    connection: Connection,
    organization: str | None,
    issue: str,
    note: str,
) -> Comment:
    """Return the issue's comment with this id. Raise `NotFound` unless the caller can see it."""
    row = find_issue(context, connection, organization, issue)
    return require_row(comments.by_id(connection, row.id, id_of(note) or 0))


PathComment = Annotated[Comment, Load(find_comment)]


@endpoint.get(_LIST, scopes=ISSUE_READ)
def list_comments(
    context: RequestContext, issue: PathIssue, query: PageQuery
) -> Response[list[ActivityResponse]]:
    """List the comments on an issue, the newest first."""
    page = query.dated_page()
    with context.database.snapshot() as connection:
        rows = comments.of_issue(connection, issue.id, page.position, limit=page.limit)
        listed, links = paginate_by_keyset(rows, page)
        return context.listed(_serialize(connection, listed), links)


@endpoint.post(_LIST, scopes=ISSUE_CHANGE)
def add_comment(
    context: RequestContext, issue: PathIssue, body: CommentRequest
) -> ActivityResponse:
    """Comment on an issue. The author and those who are mentioned are subscribed."""
    with context.database.transaction() as connection:
        comment = actions.add_comment(
            connection, context.access, issue, body.text, body.mentions, now()
        )
        return _serialize(connection, [comment])[0]


@endpoint.put(_COMMENT, scopes=ISSUE_CHANGE)
def change_comment(
    context: RequestContext, comment: PathComment, body: CommentChangeRequest
) -> ActivityResponse:
    """Change the text of one's own comment."""
    with context.database.transaction() as connection:
        current = _current(connection, comment)
        changed = actions.change_comment(connection, context.access, current, body.text)
        return _serialize(connection, [changed])[0]


@endpoint.delete(_COMMENT, scopes=ISSUE_CHANGE)
def delete_comment(context: RequestContext, comment: PathComment) -> None:
    """Delete a comment: one's own, or with `event:admin` any."""
    with context.database.transaction() as connection:
        actions.delete_comment(connection, context.access, _current(connection, comment))


def _current(connection: Connection, comment: Comment) -> Comment:
    """Return the comment as it is now. Raise `NotFound` if it was deleted meanwhile."""
    return require_row(comments.by_id(connection, comment.issue_id, comment.id))


def _serialize(connection: Connection, listed: Sequence[Comment]) -> list[ActivityResponse]:
    users = loading.prefetch_for_users(connection, [comment.user_id for comment in listed])
    return [
        ActivityResponse(
            id=str(comment.id),
            user=optional_user_response(users.get(comment.user_id or 0)),
            type=IssueActivityType.NOTE.value,
            data={"text": comment.text},
            date_created=comment.created_at,
        )
        for comment in listed
    ]
