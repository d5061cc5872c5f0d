"""``releases/{version}/assemble/`` and ``artifactbundle/assemble/``: chunks become bundles (files-and-avatars.md 5)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from litestar import Router, post
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.api.artifact_bundles import assemble_requests as bodies
from shipmark.api.artifact_bundles.assemble_responses import (
    AssemblyResponse,
    assembly_response,
    created_response,
    missing_response,
)
from shipmark.api.query_parameters import PROJECTS
from shipmark.api.releases.path_release import get_visible_release
from shipmark.api.responses.refusal import UPLOAD_REFUSED
from shipmark.api.scopes import RELEASE_WRITE
from shipmark.artifacts import assembling
from shipmark.artifacts.assembling import BundleRequest
from shipmark.artifacts.model import AssembleKind, AssembleState, assemble_key
from shipmark.artifacts.store import assemblies
from shipmark.files import assembling as chunks
from shipmark.http import json_schema
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadUpload, NotFound
from shipmark.organizations.model import Access
from shipmark.projects import store as projects
from shipmark.releases import actions as releases

NO_PROJECT = "You need to specify at least one project"
BAD_PROJECT = "One or more projects are invalid"
DIST_ALONE = "You need to specify a release together with a dist"


@post(
    "/organizations/{organization:str}/releases/{version:str}/assemble/",
    scopes=RELEASE_WRITE,
    asks=PROJECTS,
    takes=bodies.RELEASE_BUNDLE,
    status_code=200,
    answers={200: AssemblyResponse, **UPLOAD_REFUSED},
    sync_to_thread=True,
)
def assemble_release_bundle(
    context: InjectedRequest, organization: FromPath[str], version: FromPath[str], body: RawBody
) -> AssemblyResponse:
    """Make a bundle of files of chunks that were sent, for a release; or tell how far it is."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        release = get_visible_release(context, connection, access, version)
        project_ids = sorted(releases.project_ids(connection, release))
    given = json_schema.read(body, bodies.RELEASE_BUNDLE)
    sha1 = given["checksum"]
    asked = BundleRequest(
        key=assemble_key(
            AssembleKind.RELEASE_BUNDLE, access.organization.id, sha1, release.version
        ),
        organization=access.organization,
        chunks=given["chunks"],
        project_ids=project_ids,
        version=release.version,
        release=release,
    )
    return _told(context, access, asked, now())


@post(
    "/organizations/{organization:str}/artifactbundle/assemble/",
    scopes=RELEASE_WRITE,
    takes=bodies.ARTIFACT_BUNDLE,
    status_code=200,
    answers={200: AssemblyResponse, **UPLOAD_REFUSED},
    sync_to_thread=True,
)
def assemble_artifact_bundle(
    context: InjectedRequest, organization: FromPath[str], body: RawBody
) -> AssemblyResponse:
    """Make an artifact bundle of chunks that were sent, for projects and maybe a version; or tell how far it is."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        given = json_schema.read(body, bodies.ARTIFACT_BUNDLE)
        project_ids = _project_ids(connection, access, given["projects"])
    version, dist = given.get("version"), given.get("dist") or None
    if dist and not version:
        raise BadUpload(DIST_ALONE)
    asked = BundleRequest(
        key=assemble_key(
            AssembleKind.ARTIFACT_BUNDLE,
            access.organization.id,
            given["checksum"],
            project_ids,
            version,
            dist,
        ),
        organization=access.organization,
        chunks=given["chunks"],
        project_ids=project_ids,
        version=version,
        dist=dist,
    )
    return _told(context, access, asked, now())


def _told(
    context: RequestContext, access: Access, asked: BundleRequest, at: datetime
) -> AssemblyResponse:
    """Missing chunks come first, then what was said before; else it is assembled now, and told of from now on."""
    organization_id = asked.organization.id
    if asked.chunks and (
        missing := chunks.missing_chunks(context.database, organization_id, asked.chunks, at)
    ):
        return missing_response(missing)
    with context.database.autocommit_read() as connection:
        known = assemblies.find(connection, asked.key, at)
    if known is not None:
        return assembly_response(known)
    if not asked.chunks:
        return missing_response([])
    outcome = assembling.assemble(context.database, context.blobs, asked, at)
    with context.database.transaction() as connection:
        context.record_token_use(connection, access, asked.project_ids)
    is_broken = outcome.reason is not None
    if outcome.state is AssembleState.ERROR and (asked.release is None or is_broken):
        # Clients that don't wait ask no second time: told now, a build fails for a bundle that is no good. A whole
        # bundle that is not for this release is told when it is asked for again, as the reference does.
        return assembly_response(outcome)
    return created_response()


def _project_ids(connection: Connection, access: Access, named: Sequence[str]) -> list[int]:
    """The projects that are named by slug or id; refuses those that are not there, or not for the caller to change."""
    if not named:
        raise BadUpload(NO_PROJECT)
    all_there_are = projects.accessible(connection, replace(access, reaches_all=True))
    known = {name: it.id for it in all_there_are for name in (str(it.id), it.slug)}
    if any(name not in known for name in named):
        raise BadUpload(BAD_PROJECT)
    reached = {it.id for it in projects.accessible(connection, access)}
    found = {known[name] for name in named}
    if not found <= reached:
        raise NotFound
    return sorted(found)


router = Router("/api/0", route_handlers=[assemble_release_bundle, assemble_artifact_bundle])
