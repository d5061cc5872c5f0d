"""The table of code mappings of projects."""

from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.repositories.code_mappings import BRANCH_MAX, MAPPINGS_MAX, ROOT_MAX, CodeMapping


class CodeMappingColumns(sa.TypedColumns):
    """A code mapping of a project to a repository."""

    id = sa.Column(db.Id, primary_key=True)
    project_id = parent("projects")
    repository_id = parent("repositories", index=True)
    stack_root = sa.Column(sa.String(ROOT_MAX), nullable=False)
    source_root = sa.Column(sa.String(ROOT_MAX), nullable=False)
    default_branch = sa.Column(sa.String(BRANCH_MAX))
    created_at = sa.Column(db.UtcDateTime, nullable=False)
    updated_at = sa.Column(db.UtcDateTime, nullable=False)


code_mappings = table(
    "code_mappings",
    CodeMappingColumns,
    sa.UniqueConstraint("project_id", "stack_root", "source_root"),
)

_MAPPING = RowReader(CodeMapping, code_mappings)
_SHARED = ("project_id", "repository_id", "default_branch", "created_at", "updated_at")
_GIVEN = insert_rows(code_mappings, "roots", ("stack_root", "source_root"), shared=_SHARED)
_SAVE = _GIVEN.on_conflict_do_update(
    index_elements=["project_id", "stack_root", "source_root"],
    set_={
        name: _GIVEN.excluded[name] for name in ("repository_id", "default_branch", "updated_at")
    },
)
_OF_PROJECTS = _MAPPING.select().join(db.IDS, db.IDS.c.id == code_mappings.c.project_id)
_IN_ORDER = _OF_PROJECTS.order_by(code_mappings.c.id)


def save(
    connection: sa.Connection,
    project_id: int,
    repository_id: int,
    roots: Iterable[tuple[str, str]],
    *,
    default_branch: str | None,
    at: datetime,
) -> None:
    """Add mappings by their stack and source roots; those that are there get the repository and the branch."""
    shared = {
        "project_id": project_id,
        "repository_id": repository_id,
        "default_branch": default_branch,
        "created_at": at,
        "updated_at": at,
    }
    connection.execute(_SAVE, shared | db.rows_param("roots", sorted(set(roots))))


def of_project(connection: sa.Connection, project_id: int) -> list[CodeMapping]:
    """Return the mappings of a project, the oldest first."""
    return page_of(connection, [project_id], limit=MAPPINGS_MAX, offset=0)


def page_of(
    connection: sa.Connection, project_ids: Collection[int], *, limit: int, offset: int
) -> list[CodeMapping]:
    """Return a page of the mappings of these projects, the oldest first."""
    query = _IN_ORDER.limit(limit).offset(offset)
    return _MAPPING.all(connection, query, db.ids_param(project_ids))


def remove(connection: sa.Connection, mapping_id: int, project_ids: Collection[int]) -> bool:
    """Delete a mapping of one of these projects. Return True if there was one."""
    statement = sa.delete(code_mappings).where(
        code_mappings.c.id == mapping_id,
        db.in_ids(code_mappings.c.project_id),
    )
    return connection.execute(statement, db.ids_param(project_ids)).rowcount > 0
