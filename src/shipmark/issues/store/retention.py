"""What is deleted of events: those that are too old, and those that an issue has too many of.

Pages and thresholds count events by their moments. What is deleted because there are too many is counted still: its
numbers by the minute stay, until events of that age are deleted too.
"""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from shipmark.events import store
from shipmark.events.retention import RetainedEvent
from shipmark.events.store import events
from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.schema import parent, table
from shipmark.issues.model import Issue
from shipmark.issues.store.user_reports import user_reports

#: The events that are deleted in one transaction: others wait for it on SQLite.
BATCH = 500
#: An issue's stored events are counted by so many: one event in a hundred takes a statement more.
COUNTED_BY = 100


class StoredEventCountColumns(sa.TypedColumns):
    """About how many events of an issue are stored, in hundreds; most issues with fewer than a hundred have none.

    Events that were moved from merged issues are counted exactly, so that it may be up to a hundred too many.
    """

    issue_id = parent("issues", primary_key=True)
    event_count = sa.Column(db.Id, nullable=False, index=True)


class ThinnedEventCountColumns(sa.TypedColumns):
    """How many events of an issue were deleted because it had too many, by their minute, release and environment.

    Several rows may be of the same minute. Releases and environments may have been deleted: a foreign key would lock
    those of a batch in an order of its own.
    """

    id = sa.Column(db.Id, primary_key=True)
    issue_id = parent("issues")
    project_id = sa.Column(db.Id, nullable=False)
    release_id = sa.Column(db.Id)
    environment_id = sa.Column(db.Id)
    minute = sa.Column(db.UtcDateTime, nullable=False, index=True)
    event_count = sa.Column(db.Id, nullable=False)


stored_event_counts = table("stored_event_counts", StoredEventCountColumns)
thinned_event_counts = table(
    "thinned_event_counts",
    ThinnedEventCountColumns,
    sa.Index("ix_thinned_event_counts_issue_id_minute", "issue_id", "minute"),
    sa.Index("ix_thinned_event_counts_release_id_minute", "release_id", "project_id", "minute"),
)

_ADD = insert_rows(stored_event_counts, "stored", ("issue_id", "event_count"))
_COUNT = _ADD.on_conflict_do_update(
    index_elements=["issue_id"],
    set_={"event_count": stored_event_counts.c.event_count + _ADD.excluded.event_count},
)
_FORGET = sa.delete(stored_event_counts).where(db.in_ids(stored_event_counts.c.issue_id))
_HAS_REPORT = (
    sa.exists()
    .where(
        user_reports.c.project_id == events.c.project_id,
        user_reports.c.event_id == events.c.event_id,
    )
    .label("has_report")
)
_ORIGINS = sa.select(
    events.c.issue_id,
    events.c.project_id,
    events.c.release_id,
    events.c.environment_id,
    events.c.happened_at,
).join(db.IDS, db.IDS.c.id == events.c.id)
_ADD_THINNED = insert_rows(
    thinned_event_counts,
    "thinned",
    ("issue_id", "project_id", "release_id", "environment_id", "minute", "event_count"),
    order_by=("minute",),
)


def count_stored(
    connection: sa.Connection, before: Mapping[int, Issue], added: Collection[int]
) -> None:
    """Count stored events, by the ids of their issues; ``before`` are the issues as they were.

    Most take no statement: see `COUNTED_BY`.
    """
    rows = []
    for issue_id, number in sorted(Counter(added).items()):
        times_seen = before[issue_id].times_seen
        hundreds = (times_seen + number) // COUNTED_BY - times_seen // COUNTED_BY
        if hundreds:
            rows.append((issue_id, hundreds * COUNTED_BY))
    if rows:
        connection.execute(_COUNT, db.rows_param("stored", rows))


def add_stored(connection: sa.Connection, issue_id: int, number: int) -> None:
    """Count events that were moved to the issue."""
    connection.execute(_COUNT, db.rows_param("stored", [(issue_id, number)]))


def forget_stored(connection: sa.Connection, issue_ids: Collection[int]) -> None:
    """Forget how many events these issues have, so that none is thinned out."""
    connection.execute(_FORGET, db.ids_param(issue_ids))


def largest_over(connection: sa.Connection, limit: int) -> int | None:
    """Return the id of the issue with the most stored events, if these are more than the limit, else None."""
    c = stored_event_counts.c
    query = sa.select(c.issue_id).where(c.event_count > limit)
    return connection.execute(query.order_by(c.event_count.desc()).limit(1)).scalar_one_or_none()


def oldest_of(connection: sa.Connection, issue_id: int, *, limit: int) -> list[RetainedEvent]:
    """Return the oldest events of an issue, without their payloads."""
    c = events.c
    query = (
        sa.select(c.id, c.happened_at, c.release_id, c.environment_id, _HAS_REPORT)
        .where(c.issue_id == issue_id)
        .order_by(c.happened_at, c.id)
        .limit(limit)
    )
    return [
        RetainedEvent(
            id=row_id,
            at=at,
            release_id=release_id,
            environment_id=environment_id,
            has_report=has_report,
        )
        for row_id, at, release_id, environment_id, has_report in connection.execute(query)
    ]


def thin(connection: sa.Connection, row_ids: Collection[int]) -> list[tuple[int, str]]:
    """Delete events of which an issue has too many; they are counted still. Return their projects and ids."""
    numbers: Counter[tuple[int, int, int | None, int | None, datetime]] = Counter()
    rows_found = connection.execute(_ORIGINS, db.ids_param(row_ids))
    for issue_id, project_id, release_id, environment_id, at in rows_found:
        minute = at.replace(second=0, microsecond=0)
        numbers[issue_id, project_id, release_id, environment_id, minute] += 1
    rows = [(*key, number) for key, number in numbers.items()]
    connection.execute(_ADD_THINNED, db.rows_param("thinned", rows))
    return store.remove(connection, row_ids)


def set_stored(connection: sa.Connection, issue_id: int, event_count: int) -> None:
    """Record how many events of an issue are stored, which is locked."""
    c = stored_event_counts.c
    if event_count < COUNTED_BY:
        connection.execute(sa.delete(stored_event_counts).where(c.issue_id == issue_id))
    else:
        statement = sa.update(stored_event_counts).where(c.issue_id == issue_id)
        connection.execute(statement.values(event_count=event_count))


def remove_received_before(connection: sa.Connection, moment: datetime) -> list[tuple[int, str]]:
    """Delete a batch of events that were received before. Return their projects and ids."""
    c = events.c
    query = sa.select(c.id).where(c.received_at < moment).order_by(c.received_at).limit(BATCH)
    row_ids = list(connection.execute(query).scalars())
    return store.remove(connection, row_ids) if row_ids else []


def remove_counts_before(connection: sa.Connection, moment: datetime) -> int:
    """Delete a batch of the numbers of thinned events of the minutes before. Return the number of rows."""
    c = thinned_event_counts.c
    batch = sa.select(c.id).where(c.minute < moment).order_by(c.minute).limit(BATCH)
    statement = sa.delete(thinned_event_counts).where(c.id.in_(batch))
    return connection.execute(statement).rowcount


def is_any_due(connection: sa.Connection, received_before: datetime, limit: int) -> bool:
    """Return True if an event was received before, or an issue may have more events than the limit."""
    c = events.c
    old = sa.select(c.id).where(c.received_at < received_before).limit(1)
    is_old = connection.execute(old).first() is not None
    return is_old or largest_over(connection, limit) is not None
