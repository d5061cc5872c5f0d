"""The numbers of what was stored, by project, hour and category of data; they stay when it is deleted.

Events count by themselves, sessions by update or entry of aggregates, as what is not stored of them.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from shipmark.events.security_reports import ERROR, SECURITY
from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table


class AcceptedEventColumns(sa.TypedColumns):
    """A number. ``hour`` is the beginning of the hour in which it came in. The table was for events."""

    project_id = parent("projects", primary_key=True)
    hour = sa.Column(db.UtcDateTime, primary_key=True)
    category = sa.Column(sa.String(32), primary_key=True)
    quantity = sa.Column(db.Id, nullable=False)


accepted_events = table(
    "accepted_events", AcceptedEventColumns, sa.Index("ix_accepted_events_hour", "hour")
)

_KEY = ("project_id", "hour", "category")
_INSERT = insert_rows(accepted_events, "accepted", (*_KEY, "quantity"), order_by=_KEY)
_COUNT = _INSERT.on_conflict_do_update(
    index_elements=_KEY, set_={"quantity": accepted_events.c.quantity + _INSERT.excluded.quantity}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What a project got of one category within an hour, which begins at ``hour``."""

    project_id: int
    hour: datetime
    category: str
    quantity: int = 1


_ACCEPTED = RowReader(Accepted, accepted_events)


def count(connection: sa.Connection, accepted: Iterable[Accepted]) -> None:
    """Add to the numbers, in one statement."""
    numbers: Counter[tuple[int, datetime, str]] = Counter()
    for each in accepted:
        numbers[each.project_id, each.hour, each.category] += each.quantity
    rows = [(*key, quantity) for key, quantity in numbers.items() if quantity]
    if rows:
        connection.execute(_COUNT, db.rows_param("accepted", rows))


def of_projects(
    connection: sa.Connection,
    project_ids: Collection[int],
    *,
    first_hour: datetime,
    until: datetime,
) -> list[Accepted]:
    """Return the numbers of projects from an hour on."""
    c = accepted_events.c
    query = _ACCEPTED.select().where(db.in_ids(c.project_id), c.hour >= first_hour, c.hour < until)
    return _ACCEPTED.all(connection, query, db.ids_param(project_ids))


def events_since(connection: sa.Connection, project_id: int, hour: datetime) -> int:
    """Return the number of events of a project that came in from an hour on."""
    c = accepted_events.c
    query = sa.select(sa.func.coalesce(sa.cast(sa.func.sum(c.quantity), db.Id), 0))
    of_events = c.category.in_([ERROR, SECURITY])
    return connection.execute(
        query.where(c.project_id == project_id, c.hour >= hour, of_events)
    ).scalar_one()


def remove_older(connection: sa.Connection, hour: datetime) -> int:
    """Delete the numbers of the hours before that. Return how many these were."""
    statement = sa.delete(accepted_events).where(accepted_events.c.hour < hour)
    return connection.execute(statement).rowcount
