"""Adding code mappings to a project, in repositories that the caller may see."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection

from shipmark.infrastructure.errors import Forbidden, ValidationFailed
from shipmark.organizations.model import Access
from shipmark.projects.model import Project
from shipmark.releases import repository_access
from shipmark.repositories import store as repositories
from shipmark.repositories.code_mappings import MAPPINGS_MAX
from shipmark.repositories.store import code_mappings as store

_TOO_MANY = f"A project has at most {MAPPINGS_MAX:,} code mappings."
Roots = tuple[str, str]


def save(
    connection: Connection,
    access: Access,
    project: Project,
    repository: str,
    mappings: Collection[Roots],
    *,
    default_branch: str | None,
    at: datetime,
) -> set[Roots]:
    """Add mappings by their stack and source roots, or change them; return the roots that were there before.

    A repository that is unknown is added. Raise `Forbidden` for one that the caller may not see, and
    `ValidationFailed` if the project would have too many mappings.
    """
    if repository_access.is_hidden(connection, access, repository):
        raise Forbidden
    known = {
        (each.stack_root, each.source_root) for each in store.of_project(connection, project.id)
    }
    if len(known.union(mappings)) > MAPPINGS_MAX:
        raise ValidationFailed({"mappings": [_TOO_MANY]})
    ids = repositories.ensure_named(connection, access.organization.id, [repository], at)
    store.save(
        connection,
        project.id,
        ids[repository],
        mappings,
        default_branch=default_branch,
        at=at,
    )
    return known
