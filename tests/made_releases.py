"""Releases of acme that tests make, and the lists that have them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from shipmark.releases.model import Release, ReleaseFilter, ReleaseSort
from shipmark.releases.store import list_query, releases
from shipmark.repositories import actions as repositories
from shipmark.repositories.model import CommitInput

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

#: Makes a release of project web, or of another: ``make_release("web@1", "mobile", hours=2)``.
MakeRelease = Callable[..., Release]


def commit_ids(connection: Connection, organization_id: int, *keys: str) -> list[int]:
    given = [CommitInput(sha=key, repository="acme/web") for key in keys]
    return [
        it.commit_id for it in repositories.upsert_commits(connection, organization_id, given, NOW)
    ]


def with_commits(connection: Connection, release: Release) -> Release:
    (last,) = commit_ids(connection, release.organization_id, "a" * 40)
    return releases.record_commits(connection, release, count=1, last_commit_id=last, author_ids=[])


def listed(
    connection: Connection,
    wanted: ReleaseFilter,
    sort: ReleaseSort = ReleaseSort.DATE,
    *,
    limit: int = 9,
    offset: int = 0,
) -> list[str]:
    rows = list_query.page(connection, wanted, sort, limit=limit, offset=offset)
    return [row.release.version for row in rows]
