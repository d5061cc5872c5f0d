"""Keyset pagination of lists by date: positions, which interfaces read from cursors and stores seek by."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysetPosition:
    """The position of a row in a list, newest first; of one date, the last created first. Pages exclude the row itself.

    Inserted and deleted rows don't move the position, not even the deletion of its own. A page before it is read
    backwards, nearest row first.
    """

    at: datetime
    id: int
    is_backwards: bool = False
