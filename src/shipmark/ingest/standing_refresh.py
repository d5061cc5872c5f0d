"""Keeps the standings of releases: an idle digester computes them again, and a busy one every ten seconds."""

import time
from datetime import datetime

from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.release_health import actions as release_health
from shipmark.release_health.store import standing_store

#: While the logs are never empty.
_BUSY_SECONDS = 10.0
#: How often an idle digester looks for standings that only time has changed.
_IDLE_SECONDS = 2.0
#: Pairs of project and release that are computed together: each may have a megabyte of sketches.
_PAIRS = 20
#: The longest time in a row, as events wait meanwhile; and the share of the digester's time.
_TURN_SECONDS = 0.5
_SHARE = 0.1


class StandingRefresh:
    """Computes standings again of which the counts have changed, or whose time has come. For one thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last = self._not_before = time.monotonic()
        self._is_changed = True

    def after_turn(self, number: int) -> None:
        """Compute what is due after a turn of the digester, in which it digested this number of frames."""
        self._is_changed |= number > 0
        since = time.monotonic() - self._last
        is_due = since > (_BUSY_SECONDS if number else _IDLE_SECONDS)
        is_idle_after_work = self._is_changed and not number
        if not (is_due or is_idle_after_work) or time.monotonic() < self._not_before:
            return
        begun = time.monotonic()
        self._is_changed = self._refresh(begun + _TURN_SECONDS)
        self._last = time.monotonic()
        self._not_before = self._last + (self._last - begun) * (1 / _SHARE - 1)

    def _refresh(self, deadline: float) -> bool:
        """Compute standings until the deadline. Return True if there may be more."""
        while time.monotonic() < deadline:
            if not refresh_some(self._database, now()):
                return False
        return True


def refresh_some(database: Database, at: datetime) -> bool:
    """Compute the standings of some pairs. Return False if none are due."""
    # Computed outside of the transaction: what changes meanwhile is computed again.
    with database.snapshot() as connection:
        pairs = standing_store.due_pairs(connection, at, _PAIRS)
        computed = release_health.compute_standings(connection, pairs, at) if pairs else None
    if computed is None:
        return False
    with database.transaction() as connection:
        release_health.keep_standings(connection, computed)
    return True
