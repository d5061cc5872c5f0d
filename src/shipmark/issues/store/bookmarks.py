"""Bookmarks of users on issues."""

from collections.abc import Collection

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.schema import parent, table


class BookmarkColumns(sa.TypedColumns):
    """A user's bookmark on an issue."""

    issue_id = parent("issues", primary_key=True)
    user_id = parent("users", primary_key=True, index=True)


bookmarks = table("issue_bookmarks", BookmarkColumns)

_ADD = insert_rows(bookmarks, "bookmarked", ("issue_id",), shared=("user_id",))
_ADD = _ADD.on_conflict_do_nothing()
_REMOVE = sa.delete(bookmarks).where(
    db.in_ids(bookmarks.c.issue_id),
    bookmarks.c.user_id == sa.bindparam("user_id"),
)


def add(connection: sa.Connection, issue_ids: Collection[int], user_id: int) -> None:
    """Bookmark these issues for the user."""
    rows = db.values_param("bookmarked", issue_ids)
    connection.execute(_ADD, {**rows, "user_id": user_id})


def remove(connection: sa.Connection, issue_ids: Collection[int], user_id: int) -> None:
    """Remove the user's bookmarks on these issues."""
    connection.execute(_REMOVE, {**db.ids_param(issue_ids), "user_id": user_id})
