"""The tables of environments."""

from collections.abc import Collection, Iterable

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    String,
    Table,
    TypedColumns,
    UniqueConstraint,
    bindparam,
    select,
)

from shipmark.infrastructure.database import IDS, Id, ids_param, in_binary_order, metadata, upsert
from shipmark.projects.model import Environment


class EnvironmentColumns(TypedColumns):
    """An environment of an organization."""

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    name = Column(String(64), nullable=False)


class ProjectEnvironmentColumns(TypedColumns):
    """An environment that a project runs in."""

    project_id = Column(Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    environment_id = Column(
        Id, ForeignKey("environments.id", ondelete="CASCADE"), primary_key=True, index=True
    )


environments = Table(
    "environments",
    metadata,
    EnvironmentColumns,
    UniqueConstraint("organization_id", "name"),
    sqlite_autoincrement=True,
)
project_environments = Table("project_environments", metadata, ProjectEnvironmentColumns)

_LINK_ENVIRONMENT = (
    upsert(project_environments)
    .from_select(
        ["project_id", "environment_id"],
        select(IDS.c.id, bindparam("environment_id", type_=Id)).order_by(IDS.c.id),
    )
    .on_conflict_do_nothing()
)

_NAMES_OF = (
    select(project_environments.c.project_id, environments.c.name)
    .select_from(project_environments)
    .join(IDS, IDS.c.id == project_environments.c.project_id)
    .join(environments, environments.c.id == project_environments.c.environment_id)
    .where(environments.c.name != "")
    .order_by(in_binary_order(environments.c.name))
)


def ensure_environment(connection: Connection, organization_id: int, name: str) -> Environment:
    """Return the organization's environment with this name, created if missing."""
    row = {"organization_id": organization_id, "name": name}
    while not (known := environments_named(connection, organization_id, [name])):
        insert = upsert(environments).values(row).on_conflict_do_nothing()
        made = connection.execute(insert.returning(environments.c.id)).scalar_one_or_none()
        if made is not None:
            return Environment(id=made, name=name)
        # Another transaction inserted it after the lookup.
    return known[0]


def environments_named(
    connection: Connection, organization_id: int, names: Iterable[str]
) -> list[Environment]:
    """Return the organization's environments with these names."""
    query = select(environments.c.id, environments.c.name).where(
        environments.c.organization_id == organization_id, environments.c.name.in_(list(names))
    )
    return [Environment(id=i, name=name) for i, name in connection.execute(query)]


def link_environment(
    connection: Connection, environment_id: int, project_ids: Collection[int]
) -> None:
    """Link an environment to these projects."""
    parameters = ids_param(project_ids) | {"environment_id": environment_id}
    connection.execute(_LINK_ENVIRONMENT, parameters)


def environments_of(connection: Connection, project_id: int) -> list[Environment]:
    """Return the project's environments, by name."""
    query = (
        select(environments.c.id, environments.c.name)
        .join(project_environments, project_environments.c.environment_id == environments.c.id)
        .where(project_environments.c.project_id == project_id)
        .order_by(in_binary_order(environments.c.name))
    )
    return [Environment(id=i, name=name) for i, name in connection.execute(query)]


def environment_names(connection: Connection, project_ids: Collection[int]) -> dict[int, list[str]]:
    """Return the names of each project's environments, sorted; the empty name is left out."""
    result: dict[int, list[str]] = {}
    for project_id, name in connection.execute(_NAMES_OF, ids_param(project_ids)):
        result.setdefault(project_id, []).append(name)
    return result
