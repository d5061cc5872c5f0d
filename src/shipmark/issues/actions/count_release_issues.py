"""Numbers of new and regressed issues of releases, after issues were deleted or merged.

Events add to these numbers. What takes issues away has them counted anew by a job: its own transaction holds the
issues, after which no rows of releases may be locked (releases/store/locks.py).
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure import jobs
from shipmark.infrastructure.jobs import JobKind
from shipmark.issues.store import release_counts


def schedule(
    connection: Connection, organization_id: int, issue_ids: Collection[int], at: datetime
) -> None:
    """Have a job count the issues of the releases of these issues, which are about to be deleted or merged."""
    release_ids = release_counts.releases_of(connection, issue_ids)
    if release_ids:
        details: dict[str, object] = {"release_ids": release_ids}
        kind = JobKind.COUNT_RELEASE_ISSUES
        jobs.enqueue(connection, kind, details, now=at, organization_id=organization_id)
