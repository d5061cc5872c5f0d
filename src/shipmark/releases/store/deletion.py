"""The releases of a deleted project: which are shared with other projects, and their detachment."""

from collections.abc import Collection

from sqlalchemy import Connection, delete, select

from shipmark.infrastructure.database import ids_param, in_ids
from shipmark.releases.store.environments import release_environments
from shipmark.releases.store.projects import release_projects


def of_project(connection: Connection, project_id: int, *, limit: int) -> list[int]:
    """Return the ids of a batch of the project's releases, in the order of locks."""
    query = select(release_projects.c.release_id).where(release_projects.c.project_id == project_id)
    return sorted(connection.execute(query.limit(limit)).scalars())


def shared(connection: Connection, release_ids: Collection[int], project_id: int) -> set[int]:
    """Return the ids of the releases that are in another project too."""
    query = select(release_projects.c.release_id).where(
        in_ids(release_projects.c.release_id), release_projects.c.project_id != project_id
    )
    return set(connection.execute(query, ids_param(release_ids)).scalars())


def detach(connection: Connection, release_ids: Collection[int], project_id: int) -> None:
    """Detach releases from the project and its environments."""
    if not release_ids:
        return
    for table in (release_environments, release_projects):
        statement = delete(table).where(
            table.c.project_id == project_id, in_ids(table.c.release_id)
        )
        connection.execute(statement, ids_param(release_ids))
