"""``projects/{org}/{project}/keys/``: the keys with which SDKs authenticate (auth-and-errors.md 8.7)."""

from dataclasses import dataclass
from typing import Annotated

from litestar import Response
from sqlalchemy import Connection

from shipmark.api.project_keys.requests import KeyListQuery, KeyRequest, KeyUpdateRequest
from shipmark.api.project_keys.responses import ProjectKeyResponse, project_key_response
from shipmark.api.projects.path_project import PathProject, reload_project
from shipmark.http import endpoint
from shipmark.http.endpoint import Load
from shipmark.http.pagination.offset import paginate_all
from shipmark.http.request_context import RequestContext, require_row
from shipmark.http.scopes import PROJECT_DELETE, PROJECT_READ, PROJECT_WRITE
from shipmark.infrastructure.clock import now
from shipmark.projects import actions, settings, store
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
    return KeyInProject(key=require_row(store.key_of(connection, owner.id, key)), project=owner)


def reload_key(context: RequestContext, connection: Connection, key: KeyInProject) -> KeyInProject:
    """Return the key as the transaction sees it. Raise `NotFound` if it was deleted meanwhile."""
    return find_key(context, connection, str(key.project.id), key.key.public_key)


#: The key of the path.
PathKey = Annotated[KeyInProject, Load(find_key)]


_VALIDATE = "key.validate"


@endpoint.get("/", scopes=PROJECT_READ)
def list_keys(
    context: RequestContext, project: PathProject, query: KeyListQuery
) -> Response[list[ProjectKeyResponse]]:
    """List the keys of a project, the newest first."""
    page = query.page()
    with context.database.autocommit_read() as connection:
        keys = store.keys_of(connection, project.id)
    rows, links = paginate_all(settings.with_status(keys, query.status), page)
    return context.listed([project_key_response(key, context.address) for key in rows], links)


@endpoint.post("/", scopes=PROJECT_WRITE, step=_VALIDATE)
def create_key(
    context: RequestContext, project: PathProject, body: KeyRequest
) -> ProjectKeyResponse:
    """Add a key to a project; the halves that are not sent are random."""
    at = now()
    with context.database.transaction() as connection:
        owner = reload_project(context, connection, project)
        key = body.to_input(owner, at)
        settings.add_key(connection, owner, key, context.actor(), at)
    return project_key_response(key, context.address)


@endpoint.get("/{key:str}/", scopes=PROJECT_READ)
def get_key(context: RequestContext, key: PathKey) -> ProjectKeyResponse:
    """Show a key."""
    return project_key_response(key.key, context.address)


@endpoint.put("/{key:str}/", scopes=PROJECT_WRITE, step=_VALIDATE)
def update_key(context: RequestContext, key: PathKey, body: KeyUpdateRequest) -> ProjectKeyResponse:
    """Rename a key, or turn it on or off. SDKs with a key that is off are refused."""
    with context.database.transaction() as connection:
        current, action = reload_key(context, connection, key), context.action_context()
        settings.update_key(
            connection,
            current.project,
            current.key,
            body.to_values(current.key),
            by=action.by,
            at=action.at,
        )
        updated = reload_key(context, connection, key)
    return project_key_response(updated.key, context.address)


@endpoint.delete("/{key:str}/", scopes=PROJECT_DELETE)
def delete_key(context: RequestContext, key: PathKey) -> None:
    """Delete a key. SDKs that use it are refused from now on."""
    with context.database.transaction() as connection:
        current, action = reload_key(context, connection, key), context.action_context()
        settings.remove_key(connection, current.project, current.key, action.by, action.at)


router = endpoint.router("/api/0/projects/{organization:str}/{project:str}/keys", __name__)
