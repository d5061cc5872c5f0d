"""Comments of issues, which are among their activities."""

import json
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure.keyset import KeysetPosition, from_position
from shipmark.infrastructure.row_reader import RowReader
from shipmark.issues.comments import Comment
from shipmark.issues.model import IssueActivityType
from shipmark.issues.store.activity import IS_NOTE, activities


def _text_of(details: str) -> str:
    return str(json.loads(details)["text"])


_COMMENT = RowReader(
    Comment,
    activities,
    text=(_text_of, activities.c.details),
    created_at=activities.c.happened_at,
)


def add(
    connection: sa.Connection, issue_id: int, user_id: int | None, text: str, at: datetime
) -> Comment:
    """Insert a comment."""
    statement = sa.insert(activities).values(
        issue_id=issue_id,
        type=IssueActivityType.NOTE.value,
        user_id=user_id,
        happened_at=at,
        details=json.dumps({"text": text}),
    )
    return _COMMENT(connection.execute(statement.returning(*_COMMENT.columns)).one())


def by_id(connection: sa.Connection, issue_id: int, comment_id: int) -> Comment | None:
    """Return the issue's comment with this id, or None."""
    query = _COMMENT.select().where(
        activities.c.id == comment_id, activities.c.issue_id == issue_id, IS_NOTE
    )
    return _COMMENT.first(connection, query)


def of_issue(
    connection: sa.Connection, issue_id: int, position: KeysetPosition | None, *, limit: int
) -> list[Comment]:
    """Return a page of the issue's comments, the newest first; before a position, the nearest first."""
    c = activities.c
    query = _COMMENT.select().where(c.issue_id == issue_id, IS_NOTE)
    query = from_position(query, c.happened_at, c.id, position)
    return _COMMENT.all(connection, query.limit(limit))


def change(connection: sa.Connection, comment_id: int, text: str) -> None:
    """Store another text; the moment stays."""
    statement = sa.update(activities).where(activities.c.id == comment_id, IS_NOTE)
    connection.execute(statement.values(details=json.dumps({"text": text})))


def remove(connection: sa.Connection, comment_id: int) -> None:
    """Delete a comment."""
    connection.execute(sa.delete(activities).where(activities.c.id == comment_id, IS_NOTE))
