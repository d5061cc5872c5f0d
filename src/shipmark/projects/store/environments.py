"""The tables of environments."""

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.groups import grouped
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.projects.model import Environment


class EnvironmentColumns(sa.TypedColumns):
    """An environment of an organization."""

    id = sa.Column(db.Id, primary_key=True)
    organization_id = parent("organizations")
    name = sa.Column(sa.String(64), nullable=False)


class ProjectEnvironmentColumns(sa.TypedColumns):
    """An environment that a project runs in."""

    project_id = parent("projects", primary_key=True)
    environment_id = parent("environments", primary_key=True, index=True)


environments = table(
    "environments", EnvironmentColumns, sa.UniqueConstraint("organization_id", "name")
)
project_environments = table("project_environments", ProjectEnvironmentColumns)

_LINK_ENVIRONMENT = insert_rows(
    project_environments, "projects", ("project_id",), shared=("environment_id",)
).on_conflict_do_nothing()
_ENVIRONMENT = RowReader(Environment, environments)
_NAMES_OF = (
    sa.select(project_environments.c.project_id, environments.c.name)
    .select_from(project_environments)
    .join(db.IDS, db.IDS.c.id == project_environments.c.project_id)
    .join(environments, environments.c.id == project_environments.c.environment_id)
    .where(environments.c.name != "")
    .order_by(db.in_binary_order(environments.c.name))
)


def ensure_environment(connection: sa.Connection, organization_id: int, name: str) -> Environment:
    """Return the organization's environment with this name, created if missing."""
    row = {"organization_id": organization_id, "name": name}
    while not (known := environments_named(connection, organization_id, [name])):
        insert = db.upsert(environments).values(row).on_conflict_do_nothing()
        made = connection.execute(insert.returning(environments.c.id)).scalar_one_or_none()
        if made is not None:
            return Environment(id=made, name=name)
        # Another transaction inserted it after the lookup.
    return known[0]


def environments_named(
    connection: sa.Connection, organization_id: int, names: Iterable[str]
) -> list[Environment]:
    """Return the organization's environments with these names."""
    query = _ENVIRONMENT.select().where(
        environments.c.organization_id == organization_id, environments.c.name.in_(list(names))
    )
    return _ENVIRONMENT.all(connection, query)


def link_environment(
    connection: sa.Connection, environment_id: int, project_ids: Collection[int]
) -> None:
    """Link an environment to these projects."""
    rows = db.rows_param("projects", ([project_id] for project_id in sorted(project_ids)))
    connection.execute(_LINK_ENVIRONMENT, rows | {"environment_id": environment_id})


def environments_of(connection: sa.Connection, project_id: int) -> list[Environment]:
    """Return the project's environments, by name."""
    query = (
        _ENVIRONMENT.select()
        .join(project_environments, project_environments.c.environment_id == environments.c.id)
        .where(project_environments.c.project_id == project_id)
        .order_by(db.in_binary_order(environments.c.name))
    )
    return _ENVIRONMENT.all(connection, query)


def environment_names(
    connection: sa.Connection, project_ids: Collection[int]
) -> dict[int, list[str]]:
    """Return the names of each project's environments, sorted; the empty name is left out."""
    return grouped(connection.execute(_NAMES_OF, db.ids_param(project_ids)))
