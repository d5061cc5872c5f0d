"""What is to be done later? A durable queue: jobs are rows, written in the transaction that wants them.

A job runs at least once: a worker claims it for the length of a lease, and finishes it or gives it back with the
reason. One that is claimed and not finished in time (the process died) is claimed again; a worker that was too slow
then owns it no more, and can neither finish it nor give it back.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

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
    case,
    delete,
    select,
    update,
)

from shipmark.infrastructure.database import Id, UtcDateTime, metadata, upsert

#: How long a claimed job may take before somebody else may claim it.
LEASE = timedelta(minutes=10)
ATTEMPTS_MAX = 8
_FIRST_PAUSE = timedelta(seconds=10)
#: A job that is never given up is tried again after this at the latest.
PAUSE_MAX = timedelta(minutes=15)
_ERROR_MAX = 2000


class JobKind(StrEnum):
    """The kinds of jobs. The scheduler maps each to the function that runs it."""

    TIDY = "tidy"
    FETCH_COMMITS = "fetch_commits"
    COLLECT_BLOBS = "collect_blobs"
    PRUNE_ARTIFACTS = "prune_artifacts"
    REMOVE_REPOSITORY = "remove_repository"
    REMOVE_PROJECT = "remove_project"
    REMOVE_ORGANIZATION = "remove_organization"


class JobColumns(TypedColumns):
    """A job. ``key``, where there is one, keeps a second job of the same key out. ``details`` is a JSON object.

    A job that failed for good stays, with ``run_at`` null, to be seen.
    """

    id = Column(Id, primary_key=True)
    kind = Column(String(64), nullable=False)
    key = Column(String(128), unique=True)
    details = Column(Text, nullable=False)
    attempts = Column(Integer, nullable=False)
    run_at = Column(UtcDateTime)
    error = Column(Text)
    created_at = Column(UtcDateTime, nullable=False)


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
    """Have something done, once the transaction is committed.

    Of a key there is one job at most: one that waits is done at the earlier of both moments, and one that failed for
    good is begun anew. One that is running, or waits to be tried again, stays as it is. In any case the row is locked
    until the transaction ends, so that what a running job does in its last transaction is done before this or after.
    """
    row: dict[str, object] = {"kind": kind, "key": key, "details": json.dumps(details)}
    row |= {"attempts": 0, "run_at": run_at or now, "created_at": now}
    statement = upsert(jobs).values(row)
    new = statement.excluded
    is_dead = jobs.c.run_at.is_(None)
    waits_longer = (jobs.c.attempts == 0) & (jobs.c.run_at > new.run_at)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "run_at": case((is_dead | waits_longer, new.run_at), else_=jobs.c.run_at),
                "details": case((is_dead, new.details), else_=jobs.c.details),
                "error": case((is_dead, None), else_=jobs.c.error),
                "attempts": case((is_dead, 0), else_=jobs.c.attempts),
            },
        )
    )


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


def details_of(connection: Connection, key: str) -> dict[str, object] | None:
    """Return the details of the job with this key, or None."""
    query = select(jobs.c.details).where(jobs.c.key == key)
    result = connection.execute(query).scalar_one_or_none()
    details: dict[str, object] | None = None if result is None else json.loads(result)
    return details


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
    """Keep a claimed job for longer than the lease, if it is still owned."""
    connection.execute(update(jobs).where(*_owned(job)).values(run_at=until))


def still_owned(connection: Connection, job: Job) -> bool:
    """Return whether the claimed job is still owned, and keep it so until the unit of work ends."""
    query = select(jobs.c.id).where(*_owned(job)).with_for_update()
    return connection.execute(query).first() is not None


def finish(connection: Connection, job: Job) -> bool:
    """Forget a job that is done. Return False, and leave it, where its lease ran out and another worker claimed it."""
    return connection.execute(delete(jobs).where(*_owned(job))).rowcount == 1


def retry_later(
    connection: Connection,
    job: Job,
    error: str,
    now: datetime,
    *,
    attempts_max: int | None = ATTEMPTS_MAX,
) -> datetime | None:
    """Have a failed job tried again, each time after twice the pause, `PAUSE_MAX` at most. Return when.

    After ``attempts_max`` tries it has failed for good; without a limit it never has. Return None for that, and for a
    job whose lease ran out: the worker that claimed it since decides about it.
    """
    doublings = min(job.attempts - 1, ATTEMPTS_MAX)
    pause = _FIRST_PAUSE * 2**doublings
    if attempts_max is None:
        pause = min(pause, PAUSE_MAX)
    is_last = attempts_max is not None and job.attempts >= attempts_max
    run_at = None if is_last else now + pause
    values = {"run_at": run_at, "error": error[:_ERROR_MAX]}
    done = connection.execute(update(jobs).where(*_owned(job)).values(values))
    return run_at if done.rowcount else None


def _owned(job: Job) -> list[ColumnElement[bool]]:
    # Claiming counts the attempt: the number tells the claims of a job apart.
    return [jobs.c.id == job.id, jobs.c.attempts == job.attempts, jobs.c.run_at.is_not(None)]


def _due(now: datetime, kinds: Collection[str] | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [jobs.c.run_at <= now]
    return conditions if kinds is None else [*conditions, jobs.c.kind.in_(kinds)]


def failed(connection: Connection, *, limit: int) -> list[tuple[str, str]]:
    """Return the kinds and errors of jobs that failed for good, or over and over again, newest first."""
    is_failing = jobs.c.error.is_not(None) & (jobs.c.attempts >= ATTEMPTS_MAX)
    query = select(jobs.c.kind, jobs.c.error).where(jobs.c.run_at.is_(None) | is_failing)
    result = connection.execute(query.order_by(jobs.c.id.desc()).limit(limit))
    return [(kind, error or "") for kind, error in result]
