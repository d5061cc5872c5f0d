"""Jobs that the scheduler runs again and again, at a later time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, text

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import JobKind
from shipmark.worker import scheduler

#: Runs what is due so long from now.
Pass = Callable[[timedelta], None]

_OTHERS = text("DELETE FROM jobs WHERE kind NOT IN :kinds").bindparams(
    bindparam("kinds", expanding=True)
)


def run_timers(database: Database, time: timedelta, *kinds: JobKind) -> None:
    """Run the timers of these kinds that are due so long from now, from their start on, and no other job."""
    at = datetime.now(UTC) + time
    with database.transaction() as connection:
        connection.execute(text("DELETE FROM jobs"))
        scheduler.start(connection, at)
        connection.execute(_OTHERS, {"kinds": [kind.value for kind in kinds]})
    while scheduler.run_due(database, at):
        pass
