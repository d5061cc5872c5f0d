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

_LINK_ENVIRONMENTS = insert_rows(
    project_environments,
    "pairs",
    ("project_id", "environment_id"),
    order_by=("project_id", "environment_id"),
).on_conflict_do_nothing()
_ENVIRONMENT = RowReader(Environment, environments)
_NAMED = db.json_rows("named", organization_id=db.Id, name=sa.Text())
_ALL_NAMED = _ENVIRONMENT.select(environments.c.organization_id).join(
    _NAMED,
    sa.and_(
        environments.c.organization_id == _NAMED.c.organization_id,
        environments.c.name == _NAMED.c.name,
    ),
)
_OF_PROJECTS = (
    _ENVIRONMENT.select()
    .where(
        environments.c.id.in_(
            sa.select(project_environments.c.environment_id).join(
                db.IDS, db.IDS.c.id == project_environments.c.project_id
            )
        )
    )
    .order_by(db.in_binary_order(environments.c.name))
)
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


def ensure_environments(
    connection: sa.Connection, named: Collection[tuple[int, str]]
) -> dict[tuple[int, str], Environment]:
    """Return the environments of these organizations and names, by both; those that are missing are created."""
    parameters = db.rows_param("named", sorted(named))
    known = {
        (row[-1], environment.name): environment
        for row in connection.execute(_ALL_NAMED, parameters)
        for environment in [_ENVIRONMENT(row)]
    }
    # In one order, so that two transactions with the same new names do not wait for each other.
    missing = sorted(set(named) - set(known))
    return known | {key: ensure_environment(connection, *key) for key in missing}


def environments_named(
    connection: sa.Connection, organization_id: int, names: Iterable[str]
) -> list[Environment]:
    """Return the organization's environments with these names."""
    query = _ENVIRONMENT.select().where(
        environments.c.organization_id == organization_id, environments.c.name.in_(list(names))
    )
    return _ENVIRONMENT.all(connection, query)


def link_environments(connection: sa.Connection, pairs: Collection[tuple[int, int]]) -> None:
    """Link environments to projects, given as pairs of a project's id and an environment's."""
    connection.execute(_LINK_ENVIRONMENTS, db.rows_param("pairs", sorted(pairs)))


def environments_of(connection: sa.Connection, project_ids: Collection[int]) -> list[Environment]:
    """Return the environments of these projects, by name, each once."""
    if not project_ids:
        return []
    return _ENVIRONMENT.all(connection, _OF_PROJECTS, db.ids_param(project_ids))


def environment_names(
    connection: sa.Connection, project_ids: Collection[int]
) -> dict[int, list[str]]:
    """Return the names of each project's environments, sorted; the empty name is left out."""
    return grouped(connection.execute(_NAMES_OF, db.ids_param(project_ids)))
