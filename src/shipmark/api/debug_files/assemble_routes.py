"""``files/difs/assemble/`` of projects: chunks become debug files (files-and-avatars.md 5.5)."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from litestar import Router, post
from litestar.params import FromPath, RawBody

from shipmark.api.artifact_bundles import assemble_requests as bodies
from shipmark.api.artifact_bundles.routes import authorize_project
from shipmark.api.debug_files.responses import (
    DebugAssemblyResponse,
    assembly_response,
    created_response,
    existing_response,
    missing_response,
)
from shipmark.api.responses.refusal import UPLOAD_REFUSED
from shipmark.api.scopes import RELEASE_WRITE
from shipmark.artifacts import debug_ids
from shipmark.artifacts.model import NAMED_BY_CLIENTS, AssembleKind, assemble_key
from shipmark.artifacts.store import assemblies
from shipmark.debug_files import assembling
from shipmark.debug_files.assembling import DebugFileRequest
from shipmark.debug_files.model import DebugFile
from shipmark.debug_files.store import debug_files
from shipmark.files import assembling as chunks
from shipmark.http import json_schema
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.clock import now
from shipmark.organizations.model import Access
from shipmark.projects.model import Project

#: No further file is begun once a request has taken so long: its client asks again.
SECONDS_MAX = 10.0


@post(
    "/projects/{organization:str}/{project:str}/files/difs/assemble/",
    scopes=RELEASE_WRITE,
    takes=bodies.DEBUG_FILES,
    status_code=200,
    answers={200: dict[str, DebugAssemblyResponse], **UPLOAD_REFUSED},
    sync_to_thread=True,
)
def assemble_debug_files(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str], body: RawBody
) -> dict[str, DebugAssemblyResponse]:
    """Make debug files of chunks that were sent, or tell how far each is; all by the checksum of the file."""
    with context.database.autocommit_read() as connection:
        access, it = authorize_project(context, connection, organization, project)
    given = json_schema.read(body, bodies.DEBUG_FILES)
    asked = {sha1: _asked(access, it, sha1, each) for sha1, each in given.items()}
    return _told(context, it, access, asked, now())


def _asked(
    access: Access, project: Project, sha1: str, given: Mapping[str, Any]
) -> DebugFileRequest:
    debug_id = debug_ids.normalize(given.get("debug_id", ""))
    return DebugFileRequest(
        key=assemble_key(AssembleKind.DEBUG_FILE, project.id, sha1, given["name"], debug_id),
        organization_id=access.organization.id,
        project_id=project.id,
        name=given["name"],
        chunks=given["chunks"],
        debug_id=debug_id,
    )


def _told(
    context: RequestContext,
    project: Project,
    access: Access,
    asked: Mapping[str, DebugFileRequest],
    at: datetime,
) -> dict[str, DebugAssemblyResponse]:
    """What is there comes first, then missing chunks, then what was said before; else it is assembled now."""
    with context.database.autocommit_read() as connection:
        known = debug_files.by_sha1s(connection, project.id, asked)
        said = assemblies.find_all(connection, [it.key for it in asked.values()], at)
    wanted = {sha1: it for sha1, it in asked.items() if _there(known.get(sha1, ()), it) is None}
    all_chunks = [each for it in wanted.values() for each in it.chunks]
    missing = set(_missing(context, access, all_chunks, at))
    told = {}
    last = time.monotonic() + SECONDS_MAX
    for sha1, it in asked.items():
        absent = [each for each in dict.fromkeys(it.chunks) if each in missing]
        if (there := _there(known.get(sha1, ()), it)) is not None:
            told[sha1] = existing_response(there)
        elif absent or not it.chunks:
            told[sha1] = missing_response(absent)
        elif it.key.key in said:
            told[sha1] = assembly_response(said[it.key.key])
        else:
            if time.monotonic() < last:
                assembling.assemble(context.database, context.blobs, it, at)
            told[sha1] = created_response()
    return told


def _missing(
    context: RequestContext, access: Access, all_chunks: Sequence[str], at: datetime
) -> list[str]:
    if not all_chunks:
        return []
    return chunks.missing_chunks(context.database, access.organization.id, all_chunks, at)


def _there(known: Sequence[DebugFile], asked: DebugFileRequest) -> DebugFile | None:
    """The file that is meant: with another id it is another one, in formats that leave ids to the client."""
    for it in known:
        is_named = it.object.symbol_type in NAMED_BY_CLIENTS and asked.debug_id is not None
        if not is_named or it.object.debug_id == asked.debug_id:
            return it
    return None


router = Router("/api/0", route_handlers=[assemble_debug_files])
