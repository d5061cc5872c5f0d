"""``files/artifact-bundles/`` and ``artifact-bundles/{id}/files/`` of projects (files-and-avatars.md 7.1)."""

from typing import BinaryIO, cast

from litestar import Response
from sqlalchemy import Connection

from shipmark.api.artifact_bundles.queries import (
    PER_PAGE_MAX,
    BundleDeletionQuery,
    BundleFilesQuery,
    BundleListQuery,
    limited_page,
)
from shipmark.api.artifact_bundles.responses import (
    ArtifactBundleResponse,
    BundleFilesResponse,
    DeletedResponse,
    artifact_bundle_response,
    bundle_files_response,
    path_of,
)
from shipmark.api.projects.path_project import PathProject
from shipmark.api.queries import searched_text
from shipmark.api.release_files.routes import may_download
from shipmark.api.responses.refusal import UPLOAD_REFUSED
from shipmark.artifacts import actions, bundles, debug_ids
from shipmark.artifacts.model import ArtifactBundle
from shipmark.artifacts.store import bundles as store
from shipmark.artifacts.store import lookups
from shipmark.files import piece_reader
from shipmark.files.store import files as file_store
from shipmark.http import endpoint
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import RELEASE_DELETE, RELEASE_READ
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadUpload, Forbidden, NotFound
from shipmark.projects.model import Project

#: The most bundles that one request deletes.
DELETED_MAX = 1000

_OF_PROJECT = "/projects/{organization:str}/{project:str}"
_LIST = f"{_OF_PROJECT}/files/artifact-bundles/"
_FILES = f"{_OF_PROJECT}/artifact-bundles/{{bundle_id:str}}/files/"


@endpoint.get(_LIST, scopes=RELEASE_READ)
def list_bundles(
    context: RequestContext, project: PathProject, query: BundleListQuery
) -> Response[list[ArtifactBundleResponse]]:
    """List the artifact bundles of a project, ten a page, those that were used last first."""
    page, sort = query.page(most=PER_PAGE_MAX), query.sort()
    conditions = query.bundle_filter(context.organization_id, project.id)
    with context.database.snapshot() as connection:
        rows = lookups.page_of(connection, conditions, sort, **page.window)
        listed, links = paginate(rows, page)
        of = store.associations_of(connection, [bundle.id for bundle in listed])
    responses = [artifact_bundle_response(bundle, of[bundle.id]) for bundle in listed]
    return context.listed(responses, links)


@endpoint.delete(
    _LIST,
    scopes=RELEASE_DELETE,
    status_code=200,
    responses={204: None, 200: DeletedResponse, **UPLOAD_REFUSED},
)
def delete_bundles(
    context: RequestContext, project: PathProject, query: BundleDeletionQuery
) -> Response[DeletedResponse | bytes]:
    """Delete artifact bundles of a project: by id, or all of a release, or all that are unused since a time.

    Bundles that other projects have stay theirs. No more than a thousand are deleted at once.
    """
    organization_id = context.organization_id
    conditions = query.bundle_filter(organization_id, project.id)
    with context.database.transaction() as connection:
        if conditions is None:
            ids = _named(connection, organization_id, project, query.bundle_id)
            actions.remove_from_project(connection, ids, project.id, now())
            return Response(b"", status_code=204)
        ids = lookups.ids_of(connection, conditions, limit=DELETED_MAX + 1)
        deleted = ids[:DELETED_MAX]
        actions.remove_from_project(connection, deleted, project.id, now())
    return Response(DeletedResponse(deleted=len(deleted), is_complete=len(ids) <= DELETED_MAX))


@endpoint.get(_FILES, scopes=RELEASE_READ, responses=UPLOAD_REFUSED)
def list_bundle_files(
    context: RequestContext, project: PathProject, bundle_id: str, query: BundleFilesQuery
) -> Response[BundleFilesResponse]:
    """List what is in an artifact bundle; ``query`` is a part of a URL or of a debug id."""
    with context.database.snapshot() as connection:
        bundle = _bundle(connection, context.organization_id, project, bundle_id)
        page = limited_page(query)
        rows = lookups.entries_page(
            connection, bundle.id, searched_text(query.query), **page.window
        )
        of = store.associations_of(connection, [bundle.id])[bundle.id]
    entries, links = paginate(rows, page)
    return context.listed(bundle_files_response(bundle, of, entries), links)


@endpoint.get(_FILES + "{file_id:str}/", scopes=RELEASE_READ, responses=UPLOAD_REFUSED)
def get_bundle_file(
    context: RequestContext, project: PathProject, bundle_id: str, file_id: str
) -> Response[bytes]:
    """Download a file of an artifact bundle."""
    with context.database.snapshot() as connection:
        if not may_download(connection, context.access):
            raise BadUpload("You don't have the permissions to download this file", like=Forbidden)
        bundle = _bundle(connection, context.organization_id, project, bundle_id)
        path = path_of(file_id)
        if path is None:
            raise BadUpload(f"The file_id {file_id} is invalid")
        if lookups.entry_at(connection, bundle.id, path) is None:
            raise _no_member(path)
        pieces = file_store.pieces_of(connection, bundle.file_id)
    with piece_reader.open_file(context.blobs, pieces) as stream:
        opened = bundles.open_bundle(cast("BinaryIO", stream))
        entry = next((entry for entry in opened.entries if entry.path == path), None)
        if entry is None:
            raise _no_member(path)
        content = opened.read(entry)
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type="application/octet-stream", headers=headers)


def _named(
    connection: Connection, organization_id: int, project: Project, names: list[str]
) -> list[int]:
    """Return the ids of the named bundles; one that does not exist is deleted already."""
    if not names:
        raise BadUpload("Supplied an invalid bundle_id None", like=NotFound)
    if len(names) > DELETED_MAX:
        raise BadUpload(f"No more than {DELETED_MAX} bundles can be deleted at once")
    bundle_ids = {_id_of(name) for name in names}
    known = lookups.by_bundle_ids(connection, organization_id, project.id, bundle_ids)
    if other := next((bundle for bundle in known if not bundle.is_linked), None):
        raise BadUpload(
            f"Artifact bundle with {other.bundle_id} found but it is not connected to"
            f" project {project.id}",
            like=NotFound,
        )
    return [bundle.id for bundle in known]


def _bundle(
    connection: Connection, organization_id: int, project: Project, bundle_id: str
) -> ArtifactBundle:
    known = store.by_bundle_id(connection, organization_id, _id_of(bundle_id))
    if known is None or not store.is_linked(connection, known.id, project.id):
        raise BadUpload(
            f"The artifact bundle with {bundle_id} is not bound to this project or doesn't exist"
        )
    return known


def _id_of(name: str) -> str:
    """Return the id of a bundle as it is stored, from any spelling of it."""
    return (debug_ids.normalize(name) or name)[: debug_ids.UUID_LENGTH]


def _no_member(path: str) -> BadUpload:
    return BadUpload(f"The file {path} can't be found in the artifact bundle", like=NotFound)
