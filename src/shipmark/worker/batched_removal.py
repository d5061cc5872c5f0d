"""What jobs share that delete old things: batch after batch, each in a transaction, some now and the rest next time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from shipmark.infrastructure import jobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import Job, JobKind

#: A longer retention is unlimited.
_DAYS_MAX = 365 * 100


class Removed(NamedTuple):
    """How much was deleted, and in how many batches."""

    number: int
    batches: int


def retention_of(days: int) -> timedelta:
    """Return the retention of a setting, zero for one without a limit."""
    return timedelta(days=min(max(days, 0), _DAYS_MAX))


def remove_batches(remove: Callable[[], int | None], *, most: int) -> Removed:
    """Call a function that deletes a batch until it returns None, for nothing is left, but at most so often."""
    number = 0
    for batch in range(most):
        removed = remove()
        if removed is None:
            return Removed(number, batch)
        number += removed
    return Removed(number, most)


def finish(database: Database, job: Job, kind: JobKind, at: datetime, *, is_more: bool) -> None:
    """Finish the job, and schedule it again at once if there is more."""
    with database.transaction() as connection:
        if jobs.finish(connection, job) and is_more:
            jobs.enqueue(connection, kind, {}, now=at, key=kind)
