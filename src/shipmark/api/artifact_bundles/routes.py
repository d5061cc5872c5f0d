"""``files/artifact-bundles/`` and ``artifact-bundles/{id}/files/`` of projects (files-and-avatars.md 7.1)."""

from typing import BinaryIO, cast

from litestar import Response, Router, delete, get
from litestar.params import FromPath
from sqlalchemy import Connection

from shipmark.api.artifact_bundles.responses import (
    ArtifactBundleResponse,
    BundleFilesResponse,
    DeletedResponse,
    artifact_bundle_response,
    bundle_files_response,
    path_of,
)
from shipmark.api.query_parameters import BUNDLE_QUERY, BUNDLE_SORT, BUNDLES_TO_DELETE, PAGE
from shipmark.api.release_files.routes import may_download
from shipmark.api.responses.refusal import UPLOAD_REFUSED
from shipmark.api.scopes import RELEASE_DELETE, RELEASE_READ
from shipmark.artifacts import actions, bundles, debug_ids
from shipmark.artifacts.model import ArtifactBundle
from shipmark.artifacts.store import bundles as store
from shipmark.artifacts.store import lookups
from shipmark.artifacts.store.lookups import BundleFilter, BundleSort
from shipmark.files import piece_reader
from shipmark.files.store import files as file_store
from shipmark.http.fields import DateTime, FieldError
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, BadUpload, Forbidden, NotFound
from shipmark.organizations.model import Access
from shipmark.projects import actions as projects
from shipmark.projects.model import Project

PER_PAGE_MAX = 10
OFFSET_MAX = 20_000
#: So many are deleted at once.
DELETED_MAX = 1000

_OF_PROJECT = "/projects/{organization:str}/{project:str}"
_LIST = f"{_OF_PROJECT}/files/artifact-bundles/"
_FILES = f"{_OF_PROJECT}/artifact-bundles/{{bundle_id:str}}/files/"
_BAD_SORT = "You can either sort via 'date_added' or 'date_modified'"


@get(_LIST, scopes=RELEASE_READ, asks=(BUNDLE_QUERY, BUNDLE_SORT, *PAGE), sync_to_thread=True)
def list_bundles(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> Response[list[ArtifactBundleResponse]]:
    """List the artifact bundles of a project, ten a page, those that were used last first."""
    with context.database.snapshot() as connection:
        access, it = authorize_project(context, connection, organization, project)
        page = context.page(most=PER_PAGE_MAX)
        rows = lookups.page_of(
            connection,
            _searched(context, access, it),
            _sort(context),
            limit=page.limit,
            offset=page.skipped,
        )
        found, links = paginate(rows, page)
        of = store.associations_of(connection, [each.id for each in found])
    return context.listed([artifact_bundle_response(each, of[each.id]) for each in found], links)


@delete(
    _LIST,
    scopes=RELEASE_DELETE,
    asks=BUNDLES_TO_DELETE,
    status_code=200,
    answers={204: None, 200: DeletedResponse, **UPLOAD_REFUSED},
    sync_to_thread=True,
)
def delete_bundles(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> Response[DeletedResponse | bytes]:
    """Delete artifact bundles of a project: by id, or all of a release, or all that nobody used since a moment.

    Bundles that other projects have stay theirs. Not more than a thousand are deleted at once.
    """
    with context.database.transaction() as connection:
        access, it = authorize_project(context, connection, organization, project)
        if (wanted := _many(context, access, it)) is not None:
            ids = lookups.ids_of(connection, wanted, limit=DELETED_MAX + 1)
            actions.remove_from_project(connection, ids[:DELETED_MAX], it.id, now())
            told = DeletedResponse(
                deleted=len(ids[:DELETED_MAX]), is_complete=len(ids) <= DELETED_MAX
            )
            return Response(told, status_code=200)
        ids = _named(context, connection, access, it)
        actions.remove_from_project(connection, ids, it.id, now())
    return Response(b"", status_code=204)


@get(
    _FILES,
    scopes=RELEASE_READ,
    asks=(BUNDLE_QUERY, *PAGE),
    answers={200: BundleFilesResponse, **UPLOAD_REFUSED},
    sync_to_thread=True,
)
def list_bundle_files(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    bundle_id: FromPath[str],
) -> Response[BundleFilesResponse]:
    """List what is in an artifact bundle; ``query`` is a part of a URL or of a debug id."""
    with context.database.snapshot() as connection:
        access, it = authorize_project(context, connection, organization, project)
        bundle = _bundle(connection, access, it, bundle_id)
        page = context.page()
        if page.skipped > OFFSET_MAX:
            raise BadRequest("Pagination offset too large")
        rows = lookups.entries_page(
            connection,
            bundle.id,
            context.parameter("query"),
            limit=page.limit,
            offset=page.skipped,
        )
        of = store.associations_of(connection, [bundle.id])[bundle.id]
    found, links = paginate(rows, page)
    return context.linked(bundle_files_response(bundle, of, found), links)


@get(
    _FILES + "{file_id:str}/",
    scopes=RELEASE_READ,
    answers={200: bytes, **UPLOAD_REFUSED},
    sync_to_thread=True,
)
def get_bundle_file(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    bundle_id: FromPath[str],
    file_id: FromPath[str],
) -> Response[bytes]:
    """Download a file of an artifact bundle."""
    with context.database.snapshot() as connection:
        access, it = authorize_project(context, connection, organization, project)
        if not may_download(connection, access):
            raise BadUpload("You don't have the permissions to download this file", like=Forbidden)
        bundle = _bundle(connection, access, it, bundle_id)
        path = path_of(file_id)
        if path is None:
            raise BadUpload(f"The file_id {file_id} is invalid")
        if lookups.entry_at(connection, bundle.id, path) is None:
            raise _no_member(path)
        pieces = file_store.pieces_of(connection, bundle.file_id)
    with piece_reader.open_file(context.blobs, pieces) as stream:
        opened = bundles.open_bundle(cast("BinaryIO", stream))
        entry = next((each for each in opened.entries if each.path == path), None)
        if entry is None:
            raise _no_member(path)
        content = opened.read(entry)
    headers = {"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type="application/octet-stream", headers=headers)


def authorize_project(
    context: RequestContext, connection: Connection, organization: str, project: str
) -> tuple[Access, Project]:
    """Who is there, and the project of the address."""
    access = context.authorize(connection, organization)
    return access, projects.require_project(connection, access, project)


def _searched(context: RequestContext, access: Access, project: Project) -> BundleFilter:
    """An id finds the bundle, and those that hold a file of that debug id; any other text is a release or a dist."""
    text = (context.parameter("query") or "").strip() or None
    id_text = debug_ids.normalize(text) if text else None
    return BundleFilter(
        project_id=project.id,
        organization_id=access.organization.id,
        id_text=id_text,
        text=text if id_text is None else None,
    )


def _sort(context: RequestContext) -> BundleSort:
    try:
        return BundleSort(context.parameter("sortBy") or BundleSort.LAST_USED)
    except ValueError:
        raise BadRequest(_BAD_SORT, code="invalid_sort_by_parameter", extra={}) from None


def _many(context: RequestContext, access: Access, project: Project) -> BundleFilter | None:
    """All bundles that are to be deleted, where they are not named one by one."""
    version, dist = context.parameter("release"), context.parameter("dist")
    unused = context.parameter("unusedSince")
    if version is None and unused is None:
        return None
    try:
        since = DateTime(is_null_ok=False)(unused) if unused is not None else None
    except FieldError as wrong:
        raise BadRequest(f"Invalid unusedSince parameter. {wrong.messages[0]}") from None  # type: ignore[index]
    return BundleFilter(
        project_id=project.id,
        organization_id=access.organization.id,
        version=version,
        dist=dist,
        unused_since=since,
    )


def _named(
    context: RequestContext, connection: Connection, access: Access, project: Project
) -> list[int]:
    """The bundles that are to be deleted by id; one that is not there is gone already."""
    names = context.parameters("bundleId")
    if not names:
        raise BadUpload("Supplied an invalid bundle_id None", like=NotFound)
    if len(names) > DELETED_MAX:
        raise BadUpload(f"No more than {DELETED_MAX} bundles can be deleted at once")
    known = lookups.by_bundle_ids(
        connection, access.organization.id, project.id, {name.lower() for name in names}
    )
    for it in known:
        if not it.is_linked:
            raise BadUpload(
                f"Artifact bundle with {it.bundle_id} found but it is not connected to"
                f" project {project.id}",
                like=NotFound,
            )
    return [it.id for it in known]


def _bundle(
    connection: Connection, access: Access, project: Project, bundle_id: str
) -> ArtifactBundle:
    known = store.by_bundle_id(connection, access.organization.id, bundle_id.lower())
    if known is None or not store.is_linked(connection, known.id, project.id):
        raise BadUpload(
            f"The artifact bundle with {bundle_id} is not bound to this project or doesn't exist"
        )
    return known


def _no_member(path: str) -> BadUpload:
    return BadUpload(f"The file {path} can't be found in the artifact bundle", like=NotFound)


router = Router(
    "/api/0",
    route_handlers=[list_bundles, delete_bundles, list_bundle_files, get_bundle_file],
)
