"""Look-up of several versions at once."""

from collections.abc import Collection

from sqlalchemy import Connection, select

from shipmark.infrastructure.database import IDS, ids_param
from shipmark.releases.model import Release
from shipmark.releases.store.projects import release_projects
from shipmark.releases.store.releases import RELEASE, release_of, releases


def by_versions(
    connection: Connection,
    organization_id: int,
    versions: Collection[str],
    project_ids: Collection[int],
) -> dict[str, Release]:
    """Return the organization's releases with these versions, by version, that are in one of the projects."""
    in_projects = (
        select(release_projects.c.release_id)
        .join(IDS, IDS.c.id == release_projects.c.project_id)
        .where(release_projects.c.release_id == releases.c.id)
        .exists()
    )
    query = select(*RELEASE).where(
        releases.c.organization_id == organization_id,
        releases.c.version.in_(list(versions)),
        in_projects,
    )
    rows = connection.execute(query, ids_param(project_ids))
    named = (release_of(row) for row in rows)
    return {release.version: release for release in named}
