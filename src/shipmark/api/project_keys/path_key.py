"""The key of a project that a path names."""

from dataclasses import dataclass
from typing import Annotated

from sqlalchemy import Connection

from shipmark.http.endpoint import Load
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure.errors import NotFound
from shipmark.projects import actions, store
from shipmark.projects.model import Project, ProjectKey


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyInProject:
    """A key and the project of the path, which has the key."""

    key: ProjectKey
    project: Project


def find_key(
    context: RequestContext, connection: Connection, project: str, key: str
) -> KeyInProject:
    """Return the project's key with this public half. Raise `NotFound`."""
    owner = actions.require_project(connection, context.access, project)
    row = store.key_of(connection, owner.id, key)
    if row is None:
        raise NotFound
    return KeyInProject(key=row, project=owner)


def reload_key(context: RequestContext, connection: Connection, key: KeyInProject) -> KeyInProject:
    """Return the key as the transaction sees it. Raise `NotFound` if it was deleted meanwhile."""
    return find_key(context, connection, str(key.project.id), key.key.public_key)


#: The key of the path.
PathKey = Annotated[KeyInProject, Load(find_key)]
