"""Activities, history and subscriptions of issues."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, partial_index, table
from shipmark.issues.model import (
    HistoryStatus,
    IssueActivity,
    IssueActivityType,
    SubscriptionReason,
)


class ActivityColumns(sa.TypedColumns):
    """An activity. ``ident`` is the id of its subject, such as the resolution; ``details`` is a JSON object."""

    id = sa.Column(db.Id, primary_key=True)
    issue_id = parent("issues")
    type = sa.Column(sa.String(32), nullable=False)
    ident = sa.Column(sa.String(64))
    user_id = sa.Column(db.Id, sa.ForeignKey("users.id", ondelete="SET NULL"), index=True)
    happened_at = sa.Column(db.UtcDateTime, nullable=False)
    details = sa.Column(sa.Text, nullable=False)


class HistoryColumns(sa.TypedColumns):
    """An entry of an issue's history."""

    id = sa.Column(db.Id, primary_key=True)
    issue_id = parent("issues")
    status = sa.Column(sa.String(32), nullable=False)
    release_id = sa.Column(db.Id, sa.ForeignKey("releases.id", ondelete="SET NULL"), index=True)
    user_id = sa.Column(db.Id, sa.ForeignKey("users.id", ondelete="SET NULL"), index=True)
    happened_at = sa.Column(db.UtcDateTime, nullable=False)


class SubscriptionColumns(sa.TypedColumns):
    """A user's subscription to an issue. An inactive one was cancelled by the user and must not be restored."""

    issue_id = parent("issues", primary_key=True)
    user_id = parent("users", primary_key=True, index=True)
    is_active = sa.Column(sa.Boolean, nullable=False)
    reason = sa.Column(sa.Integer, nullable=False)


activities = table(
    "issue_activities",
    ActivityColumns,
    sa.Index("ix_issue_activities_issue_id_happened_at", "issue_id", "happened_at", "id"),
)
#: As a literal, so that databases know that the index of comments serves.
IS_NOTE = activities.c.type == sa.literal_column(f"'{IssueActivityType.NOTE.value}'")
partial_index(
    "ix_issue_activities_notes",
    activities.c.issue_id,
    activities.c.happened_at,
    activities.c.id,
    where=IS_NOTE,
)
history = table(
    "issue_history",
    HistoryColumns,
    sa.Index("ix_issue_history_issue_id_happened_at", "issue_id", "happened_at", "id"),
)
subscriptions = table("issue_subscriptions", SubscriptionColumns)


_ADD = insert_rows(
    activities,
    "happened",
    ("issue_id", "type", "ident", "user_id", "details"),
    shared=("happened_at",),
    order_by=("position",),
)
_ADD_HISTORY = insert_rows(
    history, "users", ("issue_id", "user_id"), shared=("status", "release_id", "happened_at")
)
_ADD_AT = insert_rows(
    activities,
    "happened",
    ("issue_id", "type", "ident", "user_id", "details", "happened_at"),
    order_by=("position",),
)
_ADD_HISTORY_AT = insert_rows(
    history, "entries", ("issue_id", "status", "happened_at"), order_by=("position",)
)
_SUBSCRIBE = insert_rows(
    subscriptions,
    "pairs",
    ("issue_id", "user_id"),
    shared=("is_active", "reason"),
    order_by=("issue_id", "user_id"),
).on_conflict_do_nothing()
_SET_SUBSCRIBED = insert_rows(
    subscriptions, "subscribed", ("issue_id",), shared=("user_id", "is_active", "reason")
)
_SET_SUBSCRIBED = _SET_SUBSCRIBED.on_conflict_do_update(
    index_elements=[subscriptions.c.issue_id, subscriptions.c.user_id],
    set_={"is_active": _SET_SUBSCRIBED.excluded.is_active},
)
_ACTIVITY = RowReader(
    IssueActivity,
    activities,
    type=IssueActivityType,
    at=activities.c.happened_at,
    details=json.loads,
)
_COMPLETED = db.json_rows("completed", issue_id=db.Id, ident=sa.Text())
_COMPLETE = (
    sa.update(activities)
    .where(
        activities.c.issue_id == _COMPLETED.c.issue_id,
        activities.c.ident == _COMPLETED.c.ident,
        activities.c.type == IssueActivityType.SET_RESOLVED_IN_RELEASE,
    )
    .values(details=sa.bindparam("new_details", type_=sa.Text()))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewActivity:
    """An activity of an issue to insert."""

    issue_id: int
    type: IssueActivityType
    user_id: int | None
    ident: str | None
    details: dict[str, object]


def add(connection: sa.Connection, activities: Sequence[NewActivity], at: datetime) -> None:
    """Insert activities by one statement."""
    if not activities:
        return
    rows = [
        (new.issue_id, new.type, new.ident, new.user_id, json.dumps(new.details), position)
        for position, new in enumerate(activities)
    ]
    connection.execute(_ADD, db.rows_param("happened", rows) | {"happened_at": at})


def add_plain(
    connection: sa.Connection,
    kind: IssueActivityType,
    users: Mapping[int, int | None],
    at: datetime,
    details: Mapping[str, object] | None = None,
) -> None:
    """Insert the same activity for each issue by one statement; ``users`` maps issues to the acting user or None."""
    new = [
        NewActivity(
            issue_id=issue_id, type=kind, user_id=user_id, ident=None, details=dict(details or {})
        )
        for issue_id, user_id in users.items()
    ]
    add(connection, new, at)


def add_history(
    connection: sa.Connection,
    status: HistoryStatus,
    users: dict[int, int | None],
    release_id: int | None,
    at: datetime,
) -> None:
    """Insert entries of the history by one statement; ``users`` maps issues to the acting user or None."""
    shared = {"status": status, "release_id": release_id, "happened_at": at}
    connection.execute(_ADD_HISTORY, {**db.rows_param("users", sorted(users.items())), **shared})


def add_at(connection: sa.Connection, happened: Sequence[tuple[NewActivity, datetime]]) -> None:
    """Insert activities that each have their own time, by one statement."""
    rows = [
        (new.issue_id, new.type, new.ident, new.user_id, json.dumps(new.details), at, position)
        for position, (new, at) in enumerate(happened)
    ]
    connection.execute(_ADD_AT, db.rows_param("happened", rows))


def add_history_at(
    connection: sa.Connection, entries: Sequence[tuple[int, HistoryStatus, datetime]]
) -> None:
    """Insert entries of the history of issues that each have their own time, by one statement."""
    rows = [(*entry, position) for position, entry in enumerate(entries)]
    connection.execute(_ADD_HISTORY_AT, db.rows_param("entries", rows))


def complete(connection: sa.Connection, resolved: Mapping[int, int], version: str) -> None:
    """Set the version of activities "in the next release"; ``resolved`` maps issues to their resolutions' ids."""
    rows = ((issue_id, str(resolution_id)) for issue_id, resolution_id in sorted(resolved.items()))
    details = json.dumps({"version": version})
    connection.execute(_COMPLETE, db.rows_param("completed", rows) | {"new_details": details})


def subscribe(
    connection: sa.Connection,
    pairs: Collection[tuple[int, int | None]],
    reason: SubscriptionReason,
) -> None:
    """Subscribe (issue, user) pairs, but for those without a user; a user's earlier choice stays."""
    known = {(issue_id, user_id) for issue_id, user_id in pairs if user_id is not None}
    if not known:
        return
    shared = {"is_active": True, "reason": int(reason)}
    connection.execute(_SUBSCRIBE, {**db.rows_param("pairs", sorted(known)), **shared})


def set_subscribed(
    connection: sa.Connection, issue_ids: Collection[int], user_id: int, *, is_active: bool
) -> None:
    """Subscribe the user to these issues, or cancel that; the reason of an earlier subscription stays."""
    rows = db.values_param("subscribed", issue_ids)
    shared = {
        "user_id": user_id,
        "is_active": is_active,
        "reason": int(SubscriptionReason.UNKNOWN),
    }
    connection.execute(_SET_SUBSCRIBED, {**rows, **shared})


def of_issue(connection: sa.Connection, issue_id: int, *, limit: int) -> list[IssueActivity]:
    """Return the activities of the issue, newest first."""
    query = (
        _ACTIVITY.select()
        .where(activities.c.issue_id == issue_id)
        .order_by(activities.c.happened_at.desc(), activities.c.id.desc())
        .limit(limit)
    )
    return _ACTIVITY.all(connection, query)


def is_regressed_in(connection: sa.Connection, issue_id: int, release_id: int) -> bool:
    """Return True if the issue has regressed in the release before."""
    query = sa.select(history.c.id).where(
        history.c.issue_id == issue_id,
        history.c.release_id == release_id,
        history.c.status == HistoryStatus.REGRESSED,
    )
    return connection.execute(query.limit(1)).first() is not None


def subscribers_of(connection: sa.Connection, issue_id: int) -> dict[int, SubscriptionReason]:
    """Return the subscribed users of the issue with their reasons."""
    query = sa.select(subscriptions.c.user_id, subscriptions.c.reason).where(
        subscriptions.c.issue_id == issue_id, subscriptions.c.is_active
    )
    return {user_id: SubscriptionReason(reason) for user_id, reason in connection.execute(query)}
