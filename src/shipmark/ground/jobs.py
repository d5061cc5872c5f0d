"""What is to be done later? A durable queue: jobs are rows, written in the transaction that wants them.

A job runs at least once: it is claimed for a while, and whoever claimed it finishes it or gives it back with the
reason. One that is claimed and not finished in time (the process died) is claimed again.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    String,
    Table,
    Text,
    TypedColumns,
    delete,
    select,
    update,
)

from shipmark.ground.database import Id, Moment, metadata, upsert

#: How long a claimed job may take before somebody else may claim it.
LEASE = timedelta(minutes=10)
ATTEMPTS_MAX = 8
_FIRST_PAUSE = timedelta(seconds=10)
_ERROR_MAX = 2000


class JobColumns(TypedColumns):
    """A job. ``key``, where there is one, keeps a second job of the same key out. ``details`` is a JSON object.

    A job that failed for good stays, with ``run_at`` null, to be seen.
    """

    id = Column(Id, primary_key=True)
    kind = Column(String(64), nullable=False)
    key = Column(String(128), unique=True)
    details = Column(Text, nullable=False)
    attempts = Column(Integer, nullable=False)
    run_at = Column(Moment)
    error = Column(Text)
    created_at = Column(Moment, nullable=False)


jobs = Table(
    "jobs", metadata, JobColumns, Index("ix_jobs_run_at", "run_at"), sqlite_autoincrement=True
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something to be done. ``attempts`` counts this one too."""

    id: int
    kind: str
    details: dict[str, object]
    attempts: int


def enqueue(
    connection: Connection,
    kind: str,
    details: dict[str, object],
    *,
    now: datetime,
    run_at: datetime | None = None,
    key: str | None = None,
) -> None:
    """Have something done, once the transaction is committed. With a key that waits already, nothing is added."""
    row: dict[str, object] = {"kind": kind, "key": key, "details": json.dumps(details)}
    row |= {"attempts": 0, "run_at": run_at or now, "created_at": now}
    connection.execute(upsert(jobs).values(row).on_conflict_do_nothing())


def enqueue_once(
    connection: Connection, kind: str, details: dict[str, object], *, now: datetime
) -> None:
    """Have something done, unless a job of the kind waits already."""
    waits = select(jobs.c.id).where(jobs.c.kind == kind, jobs.c.run_at.is_not(None)).limit(1)
    if connection.execute(waits).first() is None:
        enqueue(connection, kind, details, now=now, key=f"once:{kind}")


def cancel(connection: Connection, key: str) -> None:
    """Forget the job of that key, if any, also one that failed for good."""
    connection.execute(delete(jobs).where(jobs.c.key == key))


def is_due(connection: Connection, now: datetime, kinds: Collection[str] | None = None) -> bool:
    """Is there a job, of these kinds, to be run now? Only reads, so that idle workers don't write."""
    query = select(jobs.c.id).where(*_due(now, kinds)).limit(1)
    return connection.execute(query).first() is not None


def claim(
    connection: Connection, now: datetime, kinds: Collection[str] | None = None
) -> Job | None:
    """Take the job that is due the longest, so that nobody else does for the length of the lease."""
    due = (
        select(jobs.c.id)
        .where(*_due(now, kinds))
        .order_by(jobs.c.run_at, jobs.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(jobs)
        .where(jobs.c.id == due)
        .values(attempts=jobs.c.attempts + 1, run_at=now + LEASE)
        .returning(jobs.c.id, jobs.c.kind, jobs.c.details, jobs.c.attempts)
    )
    row = connection.execute(statement).first()
    if row is None:
        return None
    job_id, kind, details, attempts = row
    return Job(id=job_id, kind=kind, details=json.loads(details), attempts=attempts)


def extend(connection: Connection, job: Job, until: datetime) -> None:
    """Keep a claimed job for longer than the lease."""
    connection.execute(update(jobs).where(jobs.c.id == job.id).values(run_at=until))


def is_held(connection: Connection, job: Job) -> bool:
    """Is the claimed job still ours, until the unit of work ends? Whoever was too slow finds that it is another's."""
    query = select(jobs.c.attempts).where(jobs.c.id == job.id).with_for_update()
    return connection.execute(query).scalar_one_or_none() == job.attempts


def finish(connection: Connection, job: Job) -> None:
    """Forget a job that is done."""
    connection.execute(delete(jobs).where(jobs.c.id == job.id))


def give_back(connection: Connection, job: Job, error: str, now: datetime) -> datetime | None:
    """Have a failed job tried again, each time after twice the pause; says when, or null where it was the last try."""
    pause = _FIRST_PAUSE * 2 ** (job.attempts - 1)
    run_at = now + pause if job.attempts < ATTEMPTS_MAX else None
    values = {"run_at": run_at, "error": error[:_ERROR_MAX]}
    connection.execute(update(jobs).where(jobs.c.id == job.id).values(values))
    return run_at


def _due(now: datetime, kinds: Collection[str] | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [jobs.c.run_at <= now]
    return conditions if kinds is None else [*conditions, jobs.c.kind.in_(kinds)]


def failed(connection: Connection, *, limit: int) -> list[tuple[str, str]]:
    """The kinds and errors of jobs that failed for good, newest first."""
    query = select(jobs.c.kind, jobs.c.error).where(jobs.c.run_at.is_(None))
    found = connection.execute(query.order_by(jobs.c.id.desc()).limit(limit))
    return [(kind, error or "") for kind, error in found]
