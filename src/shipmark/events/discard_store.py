"""The counts of what was not stored, by project, hour, outcome, reason and category."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from shipmark.events.discards import Discard, Outcome
from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table


class DiscardColumns(sa.TypedColumns):
    """A count. ``hour`` is the beginning of an hour in UTC.

    Its column was for a day, and code from before counts whole days.
    """

    project_id = parent("projects", primary_key=True)
    hour = sa.Column("day", db.UtcDateTime, primary_key=True)
    outcome = sa.Column(sa.String(16), primary_key=True)
    reason = sa.Column(sa.String(64), primary_key=True)
    category = sa.Column(sa.String(32), primary_key=True)
    quantity = sa.Column(db.Id, nullable=False)


discards = table("discards", DiscardColumns, sa.Index("ix_discards_day", "hour"))

_KEY = ("project_id", "hour", "outcome", "reason", "category")
_INSERT = insert_rows(discards, "discarded", (*_KEY, "quantity"), order_by=_KEY)
_COUNT = _INSERT.on_conflict_do_update(
    index_elements=list(discards.primary_key),
    set_={"quantity": discards.c.quantity + _INSERT.excluded.quantity},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardTotal:
    """What was not stored for one reason in some days."""

    outcome: Outcome
    reason: str
    category: str
    quantity: int


_QUANTITY = sa.cast(sa.func.sum(discards.c.quantity), db.Id)
_TOTAL = RowReader(DiscardTotal, discards, outcome=Outcome, quantity=_QUANTITY)


def count(connection: sa.Connection, discarded: Iterable[tuple[int, Discard]]) -> None:
    """Add to the counts of projects, each given by its id, in one statement."""
    numbers: Counter[tuple[int, datetime, str, str, str]] = Counter()
    for project_id, each in discarded:
        key = (project_id, each.hour, each.outcome.value, each.reason, each.category)
        numbers[key] += each.quantity
    if numbers:
        rows = [(*key, quantity) for key, quantity in numbers.items()]
        connection.execute(_COUNT, db.rows_param("discarded", rows))


def totals_since(
    connection: sa.Connection, project_id: int, hour: datetime, *, limit: int
) -> list[DiscardTotal]:
    """Return what was not stored of a project from an hour on, the largest numbers first."""
    c = discards.c
    query = (
        _TOTAL.select()
        .where(c.project_id == project_id, c.hour >= hour)
        .group_by(c.outcome, c.reason, c.category)
        .order_by(
            _QUANTITY.desc(),
            db.in_binary_order(c.outcome),
            db.in_binary_order(c.reason),
            db.in_binary_order(c.category),
        )
    )
    return _TOTAL.all(connection, query.limit(limit))


def of_projects(
    connection: sa.Connection,
    project_ids: Collection[int],
    *,
    first_hour: datetime,
    until: datetime,
) -> list[tuple[int, Discard]]:
    """Return the counts of projects from an hour on, each with the id of its project."""
    c = discards.c
    query = sa.select(c.project_id, c.hour, c.outcome, c.reason, c.category, c.quantity).where(
        db.in_ids(c.project_id), c.hour >= first_hour, c.hour < until
    )
    return [
        (
            project_id,
            Discard(
                hour=hour,
                outcome=Outcome(outcome),
                reason=reason,
                category=category,
                quantity=quantity,
            ),
        )
        for project_id, hour, outcome, reason, category, quantity in connection.execute(
            query, db.ids_param(project_ids)
        )
    ]


def remove_older(connection: sa.Connection, hour: datetime) -> int:
    """Delete the counts of the hours before that. Return their number."""
    return connection.execute(sa.delete(discards).where(discards.c.hour < hour)).rowcount
