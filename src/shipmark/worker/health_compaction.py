"""The job that makes old buckets of release health wider, and deletes those that are too old."""

from datetime import datetime

from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import Job, JobKind
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import span
from shipmark.release_health.compaction import STEPS, Step
from shipmark.worker.batched_removal import finish, remove_batches

#: The transactions after which the job is rescheduled, before its lease ends.
STEPS_MAX = 500


def run(database: Database, _settings: Settings, job: Job, at: datetime) -> None:
    """Take some steps and finish the job, or reschedule it at once while there are more."""
    taken = 0
    with span("health.compact") as fields:
        for name, step in STEPS.items():
            number = take(database, step, at, most=STEPS_MAX - taken)
            fields[name] = number
            taken += number
    finish(database, job, JobKind.COMPACT_HEALTH, at, is_more=taken >= STEPS_MAX)


def take(database: Database, step: Step, at: datetime, *, most: int) -> int:
    """Take a step as often as there are series for it, but at most so often. Return how often."""
    after_id = 0

    def once() -> int | None:
        nonlocal after_id
        with database.transaction() as connection:
            following = step(connection, after_id, at)
        after_id = following or 0
        return following

    return remove_batches(once, most=most).batches
