"""A durable queue of jobs: rows that are written in the transaction that needs them.

A job runs at least once: a worker claims it for the length of a lease, and finishes it or schedules a retry with the
error. A job that is not finished in time (the process died) is claimed again; the worker that was too slow does not own
it any more, and can neither finish nor retry it.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from shipmark.infrastructure.database import Id, UtcDateTime, metadata, upsert
from shipmark.infrastructure.row_reader import RowReader

#: How long a claimed job may take until another worker may claim it.
LEASE = timedelta(minutes=10)
ATTEMPTS_MAX = 8
_FIRST_PAUSE = timedelta(seconds=10)
#: The longest pause of a job that is retried without a limit.
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
    MEASURE_STORAGE = "measure_storage"
    PRUNE_ATTACHMENTS = "prune_attachments"
    PRUNE_PROJECT_ARTIFACTS = "prune_project_artifacts"
    EXPIRE_EVENTS = "expire_events"
    SYMBOLICATE_AGAIN = "symbolicate_again"
    COMPACT_HEALTH = "compact_health"
    JUDGE_RELEASES = "judge_releases"
    REOPEN_ISSUES = "reopen_issues"
    RESOLVE_BY_AGE = "resolve_by_age"
    SET_ONGOING = "set_ongoing"
    MERGE_ISSUES = "merge_issues"
    REMOVE_ISSUES = "remove_issues"
    COUNT_RELEASE_ISSUES = "count_release_issues"


class JobColumns(sa.TypedColumns):
    """A job. A ``key`` is unique among jobs. ``details`` is a JSON object.

    A job that failed permanently stays for inspection, with ``run_at`` NULL. ``organization_id`` is NULL for jobs of
    the whole server; it is no foreign key, which would lock the organization's row whenever a job is inserted.
    ``started_at`` is the moment of the last claim, until the job is rescheduled.
    """

    id = sa.Column(Id, primary_key=True)
    kind = sa.Column(sa.String(64), nullable=False)
    key = sa.Column(sa.String(128), unique=True)
    details = sa.Column(sa.Text, nullable=False)
    attempts = sa.Column(sa.Integer, nullable=False)
    run_at = sa.Column(UtcDateTime)
    error = sa.Column(sa.Text)
    created_at = sa.Column(UtcDateTime, nullable=False)
    organization_id = sa.Column(Id)
    started_at = sa.Column(UtcDateTime)


jobs = sa.Table(
    "jobs",
    metadata,
    JobColumns,
    sa.Index("ix_jobs_run_at", "run_at"),
    sa.Index("ix_jobs_organization_id_id", "organization_id", "id"),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A claimed job. ``attempts`` includes this one."""

    id: int
    kind: str
    details: dict[str, object]
    attempts: int


_JOB = RowReader(Job, jobs, details=json.loads)


def enqueue(
    connection: sa.Connection,
    kind: str,
    details: dict[str, object],
    *,
    now: datetime,
    run_at: datetime | None = None,
    key: str | None = None,
    organization_id: int | None = None,
) -> None:
    """Insert a job, which runs after the transaction is committed. Jobs of the whole server have no organization.

    A key has at most one job: a waiting one runs at the earlier of both dates, and one that failed permanently starts
    anew. A job that is running, or waits for a retry, stays as it is. In any case the row is locked until the
    transaction ends, so that the last transaction of a running job comes entirely before or after this one.
    """
    row: dict[str, object] = {"kind": kind, "key": key, "details": json.dumps(details)}
    row |= {"attempts": 0, "run_at": run_at or now, "created_at": now}
    row |= {"organization_id": organization_id}
    statement = upsert(jobs).values(row)
    new = statement.excluded
    is_dead = jobs.c.run_at.is_(None)
    waits_longer = (jobs.c.attempts == 0) & (jobs.c.run_at > new.run_at)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "run_at": sa.case((is_dead | waits_longer, new.run_at), else_=jobs.c.run_at),
                "details": sa.case((is_dead, new.details), else_=jobs.c.details),
                "error": sa.case((is_dead, None), else_=jobs.c.error),
                "attempts": sa.case((is_dead, 0), else_=jobs.c.attempts),
            },
        )
    )


def enqueue_once(
    connection: sa.Connection, kind: str, details: dict[str, object], *, now: datetime
) -> None:
    """Insert a job, unless one of the kind is waiting already."""
    waits = sa.select(jobs.c.id).where(jobs.c.kind == kind, jobs.c.run_at.is_not(None)).limit(1)
    if connection.execute(waits).first() is None:
        enqueue(connection, kind, details, now=now, key=f"once:{kind}")


def cancel(connection: sa.Connection, key: str) -> None:
    """Delete the job with this key, if any, also one that failed permanently."""
    connection.execute(sa.delete(jobs).where(jobs.c.key == key))


def details_of(connection: sa.Connection, key: str) -> dict[str, object] | None:
    """Return the details of the job with this key, or None."""
    query = sa.select(jobs.c.details).where(jobs.c.key == key)
    result = connection.execute(query).scalar_one_or_none()
    details: dict[str, object] | None = None if result is None else json.loads(result)
    return details


def is_due(connection: sa.Connection, now: datetime, kinds: Collection[str] | None = None) -> bool:
    """Return True if a job of these kinds is due. Only reads, so that idle workers don't write."""
    query = sa.select(jobs.c.id).where(*_due(now, kinds)).limit(1)
    return connection.execute(query).first() is not None


def claim(
    connection: sa.Connection, now: datetime, kinds: Collection[str] | None = None
) -> Job | None:
    """Claim the job that is due the longest, for the length of the lease. Return None if none is due."""
    due = (
        sa.select(jobs.c.id)
        .where(*_due(now, kinds))
        .order_by(jobs.c.run_at, jobs.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        sa.update(jobs)
        .where(jobs.c.id == due)
        .values(attempts=jobs.c.attempts + 1, run_at=now + LEASE, started_at=now)
        .returning(*_JOB.columns)
    )
    return _JOB.first(connection, statement)


def extend(connection: sa.Connection, job: Job, until: datetime) -> None:
    """Extend the lease of a claimed job, if it is still owned."""
    connection.execute(sa.update(jobs).where(*_owned(job)).values(run_at=until))


def still_owned(connection: sa.Connection, job: Job) -> bool:
    """Return True if the claimed job is still owned, and lock it until the transaction ends."""
    query = sa.select(jobs.c.id).where(*_owned(job)).with_for_update()
    return connection.execute(query).first() is not None


def finish(connection: sa.Connection, job: Job) -> bool:
    """Delete a finished job. Return False, and leave it, if its lease ran out and another worker claimed it."""
    return connection.execute(sa.delete(jobs).where(*_owned(job))).rowcount == 1


def retry_later(
    connection: sa.Connection,
    job: Job,
    error: str,
    now: datetime,
    *,
    attempts_max: int | None = ATTEMPTS_MAX,
) -> datetime | None:
    """Schedule a retry of a failed job, with a pause that doubles each time. Return its date.

    After ``attempts_max`` attempts the job has failed permanently; without a limit it is retried forever, and the pause
    is at most `PAUSE_MAX`. Return None for a permanent failure, and for a job that another worker has claimed since.
    """
    doublings = min(job.attempts - 1, ATTEMPTS_MAX)
    pause = _FIRST_PAUSE * 2**doublings
    if attempts_max is None:
        pause = min(pause, PAUSE_MAX)
    is_last = attempts_max is not None and job.attempts >= attempts_max
    run_at = None if is_last else now + pause
    values = {"run_at": run_at, "error": error[:_ERROR_MAX], "started_at": None}
    result = connection.execute(sa.update(jobs).where(*_owned(job)).values(values))
    return run_at if result.rowcount else None


def _owned(job: Job) -> list[sa.ColumnElement[bool]]:
    # Claiming counts the attempt, so that the number identifies the claim.
    return [jobs.c.id == job.id, jobs.c.attempts == job.attempts, jobs.c.run_at.is_not(None)]


def _due(now: datetime, kinds: Collection[str] | None) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [jobs.c.run_at <= now]
    return conditions if kinds is None else [*conditions, jobs.c.kind.in_(kinds)]


def failed(connection: sa.Connection, *, limit: int) -> list[tuple[str, str]]:
    """Return the kinds and errors of jobs that failed permanently or repeatedly, newest first."""
    is_failing = jobs.c.error.is_not(None) & (jobs.c.attempts >= ATTEMPTS_MAX)
    query = sa.select(jobs.c.kind, jobs.c.error).where(jobs.c.run_at.is_(None) | is_failing)
    result = connection.execute(query.order_by(jobs.c.id.desc()).limit(limit))
    return [(kind, error or "") for kind, error in result]
