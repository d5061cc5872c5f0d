"""When users last saw issues."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.schema import parent, table


class ViewColumns(sa.TypedColumns):
    """A user who has seen an issue."""

    issue_id = parent("issues", primary_key=True)
    user_id = parent("users", primary_key=True, index=True)
    viewed_at = sa.Column(db.UtcDateTime, nullable=False)


views = table("issue_views", ViewColumns)

_PUT = insert_rows(views, "viewed", ("issue_id",), shared=("user_id", "viewed_at"))
_PUT = _PUT.on_conflict_do_update(
    index_elements=[views.c.issue_id, views.c.user_id],
    set_={"viewed_at": _PUT.excluded.viewed_at},
)
_REMOVE = sa.delete(views).where(
    db.in_ids(views.c.issue_id), views.c.user_id == sa.bindparam("user_id")
)


def put(connection: sa.Connection, issue_ids: Collection[int], user_id: int, at: datetime) -> None:
    """Store that the user has seen these issues now."""
    rows = db.values_param("viewed", issue_ids)
    connection.execute(_PUT, {**rows, "user_id": user_id, "viewed_at": at})


def remove(connection: sa.Connection, issue_ids: Collection[int], user_id: int) -> None:
    """Store that the user has not seen these issues."""
    connection.execute(_REMOVE, {**db.ids_param(issue_ids), "user_id": user_id})


def of_issue(connection: sa.Connection, issue_id: int, *, limit: int) -> dict[int, datetime]:
    """Return when users last saw the issue, by their ids, the last first."""
    query = sa.select(views.c.user_id, views.c.viewed_at).where(views.c.issue_id == issue_id)
    query = query.order_by(views.c.viewed_at.desc(), views.c.user_id).limit(limit)
    return {user_id: at for user_id, at in connection.execute(query)}
