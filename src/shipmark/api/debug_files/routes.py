"""``files/dsyms/`` of projects, and which versions mappings belong to (files-and-avatars.md 9, clients.md 4.7)."""

from typing import Any

from litestar import Response, Router, delete, get, post
from litestar.params import FromPath, RawBody
from litestar.response import Stream
from sqlalchemy import Connection

from shipmark.api.artifact_bundles import assemble_requests as bodies
from shipmark.api.artifact_bundles.routes import OFFSET_MAX, authorize_project
from shipmark.api.debug_files.parameters import DEBUG_FILE, DEBUG_FILES, MAPPING, UNKNOWN
from shipmark.api.debug_files.responses import (
    AssociatedFilesResponse,
    DebugFileResponse,
    LinkedResponse,
    MappingVersionsResponse,
    UnknownFilesResponse,
    debug_file_response,
)
from shipmark.api.debug_files.uploads import ZipReceiver
from shipmark.api.query_parameters import PAGE
from shipmark.api.release_files.routes import may_download
from shipmark.api.release_files.uploads import MISSING
from shipmark.api.responses.refusal import UPLOAD_REFUSED
from shipmark.api.scopes import DEBUG_FILE_DELETE, RELEASE_READ, RELEASE_WRITE
from shipmark.artifacts import debug_ids
from shipmark.artifacts.manifests import BundleProblem
from shipmark.artifacts.model import VERSION_MAX
from shipmark.debug_files import actions, archives, assembling
from shipmark.debug_files.model import DebugFile
from shipmark.debug_files.store import debug_files, proguard_releases
from shipmark.debug_files.store.debug_files import DebugFileFilter
from shipmark.files import piece_reader
from shipmark.files.model import FILE_MAX, MEBIBYTE
from shipmark.files.store import files as file_store
from shipmark.http import json_schema, multipart
from shipmark.http.downloads import PARTLY, Content, download
from shipmark.http.fields import Field, Object, Text
from shipmark.http.multipart import threaded
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, BadUpload, Conflict, NotFound
from shipmark.infrastructure.ids import id_of
from shipmark.projects.model import Project

PER_PAGE_MAX = 20
#: So many versions of a mapping are told.
VERSIONS_MAX = 1000

_FILES = "/projects/{organization:str}/{project:str}/files/"
_DSYMS = f"{_FILES}dsyms/"
#: Without a slash at its end: the only address of the kind (clients.md 1, rule 14).
_PROGUARD = f"{_FILES}proguard-artifact-releases"
_FORM = {"file": "A zip of debug files: mappings of ProGuard, or what Apple's tools make."}
_OCTETS = "application/octet-stream"
_TIE = Object(
    {
        "release_name": Field(Text(max=VERSION_MAX), is_required=True),
        "proguard_uuid": Field(Text(max=100), is_required=True),
    }
)


@get(
    _DSYMS,
    scopes=RELEASE_READ,
    asks=(*DEBUG_FILES, *PAGE),
    answers={200: list[DebugFileResponse] | bytes, **PARTLY, **UPLOAD_REFUSED},
    sync_to_thread=True,
)
def list_debug_files(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> Response[Any] | Stream:
    """List the debug files of a project, twenty a page, the newest first; with ``id``, one of them itself."""
    wanted = context.parameter("id")
    if wanted is not None:
        return _download(context, organization, project, wanted)
    with context.database.snapshot() as connection:
        _, it = authorize_project(context, connection, organization, project)
        page = context.page(most=PER_PAGE_MAX)
        if page.skipped > OFFSET_MAX:
            raise BadRequest("Pagination offset too large")
        debug_id = context.parameter("debug_id") or None
        looked_for = DebugFileFilter(
            project_id=it.id,
            text=(context.parameter("query") or "").strip() or None,
            # What is no debug id is none that a file has.
            debug_id=debug_ids.normalize(debug_id) or debug_id if debug_id else None,
            code_id=(context.parameter("code_id") or "").lower() or None,
            symbol_types=context.parameters("file_formats"),
        )
        rows = debug_files.page_of(connection, looked_for, limit=page.limit, offset=page.skipped)
    found, links = paginate(rows, page)
    return context.listed([debug_file_response(each) for each in found], links)


@post(
    _DSYMS,
    scopes=RELEASE_WRITE,
    uploads=_FORM,
    answers={201: list[DebugFileResponse], **UPLOAD_REFUSED},
    request_max_body_size=FILE_MAX + MEBIBYTE,
)
async def upload_debug_files(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> list[DebugFileResponse]:
    """Upload a zip of debug files; tells those that are in it, new or not."""
    it = await threaded(_project, context, organization, project)
    if not context.request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise BadRequest(MISSING)
    with ZipReceiver() as receiver:
        await multipart.receive(context.request, receiver)
        return await threaded(_kept, context, it, receiver)


@delete(_DSYMS, scopes=DEBUG_FILE_DELETE, asks=(DEBUG_FILE,), sync_to_thread=True)
def delete_debug_file(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> None:
    """Delete a debug file of a project."""
    with context.database.transaction() as connection:
        _, it = authorize_project(context, connection, organization, project)
        found = _found(connection, it, context.parameter("id") or "")
        actions.remove_debug_files(connection, [found.id], now())


@get(f"{_DSYMS}unknown/", scopes=RELEASE_READ, asks=(UNKNOWN,), sync_to_thread=True)
def list_unknown(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> UnknownFilesResponse:
    """Say which of the checksums no debug file of the project has."""
    with context.database.snapshot() as connection:
        _, it = authorize_project(context, connection, organization, project)
        asked = {each.lower() for each in context.parameters("checksums")}
        known = debug_files.by_sha1s(connection, it.id, asked)
    return UnknownFilesResponse(missing=sorted(asked - set(known)))


@post(
    f"{_DSYMS}associate/",
    scopes=RELEASE_WRITE,
    takes=bodies.ASSOCIATE,
    status_code=200,
    answers={200: AssociatedFilesResponse, **UPLOAD_REFUSED},
    sync_to_thread=True,
)
def associate_debug_files(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str], body: RawBody
) -> AssociatedFilesResponse:
    """Say that none of the debug files was tied to a build: they are found by their ids alone."""
    with context.database.autocommit_read() as connection:
        authorize_project(context, connection, organization, project)
    json_schema.read(body, bodies.ASSOCIATE)
    return AssociatedFilesResponse(associated_dsym_files=[])


@get(
    _PROGUARD,
    scopes=RELEASE_READ,
    asks=(MAPPING,),
    answers={200: MappingVersionsResponse, **UPLOAD_REFUSED},
    sync_to_thread=True,
)
def list_versions(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> MappingVersionsResponse:
    """List the versions that a mapping of ProGuard is tied to."""
    with context.database.snapshot() as connection:
        _, it = authorize_project(context, connection, organization, project)
        mapping = _mapping(connection, it, context.parameter("proguard_uuid") or "")
        versions = proguard_releases.versions_of(connection, mapping, most=VERSIONS_MAX)
    return MappingVersionsResponse(releases=versions)


@post(
    _PROGUARD,
    scopes=RELEASE_WRITE,
    takes=_TIE,
    answers={201: LinkedResponse, **UPLOAD_REFUSED},
    sync_to_thread=True,
)
def tie_mapping(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str], body: RawBody
) -> LinkedResponse:
    """Tie a mapping of ProGuard to a version, which need not be a release yet."""
    with context.database.autocommit_read() as connection:
        _, it = authorize_project(context, connection, organization, project)
    given = context.body(body, _TIE, step="debug_file.validate")
    with context.database.transaction() as connection:
        mapping = _mapping(connection, it, given["proguard_uuid"])
        if not proguard_releases.link(connection, given["release_name"], mapping):
            raise Conflict("The mapping is tied to this release already")
    return LinkedResponse()


def _project(context: RequestContext, organization: str, project: str) -> Project:
    with context.database.autocommit_read() as connection:
        return authorize_project(context, connection, organization, project)[1]


def _kept(
    context: RequestContext, project: Project, receiver: ZipReceiver
) -> list[DebugFileResponse]:
    if receiver.part is None:
        raise BadRequest(MISSING)
    at = now()
    try:
        found = archives.unpack(context.database, context.blobs, receiver.opened(), at)
    except BundleProblem as problem:
        raise BadRequest(f"The zip can't be read: {problem.reason or problem}") from None
    if not found.new:
        name, why = found.problems[0] if found.problems else ("", "it is empty")
        said = f"{name}: {why}" if name else why
        raise BadRequest(f"There is no debug file in the zip ({said})")
    kept = assembling.save(context.database, project.id, found.new, at)
    return [debug_file_response(each) for each in kept]


def _download(
    context: RequestContext, organization: str, project: str, wanted: str
) -> Response[Any] | Stream:
    with context.database.snapshot() as connection:
        access, it = authorize_project(context, connection, organization, project)
        if not may_download(connection, access):
            return Response(b"", status_code=403, media_type=_OCTETS)
        file = _found(connection, it, wanted).file
        pieces = file_store.pieces_of(connection, file.id)
    content = Content(
        name=file.name,
        size=file.size,
        tag=file.sha1,
        media_type=_OCTETS,
        read=lambda start, end: piece_reader.read_range(context.blobs, pieces, start, end),
    )
    return download(context.request, content)


def _found(connection: Connection, project: Project, text: str) -> DebugFile:
    file_id = id_of(text)
    found = None if file_id is None else debug_files.by_id(connection, project.id, file_id)
    if found is None:
        raise NotFound
    return found


def _mapping(connection: Connection, project: Project, text: str) -> DebugFile:
    debug_id = debug_ids.normalize(text)
    if debug_id is None:
        raise BadUpload("The proguard_uuid is no id of a mapping")
    found = debug_files.newest_of_debug_id(connection, project.id, debug_id, "proguard")
    if found is None:
        raise BadUpload("There is no mapping of that proguard_uuid in this project", like=NotFound)
    return found


router = Router(
    "/api/0",
    route_handlers=[
        list_debug_files,
        upload_debug_files,
        delete_debug_file,
        list_unknown,
        associate_debug_files,
        list_versions,
        tie_mapping,
    ],
)
