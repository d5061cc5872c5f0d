"""How many events of a release were symbolicated by files that came after them, and when last."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.schema import parent, table


class LateSymbolicationColumns(sa.TypedColumns):
    """The events of a release that were symbolicated later, each counted once."""

    release_id = parent("releases", primary_key=True)
    event_count = sa.Column(db.Id, nullable=False)
    last_at = sa.Column(db.UtcDateTime, nullable=False)


late_symbolications = table("late_symbolications", LateSymbolicationColumns)


@dataclass(frozen=True, slots=True, kw_only=True)
class LateSymbolications:
    """A number of events, and when the last was symbolicated."""

    count: int
    last_at: datetime


def count(connection: sa.Connection, release_id: int, at: datetime) -> None:
    """Count an event of the release."""
    row = {"release_id": release_id, "event_count": 1, "last_at": at}
    statement = db.upsert(late_symbolications).values(row)
    changed = {
        "event_count": late_symbolications.c.event_count + 1,
        "last_at": statement.excluded.last_at,
    }
    connection.execute(statement.on_conflict_do_update(index_elements=["release_id"], set_=changed))


def of_release(connection: sa.Connection, release_id: int) -> LateSymbolications | None:
    """Return the number of the release's events, or None if there are none."""
    c = late_symbolications.c
    query = sa.select(c.event_count, c.last_at).where(c.release_id == release_id)
    row = connection.execute(query).first()
    return LateSymbolications(count=row[0], last_at=row[1]) if row else None
