"""Snoozes: the conditions under which ignored issues are reopened."""

import json
from collections.abc import Collection, Mapping
from dataclasses import astuple, fields
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.issues.snooze import Snooze, SnoozeWindows


class SnoozeColumns(sa.TypedColumns):
    """The snooze of an issue that is ignored until a condition is met or it escalates; see `Snooze`.

    ``recent_events`` and ``recent_users`` are JSON objects, or NULL without a window. Nodes of the release before this
    one leave the rows of issues that they reopen: only those of ignored issues count.
    """

    issue_id = parent("issues", primary_key=True)
    user_id = sa.Column(db.Id, sa.ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at = sa.Column(db.UtcDateTime, nullable=False)
    ends_at = sa.Column(db.UtcDateTime, index=True)
    event_count = sa.Column(sa.Integer)
    event_window_minutes = sa.Column(sa.Integer)
    user_count = sa.Column(sa.Integer)
    user_window_minutes = sa.Column(sa.Integer)
    hourly_event_count = sa.Column(sa.Integer)
    times_seen = sa.Column(db.Id, nullable=False)
    users_seen = sa.Column(sa.Integer, nullable=False)
    recent_events = sa.Column(sa.Text)
    recent_users = sa.Column(sa.Text)


snoozes = table("snoozes", SnoozeColumns)
_SNOOZE = RowReader(Snooze, snoozes)
_OF_ISSUES = _SNOOZE.select().join(db.IDS, db.IDS.c.id == snoozes.c.issue_id)
_WITH_WINDOWS = (
    _SNOOZE.select(snoozes.c.recent_events, snoozes.c.recent_users)
    .join(db.IDS, db.IDS.c.id == snoozes.c.issue_id)
    .order_by(snoozes.c.issue_id)
)
_FIELDS = tuple(field.name for field in fields(Snooze))
_INSERT = insert_rows(snoozes, "snoozed", _FIELDS)
#: All columns: what has happened within the windows of an earlier snooze no longer counts.
_REPLACED = [column.name for column in snoozes.c if not column.primary_key]
_PUT = _INSERT.on_conflict_do_update(
    index_elements=["issue_id"],
    set_={name: _INSERT.excluded[name] for name in _REPLACED},
)
_REMOVE = sa.delete(snoozes).where(db.in_ids(snoozes.c.issue_id))
_WINDOWS = db.json_rows("windows", issue_id=db.Id, events=sa.Text(), users=sa.Text())
_SAVE_WINDOWS = (
    sa.update(snoozes)
    .where(snoozes.c.issue_id == _WINDOWS.c.issue_id)
    .values(recent_events=_WINDOWS.c.events, recent_users=_WINDOWS.c.users)
)
_shifted = sa.case(
    (
        snoozes.c.hourly_event_count < sa.bindparam("hourly", type_=sa.Integer),
        sa.bindparam("hourly", type_=sa.Integer),
    ),
    else_=snoozes.c.hourly_event_count,
)
_SHIFT = (
    sa.update(snoozes)
    .where(snoozes.c.issue_id == sa.bindparam("of_issue", type_=db.Id))
    .values(
        times_seen=snoozes.c.times_seen + sa.bindparam("more_events", type_=db.Id),
        users_seen=snoozes.c.users_seen + sa.bindparam("more_users", type_=sa.Integer),
        hourly_event_count=_shifted,
    )
)
_ENDED = (
    sa.select(snoozes.c.issue_id)
    .where(snoozes.c.ends_at <= sa.bindparam("at", type_=db.UtcDateTime))
    .order_by(snoozes.c.ends_at)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_NEXT_END = sa.select(sa.func.min(snoozes.c.ends_at))


def put(connection: sa.Connection, new_snoozes: Collection[Snooze]) -> None:
    """Insert or replace the snoozes of issues, which are locked, by one statement."""
    connection.execute(_PUT, db.rows_param("snoozed", map(astuple, new_snoozes)))


def of_issues(connection: sa.Connection, issue_ids: Collection[int]) -> dict[int, Snooze]:
    """Return the snooze of each issue that has one."""
    if not issue_ids:
        return {}
    stored = _SNOOZE.all(connection, _OF_ISSUES, db.ids_param(issue_ids))
    return {snooze.issue_id: snooze for snooze in stored}


def with_windows(
    connection: sa.Connection, issue_ids: Collection[int]
) -> list[tuple[Snooze, SnoozeWindows]]:
    """Return the snoozes of these issues with what has happened within their windows, ordered by issue."""
    rows = connection.execute(_WITH_WINDOWS, db.ids_param(issue_ids)).all()
    return [(_SNOOZE(row), _windows_of(*row[-2:])) for row in rows]


def save_windows(connection: sa.Connection, windows: Mapping[int, SnoozeWindows]) -> None:
    """Store what has happened within the windows of issues, by their ids."""
    rows = [
        (issue_id, json.dumps(each.events), json.dumps(each.users))
        for issue_id, each in sorted(windows.items())
    ]
    connection.execute(_SAVE_WINDOWS, db.rows_param("windows", rows))


def shift(
    connection: sa.Connection, issue_id: int, *, events: int = 0, users: int = 0, hourly: int = 0
) -> None:
    """Have a snooze end no earlier for events and users that the issue got from others.

    ``hourly`` is by how many events in an hour it escalates at least, if it is ignored until then.
    """
    parameters = {"of_issue": issue_id, "more_events": events, "more_users": users}
    connection.execute(_SHIFT, parameters | {"hourly": hourly})


def remove(connection: sa.Connection, issue_ids: Collection[int]) -> None:
    """Delete the snoozes of these issues."""
    connection.execute(_REMOVE, db.ids_param(issue_ids))


def ended(connection: sa.Connection, at: datetime, *, limit: int) -> list[int]:
    """Return the ids of the issues whose snoozes have ended by the clock, the first ones first."""
    return list(connection.execute(_ENDED, {"at": at, "most": limit}).scalars())


def next_end(connection: sa.Connection) -> datetime | None:
    """Return the moment at which the first snooze ends, or None if none ends by the clock."""
    return connection.execute(_NEXT_END).scalar_one()


def _windows_of(events: str | None, users: str | None) -> SnoozeWindows:
    counts: dict[str, int] = json.loads(events or "{}")
    return SnoozeWindows(
        events={int(bucket): count for bucket, count in counts.items()},
        users=json.loads(users or "{}"),
    )
