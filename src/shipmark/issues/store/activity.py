"""Activities, history and subscriptions of issues."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    TypedColumns,
    bindparam,
    literal,
    select,
    update,
)

from shipmark.infrastructure.database import (
    Id,
    UtcDateTime,
    json_rows,
    metadata,
    rows_param,
    upsert,
)
from shipmark.issues.model import (
    HistoryEntry,
    HistoryStatus,
    IssueActivity,
    IssueActivityType,
    SubscriptionReason,
)


class ActivityColumns(TypedColumns):
    """An activity. ``ident`` is the id of its subject, such as the resolution; ``details`` is a JSON object."""

    id = Column(Id, primary_key=True)
    issue_id = Column(Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False)
    type = Column(String(32), nullable=False)
    ident = Column(String(64))
    user_id = Column(Id, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    happened_at = Column(UtcDateTime, nullable=False)
    details = Column(Text, nullable=False)


class HistoryColumns(TypedColumns):
    """An entry of an issue's history."""

    id = Column(Id, primary_key=True)
    issue_id = Column(Id, ForeignKey("issues.id", ondelete="CASCADE"), nullable=False)
    status = Column(String(32), nullable=False)
    release_id = Column(Id, ForeignKey("releases.id", ondelete="SET NULL"), index=True)
    user_id = Column(Id, ForeignKey("users.id", ondelete="SET NULL"), index=True)
    happened_at = Column(UtcDateTime, nullable=False)


class SubscriptionColumns(TypedColumns):
    """A user's subscription to an issue. An inactive one was cancelled by the user and must not be restored."""

    issue_id = Column(Id, ForeignKey("issues.id", ondelete="CASCADE"), primary_key=True)
    user_id = Column(Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    is_active = Column(Boolean, nullable=False)
    reason = Column(Integer, nullable=False)


activities = Table(
    "issue_activities",
    metadata,
    ActivityColumns,
    Index("ix_issue_activities_issue_id_happened_at", "issue_id", "happened_at", "id"),
    sqlite_autoincrement=True,
)
history = Table(
    "issue_history",
    metadata,
    HistoryColumns,
    Index("ix_issue_history_issue_id_happened_at", "issue_id", "happened_at", "id"),
    sqlite_autoincrement=True,
)
subscriptions = Table("issue_subscriptions", metadata, SubscriptionColumns)


_ACTIVITY_ROWS = json_rows(
    "happened",
    issue_id=Id,
    type=Text(),
    ident=Text(),
    user_id=Id,
    details=Text(),
    place=Id,
)
_ADD = upsert(activities).from_select(
    ["issue_id", "type", "ident", "user_id", "details", "happened_at"],
    select(
        _ACTIVITY_ROWS.c.issue_id,
        _ACTIVITY_ROWS.c.type,
        _ACTIVITY_ROWS.c.ident,
        _ACTIVITY_ROWS.c.user_id,
        _ACTIVITY_ROWS.c.details,
        bindparam("at", type_=UtcDateTime()),
    ).order_by(_ACTIVITY_ROWS.c.place),
)
_USERS = json_rows("users", issue_id=Id, user_id=Id)
_ADD_HISTORY = upsert(history).from_select(
    ["issue_id", "status", "release_id", "user_id", "happened_at"],
    select(
        _USERS.c.issue_id,
        bindparam("status", type_=Text()),
        bindparam("release_id", type_=Id),
        _USERS.c.user_id,
        bindparam("at", type_=UtcDateTime()),
    ).order_by(_USERS.c.issue_id),
)
_PAIRS = json_rows("pairs", issue_id=Id, user_id=Id)
_SUBSCRIBE = (
    upsert(subscriptions)
    .from_select(
        ["issue_id", "user_id", "is_active", "reason"],
        select(
            _PAIRS.c.issue_id,
            _PAIRS.c.user_id,
            literal(True),
            bindparam("reason", type_=Integer),
        ).order_by(_PAIRS.c.issue_id, _PAIRS.c.user_id),
    )
    .on_conflict_do_nothing()
)


_COMPLETED = json_rows("completed", issue_id=Id, ident=Text())
_COMPLETE = (
    update(activities)
    .where(
        activities.c.issue_id == _COMPLETED.c.issue_id,
        activities.c.ident == _COMPLETED.c.ident,
        activities.c.type == IssueActivityType.SET_RESOLVED_IN_RELEASE,
    )
    .values(details=bindparam("new_details", type_=Text()))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewActivity:
    """An activity of an issue to insert."""

    issue_id: int
    type: IssueActivityType
    user_id: int | None
    ident: str | None
    details: dict[str, object]


def add(connection: Connection, activities: Sequence[NewActivity], at: datetime) -> None:
    """Insert activities by one statement."""
    if not activities:
        return
    rows = (
        (
            activity.issue_id,
            activity.type.value,
            activity.ident,
            activity.user_id,
            json.dumps(activity.details),
            place,
        )
        for place, activity in enumerate(activities)
    )
    connection.execute(_ADD, rows_param("happened", rows) | {"at": at})


def add_history(
    connection: Connection,
    status: HistoryStatus,
    users: dict[int, int | None],
    release_id: int | None,
    at: datetime,
) -> None:
    """Insert entries of the history by one statement; ``users`` maps issues to the acting user or None."""
    parameters = {"status": status.value, "release_id": release_id, "at": at}
    connection.execute(_ADD_HISTORY, rows_param("users", sorted(users.items())) | parameters)


def complete(connection: Connection, resolved: Mapping[int, int], version: str) -> None:
    """Set the version of activities "in the next release"; ``resolved`` maps issues to their resolutions' ids."""
    rows = ((issue_id, str(resolution_id)) for issue_id, resolution_id in sorted(resolved.items()))
    details = json.dumps({"version": version})
    connection.execute(_COMPLETE, rows_param("completed", rows) | {"new_details": details})


def subscribe(
    connection: Connection, pairs: Collection[tuple[int, int]], reason: SubscriptionReason
) -> None:
    """Subscribe (issue, user) pairs; a user's earlier choice stays."""
    if not pairs:
        return
    parameters = {"reason": int(reason)}
    connection.execute(_SUBSCRIBE, rows_param("pairs", sorted(set(pairs))) | parameters)


def of_issue(connection: Connection, issue_id: int, *, limit: int) -> list[IssueActivity]:
    """Return the activities of the issue, newest first."""
    c = activities.c
    query = (
        select(c.id, c.issue_id, c.type, c.happened_at, c.user_id, c.details)
        .where(c.issue_id == issue_id)
        .order_by(c.happened_at.desc(), c.id.desc())
        .limit(limit)
    )
    return [
        IssueActivity(
            id=activity_id,
            issue_id=issue,
            type=IssueActivityType(kind),
            at=at,
            user_id=user_id,
            details=json.loads(details),
        )
        for activity_id, issue, kind, at, user_id, details in connection.execute(query)
    ]


def history_of(connection: Connection, issue_id: int, *, limit: int) -> list[HistoryEntry]:
    """Return the history of the issue, oldest first."""
    c = history.c
    query = (
        select(c.issue_id, c.status, c.happened_at, c.user_id, c.release_id)
        .where(c.issue_id == issue_id)
        .order_by(c.happened_at, c.id)
        .limit(limit)
    )
    return [
        HistoryEntry(
            issue_id=issue,
            status=HistoryStatus(status),
            at=at,
            user_id=user_id,
            release_id=release_id,
        )
        for issue, status, at, user_id, release_id in connection.execute(query)
    ]


def is_regressed_in(connection: Connection, issue_id: int, release_id: int) -> bool:
    """Return True if the issue has regressed in the release before."""
    query = select(history.c.id).where(
        history.c.issue_id == issue_id,
        history.c.release_id == release_id,
        history.c.status == HistoryStatus.REGRESSED,
    )
    return connection.execute(query.limit(1)).first() is not None


def subscribers_of(connection: Connection, issue_id: int) -> dict[int, SubscriptionReason]:
    """Return the subscribed users of the issue with their reasons."""
    query = select(subscriptions.c.user_id, subscriptions.c.reason).where(
        subscriptions.c.issue_id == issue_id, subscriptions.c.is_active
    )
    return {user_id: SubscriptionReason(reason) for user_id, reason in connection.execute(query)}
