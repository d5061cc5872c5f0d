"""The side of a release on which its neighbour in the lineage is looked for."""

from collections.abc import Iterable
from enum import Enum
from typing import Any

import sqlalchemy as sa

from shipmark.releases.lineage import position_of
from shipmark.releases.model import Release


class Side(Enum):
    """On which side of a release its neighbour is looked for."""

    BEFORE = "before"
    AFTER = "after"

    def contains(
        self,
        position: sa.ColumnElement[Any],
        start: sa.ColumnElement[Any],
        *,
        is_strict: bool = False,
    ) -> sa.ColumnElement[bool]:
        """Return the condition that a position is on this side of the start, or at it unless that is excluded."""
        if self is Side.BEFORE:
            return position < start if is_strict else position <= start
        return position > start if is_strict else position >= start

    def sorted(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """Return a column in the order in which positions move away from the start."""
        return column.desc() if self is Side.BEFORE else column.asc()

    def nearest(self, candidates: Iterable[Release]) -> Release | None:
        """Return the one of these releases that is nearest to the start, or None without any."""
        choose = max if self is Side.BEFORE else min
        return choose(candidates, key=position_of, default=None)
