"""``files/dsyms/`` and ``files/difs/`` of projects: debug files (files-and-avatars.md 5.5, 9, clients.md 4.7)."""

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from litestar import Response
from litestar.response import Stream
from pydantic import ConfigDict, Field
from sqlalchemy import Connection

from shipmark.api.artifact_bundles import assemble_requests as schemas
from shipmark.api.artifact_bundles.queries import limited_page
from shipmark.api.debug_files.responses import (
    AssociatedFilesResponse,
    DebugAssemblyResponse,
    DebugFileResponse,
    LinkedResponse,
    MappingVersionsResponse,
    UnknownFilesResponse,
    debug_file_response,
)
from shipmark.api.debug_files.uploads import ZipReceiver
from shipmark.api.projects.path_project import PathProject
from shipmark.api.queries import PageQuery, searched_text
from shipmark.api.release_files.routes import download_file
from shipmark.api.release_files.uploads import MISSING
from shipmark.api.responses.refusal import UPLOAD_REFUSED
from shipmark.artifacts import debug_ids
from shipmark.artifacts.manifests import BundleProblem
from shipmark.artifacts.model import (
    NAMED_BY_CLIENTS,
    VERSION_MAX,
    AssembleKind,
    AssembleState,
    assemble_key,
)
from shipmark.artifacts.store import assemblies
from shipmark.debug_files import actions, assembling
from shipmark.debug_files.assembling import DebugFileRequest
from shipmark.debug_files.model import DebugFile
from shipmark.debug_files.store import debug_files
from shipmark.debug_files.store.debug_files import DebugFileFilter
from shipmark.files import assembling as chunks
from shipmark.files.model import FILE_MAX, MEBIBYTE
from shipmark.http import endpoint, multipart
from shipmark.http.downloads import PARTLY
from shipmark.http.json_schema import JsonObject
from shipmark.http.multipart import threaded
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext, require_id, require_row
from shipmark.http.scopes import DEBUG_FILE_DELETE, RELEASE_READ, RELEASE_WRITE
from shipmark.http.validation import RequestModel, Text, optional, repeatable
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, BadUpload, Conflict, NotFound
from shipmark.projects.model import Project

_DEBUG_ID = "c941d872-af1f-4f0c-a7ff-ad3d295fe153"


class DebugFileListQuery(PageQuery):
    """A page of the debug files of a project, or one to download."""

    query: str | None = optional(
        "Text in names, ids, types, processors or checksums of debug files.", example="web"
    )
    debug_id: str | None = optional(
        "Only those of this debug id.", alias="debug_id", example=_DEBUG_ID
    )
    code_id: str | None = optional("Only those of this code id.", alias="code_id", example="a1b2c3")
    file_formats: list[str] = repeatable(
        "Only those of these types, such as `elf`, `macho`, `pdb`, `proguard`.",
        alias="file_formats",
        example="proguard",
    )
    id: str | None = optional("The debug file whose content is the response.", example="1")

    def debug_file_filter(self, project_id: int) -> DebugFileFilter:
        """Return what debug files must match."""
        return DebugFileFilter(
            project_id=project_id,
            text=searched_text(self.query) or None,
            # A text that is no debug id matches no file.
            debug_id=debug_ids.normalize(self.debug_id) or self.debug_id if self.debug_id else None,
            code_id=(self.code_id or "").lower() or None,
            symbol_types=self.file_formats,
        )


class DebugFileDeletionQuery(RequestModel):
    """The debug file to delete."""

    id: str = Field("", description="The debug file to delete. Required.", examples=["1"])


class UnknownFilesQuery(RequestModel):
    """The files to look for."""

    checksums: list[str] = repeatable(
        "SHA-1s of files.", example="da39a3ee5e6b4b0d3255bfef95601890afd80709"
    )


class MappingVersionsQuery(RequestModel):
    """The mapping whose versions are listed."""

    proguard_uuid: str = Field(
        "",
        alias="proguard_uuid",
        description="The id of the mapping. Required.",
        examples=[_DEBUG_ID],
    )


class MappingRequest(RequestModel):
    """A mapping of ProGuard and a version that it belongs to."""

    model_config = ConfigDict(alias_generator=None)

    release_name: Annotated[str, Text(max_length=VERSION_MAX)] = Field(description="Version.")
    proguard_uuid: Annotated[str, Text(max_length=100)] = Field(description="Id of the mapping.")


PER_PAGE_MAX = 20
#: A request begins no further file after this time: its client sends another request.
SECONDS_MAX = 10.0
#: The most versions of a mapping that are listed.
VERSIONS_MAX = 1000

_FILES = "/projects/{organization:str}/{project:str}/files/"
_DSYMS = f"{_FILES}dsyms/"
#: Without a slash at its end: the only address of the kind (clients.md 1, rule 14).
_PROGUARD = f"{_FILES}proguard-artifact-releases"
_FORM = {"file": "A zip of debug files: mappings of ProGuard, or what Apple's tools make."}


@endpoint.get(
    _DSYMS,
    scopes=RELEASE_READ,
    responses={200: list[DebugFileResponse] | bytes, **PARTLY, **UPLOAD_REFUSED},
)
def list_debug_files(
    context: RequestContext, project: PathProject, query: DebugFileListQuery
) -> Response[Any] | Stream:
    """List the debug files of a project, twenty a page, the newest first; with ``id``, one of them itself."""
    if query.id is not None:
        file_id = query.id
        return download_file(context, lambda connection: _find(connection, project, file_id).file)
    page = limited_page(query, most=PER_PAGE_MAX)
    conditions = query.debug_file_filter(project.id)
    with context.database.snapshot() as connection:
        rows = debug_files.page_of(connection, conditions, **page.window)
    return context.listed(*paginate([debug_file_response(file) for file in rows], page))


@endpoint.post(
    _DSYMS,
    scopes=RELEASE_WRITE,
    files=_FORM,
    responses=UPLOAD_REFUSED,
    request_max_body_size=FILE_MAX + MEBIBYTE,
)
async def upload_debug_files(
    context: RequestContext, project: PathProject
) -> list[DebugFileResponse]:
    """Upload a zip of debug files, and show those that are in it, new or not."""
    if not context.request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise BadRequest(MISSING)
    with ZipReceiver() as receiver:
        await multipart.receive(context.request, receiver)
        return await threaded(_save, context, project, receiver)


@endpoint.delete(_DSYMS, scopes=DEBUG_FILE_DELETE)
def delete_debug_file(
    context: RequestContext, project: PathProject, query: DebugFileDeletionQuery
) -> None:
    """Delete a debug file of a project."""
    with context.database.transaction() as connection:
        file = _find(connection, project, query.id)
        actions.remove_debug_files(connection, [file.id], now())


@endpoint.get(f"{_DSYMS}unknown/", scopes=RELEASE_READ)
def list_unknown(
    context: RequestContext, project: PathProject, query: UnknownFilesQuery
) -> UnknownFilesResponse:
    """List those of the checksums that no debug file of the project has."""
    checksums = {checksum.lower() for checksum in query.checksums}
    with context.database.snapshot() as connection:
        known = debug_files.by_sha1s(connection, project.id, checksums)
    return UnknownFilesResponse(missing=sorted(checksums - set(known)))


@endpoint.post(
    f"{_DSYMS}associate/",
    scopes=RELEASE_WRITE,
    schema=schemas.ASSOCIATE,
    status_code=200,
    responses=UPLOAD_REFUSED,
)
def associate_debug_files(
    context: RequestContext,  # noqa: ARG001  # every endpoint has it
    project: PathProject,  # noqa: ARG001  # it must exist
    body: JsonObject,  # noqa: ARG001  # it must fit the schema
) -> AssociatedFilesResponse:
    """Answer that none of the debug files belongs to a build: they are matched by their ids alone."""
    return AssociatedFilesResponse(associated_dsym_files=[])


@endpoint.get(_PROGUARD, scopes=RELEASE_READ, responses=UPLOAD_REFUSED)
def list_versions(
    context: RequestContext, project: PathProject, query: MappingVersionsQuery
) -> MappingVersionsResponse:
    """List the versions that a mapping of ProGuard belongs to."""
    with context.database.snapshot() as connection:
        mapping = _mapping(connection, project, query.proguard_uuid)
        versions = debug_files.versions_of(connection, mapping, most=VERSIONS_MAX)
    return MappingVersionsResponse(releases=versions)


@endpoint.post(
    _PROGUARD, scopes=RELEASE_WRITE, responses=UPLOAD_REFUSED, step="debug_file.validate"
)
def tie_mapping(
    context: RequestContext, project: PathProject, body: MappingRequest
) -> LinkedResponse:
    """Link a mapping of ProGuard to a version, which need not be a release yet."""
    with context.database.transaction() as connection:
        mapping = _mapping(connection, project, body.proguard_uuid)
        if not debug_files.link(connection, body.release_name, mapping):
            raise Conflict("The mapping is tied to this release already")
    return LinkedResponse()


def _save(
    context: RequestContext, project: Project, receiver: ZipReceiver
) -> list[DebugFileResponse]:
    if receiver.part is None:
        raise BadRequest(MISSING)
    at = now()
    try:
        unpacked = assembling.unpack(context.database, context.blobs, receiver.opened(), at)
    except BundleProblem as problem:
        raise BadRequest(f"The zip can't be read: {problem.reason or problem}") from None
    # sentry-cli 2 sends an empty zip, if it has warned that it leaves out all mappings, and goes on.
    if unpacked.problems and not unpacked.new:
        name, why = unpacked.problems[0]
        raise BadRequest(f"There is no debug file in the zip ({name}: {why})")
    saved = assembling.save(context.database, project.id, unpacked.new, at)
    return [debug_file_response(file) for file in saved]


def _find(connection: Connection, project: Project, text: str) -> DebugFile:
    return require_row(debug_files.by_id(connection, project.id, require_id(text)))


def _mapping(connection: Connection, project: Project, text: str) -> DebugFile:
    debug_id = debug_ids.normalize(text)
    if debug_id is None:
        raise BadUpload("The proguard_uuid is no id of a mapping")
    mapping = debug_files.newest_of_debug_id(connection, project.id, debug_id, "proguard")
    if mapping is None:
        raise BadUpload("There is no mapping of that proguard_uuid in this project", like=NotFound)
    return mapping


@endpoint.post(
    f"{_FILES}difs/assemble/",
    scopes=RELEASE_WRITE,
    schema=schemas.DEBUG_FILES,
    status_code=200,
    responses=UPLOAD_REFUSED,
)
def assemble_debug_files(
    context: RequestContext, project: PathProject, body: JsonObject
) -> dict[str, DebugAssemblyResponse]:
    """Assemble debug files of uploaded chunks, or tell the state of each, by the checksum of the file."""
    requests = {sha1: _request(context, project, sha1, fields) for sha1, fields in body.items()}
    return _assemble(context, project, requests)


def _request(
    context: RequestContext, project: Project, sha1: str, fields: Mapping[str, Any]
) -> DebugFileRequest:
    sent_id = debug_ids.normalize(fields.get("debug_id", ""))
    debug_id = sent_id or debug_ids.of_mapping_name(fields["name"])
    return DebugFileRequest(
        key=assemble_key(AssembleKind.DEBUG_FILE, project.id, sha1, fields["name"], debug_id),
        organization_id=context.organization_id,
        project_id=project.id,
        name=fields["name"],
        chunks=fields["chunks"],
        debug_id=debug_id,
    )


def _assemble(
    context: RequestContext, project: Project, requests: Mapping[str, DebugFileRequest]
) -> dict[str, DebugAssemblyResponse]:
    """Return for each file: the file, or its missing chunks, or the state from before; else assemble it now."""
    at = now()
    with context.database.autocommit_read() as connection:
        known = debug_files.by_sha1s(connection, project.id, requests)
        states = assemblies.find_all(connection, [request.key for request in requests.values()], at)
    existing = {sha1: _existing(known.get(sha1, ()), new) for sha1, new in requests.items()}
    missing = _missing(context, [new for sha1, new in requests.items() if not existing[sha1]], at)
    responses = {}
    deadline = time.monotonic() + SECONDS_MAX
    for sha1, request in requests.items():
        absent = [chunk for chunk in dict.fromkeys(request.chunks) if chunk in missing]
        if (file := existing[sha1]) is not None:
            response = DebugAssemblyResponse(
                state=AssembleState.OK, detail=None, dif=debug_file_response(file)
            )
        elif absent or not request.chunks:
            response = DebugAssemblyResponse(state=AssembleState.NOT_FOUND, missing_chunks=absent)
        elif (state := states.get(request.key.key)) is not None:
            response = DebugAssemblyResponse(state=state.state, detail=state.detail)
        else:
            if time.monotonic() < deadline:
                assembling.assemble(context.database, context.blobs, request, at)
            # It has begun, or begins with the client's next request.
            response = DebugAssemblyResponse(state=AssembleState.CREATED)
        responses[sha1] = response
    return responses


def _missing(
    context: RequestContext, requests: Sequence[DebugFileRequest], at: datetime
) -> Collection[str]:
    sha1s = [chunk for request in requests for chunk in request.chunks]
    if not sha1s:
        return ()
    return set(chunks.missing_chunks(context.database, context.organization_id, sha1s, at))


def _existing(known: Sequence[DebugFile], request: DebugFileRequest) -> DebugFile | None:
    """Return the requested file: in formats that leave ids to the client, one with another id is another file."""
    for file in known:
        is_named = file.object.symbol_type in NAMED_BY_CLIENTS and request.debug_id is not None
        if not is_named or file.object.debug_id == request.debug_id:
            return file
    return None
