"""The tables of options of projects, and of their former slugs."""

import json
from collections.abc import Mapping

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    String,
    Table,
    Text,
    TypedColumns,
    bindparam,
    delete,
    select,
)

from shipmark.infrastructure.database import Id, json_rows, metadata, rows_param, upsert
from shipmark.projects.store.projects import projects


class ProjectOptionColumns(TypedColumns):
    """The value of an option, as JSON. An option that was never set has no row."""

    project_id = Column(Id, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True)
    key = Column(String(64), primary_key=True)
    value = Column(Text, nullable=False)


class RedirectColumns(TypedColumns):
    """A former slug of a project, until another project gets it."""

    organization_id = Column(
        Id, ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    )
    slug = Column(String(50), primary_key=True)
    project_id = Column(
        Id, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False, index=True
    )


options = Table("project_options", metadata, ProjectOptionColumns)
redirects = Table("project_redirects", metadata, RedirectColumns)

_GIVEN_OPTIONS = json_rows("given_options", key=Text(), value=Text())
_INSERT_OPTIONS = upsert(options).from_select(
    ["project_id", "key", "value"],
    select(
        bindparam("project_id", type_=Id), _GIVEN_OPTIONS.c.key, _GIVEN_OPTIONS.c.value
    ).order_by(_GIVEN_OPTIONS.c.key),
)
_KEEP_OPTIONS = _INSERT_OPTIONS.on_conflict_do_update(
    index_elements=["project_id", "key"], set_={"value": _INSERT_OPTIONS.excluded.value}
)


def options_of(connection: Connection, project_id: int) -> dict[str, object]:
    """Return the project's stored options, by key."""
    query = select(options.c.key, options.c.value).where(options.c.project_id == project_id)
    return {key: json.loads(value) for key, value in connection.execute(query)}


def save_options(connection: Connection, project_id: int, values: Mapping[str, object]) -> None:
    """Store options, by key, in one statement."""
    parameters = rows_param(
        "given_options", ([key, json.dumps(value)] for key, value in sorted(values.items()))
    )
    connection.execute(_KEEP_OPTIONS, parameters | {"project_id": project_id})


def redirect(
    connection: Connection, organization_id: int, old: str, new: str, project_id: int
) -> None:
    """Redirect a project's former slug to it, and delete a redirect of its new one."""
    of_new = delete(redirects).where(
        redirects.c.organization_id == organization_id, redirects.c.slug == new
    )
    connection.execute(of_new)
    row = {"organization_id": organization_id, "slug": old, "project_id": project_id}
    statement = upsert(redirects).values(row)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["organization_id", "slug"], set_={"project_id": project_id}
        )
    )


def redirected(connection: Connection, organization_id: int, slug: str) -> str | None:
    """Return the current slug of the project that formerly had this one, or None."""
    query = (
        select(projects.c.slug)
        .join(redirects, redirects.c.project_id == projects.c.id)
        .where(redirects.c.organization_id == organization_id, redirects.c.slug == slug)
    )
    return connection.execute(query).scalar_one_or_none()
