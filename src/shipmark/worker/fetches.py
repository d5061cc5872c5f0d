"""The job that fetches the commits of a release, between two short transactions, outside of both.

A failed attempt is rescheduled; the last one adds an activity to the release's projects.
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
    """Run the job's fetches; errors of remotes are stored with the fetches."""
    begun = time.monotonic()
    with database.transaction() as connection:
        # No other worker claims the job during the fetch, and some time longer to write the results.
        jobs.extend(connection, job, at + LEASE + timedelta(seconds=settings.git_seconds_max))
        fetch_ids = job.details["fetches"]
        assert isinstance(fetch_ids, list), "that is how it was enqueued"
        fetch_job = commit_fetching.begin(connection, fetch_ids, at)
        if fetch_job is None:
            jobs.finish(connection, job)
            return
    result = commit_fetching.fetch(fetch_job, settings)
    now = at + timedelta(seconds=time.monotonic() - begun)
    with database.transaction() as connection:
        is_ours = commit_fetching.is_current(connection, fetch_job)
        if not jobs.still_owned(connection, job):
            return
        if is_ours and commit_fetching.is_retryable(result) and job.attempts < ATTEMPTS_MAX:
            _retry(connection, job, fetch_job, result, now)
            return
        if is_ours:
            context = _publish_context(connection, fetch_job, settings, now)
            commit_fetching.finish(connection, fetch_job, result, context)
        jobs.finish(connection, job)


def _retry(
    connection: Connection, job: Job, fetch_job: FetchJob, results: FetchResults, now: datetime
) -> None:
    problem = next(value for value in results.values() if isinstance(value, RemoteProblem))
    again = jobs.retry_later(connection, job, problem.sentence, now)
    assert again is not None, "it was not the last try"
    commit_fetching.schedule_retry(connection, fetch_job, results, again, now)


def _publish_context(
    connection: Connection, fetch_job: FetchJob, settings: Settings, now: datetime
) -> PublishContext:
    organization = organizations.by_id(connection, fetch_job.release.organization_id)
    assert organization is not None, "it has the release"
    return PublishContext(
        organization=organization,
        user_id=fetch_job.fetches[0].requested_by,
        host=urlsplit(settings.address).hostname or "",
        now=now,
    )
