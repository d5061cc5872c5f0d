"""The job that symbolicates the events again that waited for what was uploaded."""

import time
from datetime import datetime, timedelta

from shipmark.infrastructure import jobs
from shipmark.infrastructure.blobs.opening import open_blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import Job, JobKind
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import span
from shipmark.issues.actions.symbolicate_again import symbolicate_again
from shipmark.symbolication import waits
from shipmark.symbolication.waits import Target

#: The newest events of an issue that are tried for an upload. Older ones are symbolicated when they are shown.
OF_ISSUE_MAX = 20
#: The issues of an upload whose events are tried.
ISSUES_MAX = 500
#: After this time the job is rescheduled, before its lease ends.
SECONDS_MAX = 240.0


def run(database: Database, settings: Settings, job: Job, at: datetime) -> None:
    """Try the events, issue by issue. Finish the job, or have it go on behind the last issue."""
    with span("events.symbolicate_again") as fields:
        position = _run(database, settings, job, at, fields)
    with database.transaction() as connection:
        if jobs.finish(connection, job) and position is not None:
            kind = JobKind.SYMBOLICATE_AGAIN
            details = {**job.details, "from": position}
            organization_id = job.details.get("organization_id")
            assert organization_id is None or isinstance(organization_id, int)
            # What came meanwhile has its turn first.
            run_at = at + timedelta(seconds=SECONDS_MAX)
            jobs.enqueue(
                connection, kind, details, now=at, run_at=run_at, organization_id=organization_id
            )


def _run(
    database: Database, settings: Settings, job: Job, at: datetime, fields: dict[str, object]
) -> list[object] | None:
    """Return where to go on, or None when all are done."""
    blobs, deadline = open_blobs(settings.blobs), time.monotonic() + SECONDS_MAX
    begin = job.details.get("from")
    first_project, first_key, after, done = begin if isinstance(begin, list) else (0, "", 0, 0)
    tried = better = 0
    for target in _targets(database, job):
        if (target.project_id, target.key) < (first_project, first_key):
            continue
        is_first = (target.project_id, target.key) == (first_project, first_key)
        issue_id = after if is_first else 0
        while (following := _next_issue(database, target, issue_id)) is not None:
            if done >= ISSUES_MAX:
                return None
            if time.monotonic() > deadline:
                return [target.project_id, target.key, issue_id, done]
            issue_id, done = following, done + 1
            for row_id in _newest_of(database, target, issue_id):
                tried += 1
                better += symbolicate_again(database, blobs, row_id, at)
                fields |= {"events.tried": tried, "events.better": better}
    return None


def _targets(database: Database, job: Job) -> list[Target]:
    bundle_id, release_id = job.details.get("bundle_id"), job.details.get("release_id")
    with database.snapshot() as connection:
        if isinstance(bundle_id, int):
            return waits.targets_of_bundle(connection, bundle_id)
        assert isinstance(release_id, int), "that is how it was enqueued"
        return waits.targets_of_release(connection, release_id)


def _next_issue(database: Database, target: Target, after: int) -> int | None:
    with database.snapshot() as connection:
        return waits.next_issue(connection, target, after)


def _newest_of(database: Database, target: Target, issue_id: int) -> list[int]:
    with database.snapshot() as connection:
        return waits.newest_of(connection, target, issue_id, limit=OF_ISSUE_MAX)
