"""Keyset pagination of lists by date: positions, which interfaces read from cursors and stores seek by."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure.database import Id, UtcDateTime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysetPosition:
    """The position of a row in a list, newest first; of one date, the last created first. Pages exclude the row itself.

    Inserted and deleted rows don't move the position, not even the deletion of its own. A page before it is read
    backwards, nearest row first.
    """

    at: datetime
    id: int
    is_backwards: bool = False


def from_position(
    query: sa.Select[*tuple[Any, ...]],
    at: sa.ColumnElement[datetime],
    row_id: sa.ColumnElement[int],
    position: KeysetPosition | None,
) -> sa.Select[*tuple[Any, ...]]:
    """Return the query for the rows from a position on, in the order of its direction."""
    newest_first = query.order_by(at.desc(), row_id.desc())
    if position is None:
        return newest_first
    row = sa.tuple_(at, row_id)
    boundary = sa.tuple_(sa.literal(position.at, UtcDateTime()), sa.literal(position.id, Id))
    if position.is_backwards:
        return query.where(row > boundary).order_by(at, row_id)
    return newest_first.where(row < boundary)
