"""Lists of a project's releases with the number of their files (files-and-avatars.md 7.1)."""

import heapq
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from operator import itemgetter

from sqlalchemy import Connection, func, select

from shipmark.artifacts.store import release_listing
from shipmark.artifacts.store.bundles import artifact_bundles, bundle_projects, bundle_releases
from shipmark.infrastructure.database import ids_param, in_ids
from shipmark.infrastructure.text_search import contains
from shipmark.releases.model import ReleaseStatus
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import releases


@dataclass(frozen=True, slots=True)
class Archive:
    """A release with its files; ``file_count`` is None if it has none."""

    release_id: int
    version: str
    created_at: datetime
    file_count: int | None


def page_of(
    connection: Connection,
    project_id: int,
    text: str,
    *,
    is_oldest_first: bool,
    limit: int,
    offset: int,
) -> list[Archive]:
    """Return a page of the project's releases whose version contains the text, ordered by creation."""
    order = (release_projects.c.created_at, release_projects.c.release_id)
    query = (
        select(releases.c.id, releases.c.version, releases.c.created_at)
        .join(release_projects, release_projects.c.release_id == releases.c.id)
        .where(release_projects.c.project_id == project_id)
        .order_by(*(order if is_oldest_first else [column.desc() for column in order]))
        .limit(limit + offset)
    )
    if text:
        query = query.where(contains(releases.c.version, text))
    # The index begins with the status: the releases of each status are one index range.
    by_status = [
        connection.execute(query.where(release_projects.c.status == status.value)).all()
        for status in ReleaseStatus
    ]
    merged = heapq.merge(*by_status, key=itemgetter(2, 0), reverse=not is_oldest_first)
    rows = list(islice(merged, offset, offset + limit))
    counts = release_listing.counts_of(connection, [row[0] for row in rows])
    return [Archive(*row, file_count=counts.get(row[0])) for row in rows]


def bundled_count(
    connection: Connection, organization_id: int, version: str, project_ids: Collection[int]
) -> int | None:
    """Return the number of files in the projects' bundles for a version, or None if there is no bundle."""
    tied = select(bundle_projects.c.bundle_id).where(in_ids(bundle_projects.c.project_id))
    of_version = select(bundle_releases.c.bundle_id).where(
        bundle_releases.c.organization_id == organization_id, bundle_releases.c.version == version
    )
    query = select(func.sum(artifact_bundles.c.file_count)).where(
        artifact_bundles.c.id.in_(of_version), artifact_bundles.c.id.in_(tied)
    )
    count = connection.execute(query, ids_param(project_ids)).scalar_one()
    return None if count is None else int(count)
