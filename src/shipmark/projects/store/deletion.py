"""Projects whose deletion was requested: no other query returns them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from shipmark.projects.store.projects import projects


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedProject:
    """A project whose deletion was requested and is pending."""

    id: int
    organization_id: int
    requested_at: datetime


def hide(connection: Connection, project_id: int, slug: str, at: datetime) -> bool:
    """Hide a project, and free its slug by replacing it. Return False if it is hidden already."""
    statement = update(projects).where(
        projects.c.id == project_id, projects.c.deletion_requested_at.is_(None)
    )
    return connection.execute(statement.values(deletion_requested_at=at, slug=slug)).rowcount > 0


def show(connection: Connection, project_id: int, slug: str) -> None:
    """Restore a hidden project under this slug, which no other project may have."""
    statement = update(projects).where(projects.c.id == project_id)
    connection.execute(statement.values(deletion_requested_at=None, slug=slug))


def hidden(connection: Connection, project_id: int) -> DeletedProject | None:
    """Return the project if its deletion was requested, or None."""
    query = select(projects.c.organization_id, projects.c.deletion_requested_at).where(
        projects.c.id == project_id
    )
    row = connection.execute(query).first()
    if row is None or row[1] is None:
        return None
    return DeletedProject(id=project_id, organization_id=row[0], requested_at=row[1])


def ids_of(connection: Connection, organization_id: int) -> list[int]:
    """Return the ids of all projects of the organization, including hidden ones."""
    query = select(projects.c.id).where(projects.c.organization_id == organization_id)
    return list(connection.execute(query.order_by(projects.c.id)).scalars())


def remove(connection: Connection, project_id: int) -> None:
    """Delete a project with its remaining rows."""
    connection.execute(delete(projects).where(projects.c.id == project_id))
