"""The jobs of an organization, for the people who manage it: list them, run one now, discard a failed one."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from shipmark.infrastructure.errors import Conflict, NotFound
from shipmark.infrastructure.jobs import jobs
from shipmark.infrastructure.row_reader import RowReader

NOT_RETRIED = "Only a job that failed can be run again."
NOT_FAILED = "Only a job that failed can be discarded."


class JobState(StrEnum):
    """State of a job. One that is `RETRYING` failed, and will run again by itself; one that `FAILED` will not."""

    WAITING = "waiting"
    RUNNING = "running"
    RETRYING = "retrying"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """A job as it is listed. ``run_at`` is the end of the lease while it runs, and None once it failed permanently."""

    id: int
    kind: str
    details: dict[str, Any]
    attempts: int
    run_at: datetime | None
    error: str | None
    created_at: datetime
    started_at: datetime | None

    def state(self, at: datetime) -> JobState:
        """Return the state at this moment. A job whose lease ran out waits for the next worker."""
        if self.run_at is None:
            return JobState.FAILED
        if self.started_at is not None and self.run_at > at:
            return JobState.RUNNING
        return JobState.WAITING if self.error is None else JobState.RETRYING


_RECORD = RowReader(JobRecord, jobs, details=json.loads)


def page_of(
    connection: sa.Connection, organization_id: int, *, limit: int, offset: int = 0
) -> list[JobRecord]:
    """Return a page of the organization's jobs, newest first. Jobs that are finished are not stored."""
    query = (
        _RECORD.select()
        .where(jobs.c.organization_id == organization_id)
        .order_by(jobs.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return _RECORD.all(connection, query)


def by_key(connection: sa.Connection, key: str) -> JobRecord | None:
    """Return the job with this key, or None."""
    return _RECORD.first(connection, _RECORD.select().where(jobs.c.key == key))


def run_now(
    connection: sa.Connection, organization_id: int, job_id: int, at: datetime
) -> JobRecord:
    """Have a failed job of the organization run now; one that failed permanently starts anew. Return it as it was.

    Raise `NotFound` for jobs of others, and `Conflict` for one that has not failed: a deletion waits for its hour.
    """
    job = _lock(connection, organization_id, job_id)
    if job.state(at) not in {JobState.RETRYING, JobState.FAILED}:
        raise Conflict(NOT_RETRIED)
    # The attempts of a job that is retried identify its last claim.
    anew = {"attempts": 0, "error": None} if job.state(at) is JobState.FAILED else {}
    statement = sa.update(jobs).where(jobs.c.id == job.id).values({"run_at": at} | anew)
    connection.execute(statement)
    return job


def discard(
    connection: sa.Connection, organization_id: int, job_id: int, at: datetime
) -> JobRecord:
    """Delete a job of the organization that failed permanently. Return it.

    Raise `NotFound` for jobs of others, and `Conflict` for one that may still run.
    """
    job = _lock(connection, organization_id, job_id)
    if job.state(at) is not JobState.FAILED:
        raise Conflict(NOT_FAILED)
    connection.execute(sa.delete(jobs).where(jobs.c.id == job.id))
    return job


def _lock(connection: sa.Connection, organization_id: int, job_id: int) -> JobRecord:
    query = _RECORD.select().where(jobs.c.id == job_id, jobs.c.organization_id == organization_id)
    job = _RECORD.first(connection, query.with_for_update())
    if job is None:
        raise NotFound
    return job
