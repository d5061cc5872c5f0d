"""The releases of a project that is deleted: which are in no other one, and taking the others out of it."""

from collections.abc import Collection

from sqlalchemy import Connection, delete, select

from shipmark.infrastructure.database import IDS, ids_param
from shipmark.releases.store.environments import release_environments
from shipmark.releases.store.projects import release_projects

_IDS = select(IDS.c.id)


def of_project(connection: Connection, project_id: int, *, limit: int) -> list[int]:
    """Return the ids of some releases of the project, in the order of locks."""
    query = select(release_projects.c.release_id).where(release_projects.c.project_id == project_id)
    return sorted(connection.execute(query.limit(limit)).scalars())


def shared(connection: Connection, release_ids: Collection[int], project_id: int) -> set[int]:
    """Return which of the releases are in another project, too."""
    query = select(release_projects.c.release_id).where(
        release_projects.c.release_id.in_(_IDS), release_projects.c.project_id != project_id
    )
    return set(connection.execute(query, ids_param(release_ids)).scalars())


def detach(connection: Connection, release_ids: Collection[int], project_id: int) -> None:
    """Take releases out of the project, and out of its environments."""
    if not release_ids:
        return
    for table in (release_environments, release_projects):
        statement = delete(table).where(
            table.c.project_id == project_id, table.c.release_id.in_(_IDS)
        )
        connection.execute(statement, ids_param(release_ids))
