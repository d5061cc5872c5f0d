"""``files/difs/assemble/`` of projects: chunks become debug files (files-and-avatars.md 5.5)."""

import time
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from shipmark.api.artifact_bundles import assemble_requests as schemas
from shipmark.api.debug_files.responses import DebugAssemblyResponse, debug_file_response
from shipmark.api.projects.path_project import PathProject
from shipmark.api.responses.refusal import UPLOAD_REFUSED
from shipmark.api.scopes import RELEASE_WRITE
from shipmark.artifacts import debug_ids
from shipmark.artifacts.model import NAMED_BY_CLIENTS, AssembleKind, AssembleState, assemble_key
from shipmark.artifacts.store import assemblies
from shipmark.debug_files import assembling
from shipmark.debug_files.assembling import DebugFileRequest
from shipmark.debug_files.model import DebugFile
from shipmark.debug_files.store import debug_files
from shipmark.files import assembling as chunks
from shipmark.http import endpoint
from shipmark.http.json_schema import JsonObject
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure.clock import now
from shipmark.projects.model import Project

#: A request begins no further file after this time: its client sends another request.
SECONDS_MAX = 10.0


@endpoint.post(
    "/projects/{organization:str}/{project:str}/files/difs/assemble/",
    scopes=RELEASE_WRITE,
    schema=schemas.DEBUG_FILES,
    status_code=200,
    responses={200: dict[str, DebugAssemblyResponse], **UPLOAD_REFUSED},
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
    debug_id = debug_ids.normalize(fields.get("debug_id", ""))
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


router = endpoint.router("/api/0", __name__)
