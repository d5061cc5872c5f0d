"""The tables of options of projects, and of their former slugs."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import NamedTuple

import sqlalchemy as sa

from shipmark.infrastructure.database import Id, ids_param, in_ids, rows_param, upsert
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.schema import parent, table
from shipmark.organizations.store import options as organization_options
from shipmark.projects.options import OPTIONS
from shipmark.projects.store.projects import IS_VISIBLE, projects


class ProjectOptionColumns(sa.TypedColumns):
    """The value of an option, as JSON. An option that was never set has no row."""

    project_id = parent("projects", primary_key=True)
    key = sa.Column(sa.String(64), primary_key=True)
    value = sa.Column(sa.Text, nullable=False)


class RedirectColumns(sa.TypedColumns):
    """A former slug of a project, until another project gets it."""

    organization_id = parent("organizations", primary_key=True)
    slug = sa.Column(sa.String(50), primary_key=True)
    project_id = parent("projects", index=True)


options = table(
    "project_options",
    ProjectOptionColumns,
    sa.Index("ix_project_options_key", "key", "project_id"),
)
redirects = table("project_redirects", RedirectColumns)

_INSERT_OPTIONS = insert_rows(options, "given_options", ("key", "value"), shared=("project_id",))
_KEEP_OPTIONS = _INSERT_OPTIONS.on_conflict_do_update(
    index_elements=["project_id", "key"], set_={"value": _INSERT_OPTIONS.excluded.value}
)


class OptionRow(NamedTuple):
    """A stored option of a project or of its organization; the value is JSON."""

    is_project: bool
    key: str
    value: str


#: Both kinds in one statement, as it is read for each event.
_WITH_ORGANIZATION = sa.union_all(
    sa.select(
        sa.literal(False).label("is_project"),
        organization_options.c.key.label("key"),
        organization_options.c.value.label("value"),
    ).where(organization_options.c.organization_id == sa.bindparam("organization_id")),
    sa.select(sa.literal(True), options.c.key, options.c.value).where(
        options.c.project_id == sa.bindparam("project_id")
    ),
)


#: The same for several projects; options of the organization have no project.
_OF_PROJECTS = sa.union_all(
    sa.select(
        sa.cast(sa.null(), Id).label("project_id"),
        organization_options.c.key.label("key"),
        organization_options.c.value.label("value"),
    ).where(organization_options.c.organization_id == sa.bindparam("organization_id")),
    sa.select(options.c.project_id, options.c.key, options.c.value).where(
        in_ids(options.c.project_id)
    ),
)
_VALUES = (
    sa.select(options.c.project_id, options.c.value)
    .join(projects, projects.c.id == options.c.project_id)
    .where(
        options.c.key == sa.bindparam("key"),
        options.c.project_id > sa.bindparam("after_project_id"),
        IS_VISIBLE,
    )
    .order_by(options.c.project_id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)


def options_with_organization(
    connection: sa.Connection, organization_id: int, project_id: int
) -> tuple[OptionRow, ...]:
    """Return the stored options of a project and of its organization in one order, by one statement."""
    parameters = {"organization_id": organization_id, "project_id": project_id}
    rows = connection.execute(_WITH_ORGANIZATION, parameters)
    return tuple(sorted(OptionRow(bool(is_project), key, value) for is_project, key, value in rows))


def options_of_projects(
    connection: sa.Connection, organization_id: int, project_ids: Collection[int]
) -> dict[int, tuple[OptionRow, ...]]:
    """Return what `options_with_organization` does for each of several projects, by one statement."""
    parameters = {"organization_id": organization_id, **ids_param(project_ids)}
    rows = defaultdict[int | None, list[OptionRow]](list)
    for project_id, key, value in connection.execute(_OF_PROJECTS, parameters):
        rows[project_id].append(OptionRow(project_id is not None, key, value))
    return {id_: tuple(sorted(rows[None] + rows[id_])) for id_ in project_ids}


def options_of(connection: sa.Connection, project_id: int) -> dict[str, object]:
    """Return the project's stored options, by key."""
    query = sa.select(options.c.key, options.c.value).where(options.c.project_id == project_id)
    return {key: json.loads(value) for key, value in connection.execute(query)}


def values_of_option(
    connection: sa.Connection, name: str, *, after_project_id: int, limit: int
) -> list[tuple[int, object]]:
    """Return the projects in which the option is set, with its value, ordered by id, from after one on."""
    parameters = {"key": OPTIONS[name].key, "after_project_id": after_project_id, "most": limit}
    return [
        (project_id, json.loads(value))
        for project_id, value in connection.execute(_VALUES, parameters)
    ]


def save_options(connection: sa.Connection, project_id: int, values: Mapping[str, object]) -> None:
    """Store options, by key, in one statement."""
    parameters = rows_param(
        "given_options", ([key, json.dumps(value)] for key, value in sorted(values.items()))
    )
    connection.execute(_KEEP_OPTIONS, parameters | {"project_id": project_id})


def redirect(
    connection: sa.Connection, organization_id: int, old: str, new: str, project_id: int
) -> None:
    """Redirect a project's former slug to it, and delete a redirect of its new one."""
    of_new = (redirects.c.organization_id == organization_id, redirects.c.slug == new)
    connection.execute(sa.delete(redirects).where(*of_new))
    row = {"organization_id": organization_id, "slug": old, "project_id": project_id}
    statement = upsert(redirects).values(row)
    key = ["organization_id", "slug"]
    connection.execute(
        statement.on_conflict_do_update(index_elements=key, set_={"project_id": project_id})
    )


def redirected(connection: sa.Connection, organization_id: int, slug: str) -> str | None:
    """Return the current slug of the project that formerly had this one, or None."""
    query = (
        sa.select(projects.c.slug)
        .join(redirects, redirects.c.project_id == projects.c.id)
        .where(redirects.c.organization_id == organization_id, redirects.c.slug == slug)
    )
    return connection.execute(query).scalar_one_or_none()
