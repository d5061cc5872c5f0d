"""Announcements of uploads, for events whose stacks wait for them: jobs that symbolicate these again.

The uploads of a minute are one job, which runs after that minute: one that is running would miss what comes meanwhile.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.infrastructure import jobs
from shipmark.infrastructure.jobs import JobKind

_DELAY = timedelta(seconds=70)


def announce_bundle(
    connection: Connection, organization_id: int, bundle_row_id: int, at: datetime
) -> None:
    """Have events symbolicated again that wait for the debug ids, or the version, of a bundle."""
    _announce(connection, organization_id, {"bundle_id": bundle_row_id}, at)


def announce_release_files(
    connection: Connection, organization_id: int, release_id: int, at: datetime
) -> None:
    """Have events of a release symbolicated again, which has got single files."""
    _announce(connection, organization_id, {"release_id": release_id}, at)


def _announce(
    connection: Connection, organization_id: int, upload: dict[str, int], at: datetime
) -> None:
    minute = at.replace(second=0, microsecond=0)
    [(name, row_id)] = upload.items()
    kind = JobKind.SYMBOLICATE_AGAIN
    jobs.enqueue(
        connection,
        kind,
        {**upload, "organization_id": organization_id},
        now=at,
        run_at=minute + _DELAY,
        key=f"{kind}:{name}:{row_id}:{minute:%Y%m%d%H%M}",
        organization_id=organization_id,
    )
