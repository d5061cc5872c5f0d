"""What belongs to merged issues moves to the survivor: any number of them by a few statements for each table.

All of these issues are locked: the merged ones so that no transaction adds a row to them meanwhile (`lock`).
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from shipmark.events.merged_issues import merged_issues
from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.issues.model import Issue
from shipmark.issues.store.activity import activities, history, subscriptions
from shipmark.issues.store.bookmarks import bookmarks
from shipmark.issues.store.commit_links import commit_links
from shipmark.issues.store.hashes import hashes
from shipmark.issues.store.issues import issues
from shipmark.issues.store.occurrences import issue_environments, issue_releases
from shipmark.issues.store.user_reports import user_reports
from shipmark.issues.store.views import views

_SURVIVOR = sa.bindparam("survivor_id", type_=db.Id)
_IS_MERGED = db.in_ids(issues.c.id)

_LOCK = sa.select(issues.c.id).where(_IS_MERGED).order_by(issues.c.id).with_for_update()
_ADD = insert_rows(
    merged_issues, "merged", ("id", "number"), shared=("issue_id", "project_id"), order_by=("id",)
)
#: What was merged into these issues before is led to the survivor too, so that no id takes two steps.
_LEAD_ON = (
    sa.update(merged_issues).where(db.in_ids(merged_issues.c.issue_id)).values(issue_id=_SURVIVOR)
)
_PENDING = (
    sa.select(issues.c.id)
    .join(merged_issues, merged_issues.c.id == issues.c.id)
    .where(db.in_ids(merged_issues.c.issue_id))
    .order_by(issues.c.id)
)


def _is_of_merged(table: sa.Table) -> sa.ColumnElement[bool]:
    return db.in_ids(table.c.issue_id)


def _update(table: sa.Table) -> sa.Update:
    return sa.update(table).where(_is_of_merged(table)).values(issue_id=_SURVIVOR)


def _delete(table: sa.Table) -> sa.Delete:
    return sa.delete(table).where(_is_of_merged(table))


def _insert(table: sa.Table, rows: sa.SelectBase) -> postgresql.Insert:
    """Return an INSERT of rows that have all columns of the table, in their order."""
    return db.upsert(table).from_select([column.name for column in table.c], rows)


def _move_subscriptions() -> sa.Executable:
    """Have users who follow any of the merged issues follow the survivor, unless they have chosen there."""
    c = subscriptions.c
    rows = (
        sa.select(_SURVIVOR, c.user_id, c.is_active, c.reason)
        .where(_is_of_merged(subscriptions))
        .order_by(c.user_id, c.is_active.desc(), c.issue_id)
    )
    return _insert(subscriptions, rows).on_conflict_do_nothing()


def _move_bookmarks() -> sa.Executable:
    c = bookmarks.c
    rows = sa.select(_SURVIVOR, c.user_id).where(_is_of_merged(bookmarks)).order_by(c.user_id)
    return _insert(bookmarks, rows).on_conflict_do_nothing()


def _move_views() -> sa.Executable:
    c = views.c
    rows = (
        sa.select(_SURVIVOR, c.user_id, sa.func.max(c.viewed_at))
        .where(_is_of_merged(views))
        .group_by(c.user_id)
        .order_by(c.user_id)
    )
    statement = _insert(views, rows)
    seen = statement.excluded.viewed_at
    return statement.on_conflict_do_update(
        index_elements=[c.issue_id, c.user_id],
        set_={"viewed_at": sa.case((seen > c.viewed_at, seen), else_=c.viewed_at)},
    )


def _move_commit_links() -> sa.Executable:
    """Where the survivor is resolved, a later commit that a user resolved another issue in is only named by it."""
    c = commit_links.c
    resolved_at = sa.select(issues.c.resolved_at).where(issues.c.id == _SURVIVOR)
    is_earlier = sa.func.coalesce(c.linked_at < resolved_at.scalar_subquery(), sa.true())
    rows = (
        sa.select(_SURVIVOR, c.commit_id, c.linked_at, sa.and_(c.is_by_user, is_earlier))
        .where(_is_of_merged(commit_links))
        .order_by(c.commit_id, c.linked_at.desc(), c.issue_id)
    )
    return _insert(commit_links, rows).on_conflict_do_nothing()


def _move_releases() -> sa.Executable:
    c = issue_releases.c
    first, last = sa.func.min(c.first_seen_at), sa.func.max(c.last_seen_at)
    rows = (
        sa.select(_SURVIVOR, c.release_id, c.environment_id, first, last)
        .where(_is_of_merged(issue_releases))
        .group_by(c.release_id, c.environment_id)
        .order_by(c.release_id, c.environment_id)
    )
    statement = _insert(issue_releases, rows)
    new = statement.excluded
    is_earlier, is_later = new.first_seen_at < c.first_seen_at, new.last_seen_at > c.last_seen_at
    return statement.on_conflict_do_update(
        index_elements=[c.issue_id, c.release_id, c.environment_id],
        set_={
            "first_seen_at": sa.case((is_earlier, new.first_seen_at), else_=c.first_seen_at),
            "last_seen_at": sa.case((is_later, new.last_seen_at), else_=c.last_seen_at),
        },
    )


def _move_environments() -> sa.Executable:
    """Record that the release which brought the first of them to an environment has brought the survivor there."""
    c = issue_environments.c
    place = sa.func.row_number().over(
        partition_by=c.environment_id, order_by=[c.first_seen_at, c.issue_id]
    )
    numbered = (
        sa.select(c.environment_id, c.first_release_id, c.first_seen_at, place.label("place"))
        .where(_is_of_merged(issue_environments))
        .subquery("numbered")
    )
    first = numbered.c
    rows = (
        sa.select(_SURVIVOR, first.environment_id, first.first_release_id, first.first_seen_at)
        .where(first.place == sa.literal_column("1"))
        .order_by(first.environment_id)
    )
    statement = _insert(issue_environments, rows)
    new = statement.excluded
    is_earlier = new.first_seen_at < c.first_seen_at
    return statement.on_conflict_do_update(
        index_elements=[c.issue_id, c.environment_id],
        set_={
            name: sa.case((is_earlier, new[name]), else_=c[name])
            for name in ("first_release_id", "first_seen_at")
        },
    )


#: In the order in which they run. Rows are deleted, so that what a user removes meanwhile does not come back later.
_MOVES: tuple[sa.Executable, ...] = (
    *map(_update, (hashes, activities, history, user_reports)),
    _move_subscriptions(),
    _move_bookmarks(),
    _move_views(),
    _move_commit_links(),
    _move_releases(),
    _move_environments(),
    *map(
        _delete,
        (subscriptions, bookmarks, views, commit_links, issue_releases, issue_environments),
    ),
)


def lock(connection: sa.Connection, issue_ids: Collection[int]) -> list[int]:
    """Lock issues, also merged ones, so that no row is added to them. Return the ids of those that exist, in order."""
    return list(connection.execute(_LOCK, db.ids_param(issue_ids)).scalars())


def lead(connection: sa.Connection, survivor: Issue, merged: Sequence[Issue]) -> None:
    """Have the ids and short ids of merged issues lead to the survivor."""
    ids = db.ids_param(issue.id for issue in merged)
    connection.execute(_LEAD_ON, {**ids, "survivor_id": survivor.id})
    rows = db.rows_param("merged", ((issue.id, issue.number) for issue in merged))
    shared = {"issue_id": survivor.id, "project_id": survivor.project_id}
    connection.execute(_ADD, {**rows, **shared})


def move_rows(connection: sa.Connection, survivor_id: int, issue_ids: Collection[int]) -> None:
    """Move the rows of merged issues of which an issue has few, hashes first of all. It may be repeated."""
    parameters = {**db.ids_param(issue_ids), "survivor_id": survivor_id}
    for statement in _MOVES:
        connection.execute(statement, parameters)


def count(
    connection: sa.Connection,
    survivor_id: int,
    *,
    times_seen: int,
    first_at: datetime,
    last_at: datetime,
    first_release_id: int | None,
    recent_counts: str | None,
) -> None:
    """Store the numbers and moments of all merged issues with the survivor. Users are counted when they are moved."""
    statement = sa.update(issues).where(issues.c.id == survivor_id)
    connection.execute(
        statement.values(
            times_seen=times_seen,
            first_seen_at=first_at,
            last_seen_at=last_at,
            first_release_id=first_release_id,
            recent_counts=recent_counts,
        )
    )


def count_users(connection: sa.Connection, survivor_id: int, number: int) -> None:
    """Add users to those that the survivor affects."""
    statement = sa.update(issues).where(issues.c.id == survivor_id)
    connection.execute(statement.values(user_count=issues.c.user_count + number))


def pending(connection: sa.Connection, survivor_ids: Collection[int]) -> list[int]:
    """Return the ids of the merged issues of the survivors that have rows left, in order."""
    return list(connection.execute(_PENDING, db.ids_param(survivor_ids)).scalars())
