"""Fetch the commits of a release: between two short units of work, outside of any.

A try that fails gives the job back, and the last one says so to the release's projects.
"""

import time
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import Connection

from shipmark.infrastructure import jobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import ATTEMPTS_MAX, LEASE, Job
from shipmark.infrastructure.settings import Settings
from shipmark.organizations import store as organizations
from shipmark.publishing import commit_fetching
from shipmark.publishing.commit_fetching import FetchJob, FetchResults
from shipmark.publishing.model import PublishContext
from shipmark.repositories.git.errors import RemoteProblem


def run(database: Database, settings: Settings, job: Job, at: datetime) -> None:
    """Fetch what the job names; whatever goes wrong with the remotes is written beside it."""
    begun = time.monotonic()
    with database.transaction() as connection:
        # Nobody else takes the job while we may still be outside, and some time to write what came.
        jobs.extend(connection, job, at + LEASE + timedelta(seconds=settings.git_seconds_max))
        errand = commit_fetching.begin(connection, _fetch_ids(job), at)
        if errand is None:
            jobs.finish(connection, job)
            return
    result = commit_fetching.fetch(errand, settings)
    now = at + timedelta(seconds=time.monotonic() - begun)
    with database.transaction() as connection:
        is_ours = commit_fetching.is_current(connection, errand)
        if not jobs.still_owned(connection, job):
            return
        if is_ours and commit_fetching.is_retryable(result) and job.attempts < ATTEMPTS_MAX:
            _retry(connection, job, errand, result, now)
            return
        if is_ours:
            commit_fetching.finish(
                connection, errand, result, _publish_context(connection, errand, settings, now)
            )
        jobs.finish(connection, job)


def _retry(
    connection: Connection, job: Job, errand: FetchJob, found: FetchResults, now: datetime
) -> None:
    problem = next(value for value in found.values() if isinstance(value, RemoteProblem))
    again = jobs.retry_later(connection, job, problem.sentence, now)
    assert again is not None, "it was not the last try"
    commit_fetching.schedule_retry(connection, errand, found, again, now)


def _publish_context(
    connection: Connection, errand: FetchJob, settings: Settings, now: datetime
) -> PublishContext:
    organization = organizations.by_id(connection, errand.release.organization_id)
    assert organization is not None, "it has the release"
    return PublishContext(
        organization=organization,
        user_id=errand.fetches[0].requested_by,
        host=urlsplit(settings.address).hostname or "",
        now=now,
    )


def _fetch_ids(job: Job) -> list[int]:
    ids = job.details["fetches"]
    assert isinstance(ids, list), "that is how it was enqueued"
    return ids
