"""``releases/{version}/assemble/`` and ``artifactbundle/assemble/``: chunks become bundles (files-and-avatars.md 5)."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from shipmark.api.artifact_bundles import assemble_requests as schemas
from shipmark.api.artifact_bundles.responses import AssemblyResponse, assembly_response
from shipmark.api.releases.path_release import VisibleRelease
from shipmark.api.responses.refusal import UPLOAD_REFUSED
from shipmark.artifacts import assembling
from shipmark.artifacts.assembling import BundleRequest
from shipmark.artifacts.model import AssembleKind, AssembleState, assemble_key
from shipmark.artifacts.store import assemblies
from shipmark.files import assembling as chunks
from shipmark.http import endpoint
from shipmark.http.json_schema import JsonObject
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import RELEASE_WRITE
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadUpload, NotFound
from shipmark.organizations.model import Access
from shipmark.projects import store as projects

NO_PROJECT = "You need to specify at least one project"
BAD_PROJECT = "One or more projects are invalid"
DIST_ALONE = "You need to specify a release together with a dist"


@endpoint.post(
    "/organizations/{organization:str}/releases/{version:str}/assemble/",
    scopes=RELEASE_WRITE,
    schema=schemas.RELEASE_BUNDLE,
    status_code=200,
    responses=UPLOAD_REFUSED,
)
def assemble_release_bundle(
    context: RequestContext, release: VisibleRelease, body: JsonObject
) -> AssemblyResponse:
    """Assemble a bundle of uploaded chunks for a release, or tell the state of that."""
    organization, version = context.access.organization, release.release.version
    request = BundleRequest(
        key=assemble_key(AssembleKind.RELEASE_BUNDLE, organization.id, body["checksum"], version),
        organization=organization,
        chunks=body["chunks"],
        project_ids=sorted(release.attached_ids),
        version=version,
        release=release.release,
    )
    return _assemble(context, request)


@endpoint.post(
    "/organizations/{organization:str}/artifactbundle/assemble/",
    scopes=RELEASE_WRITE,
    schema=schemas.ARTIFACT_BUNDLE,
    status_code=200,
    responses=UPLOAD_REFUSED,
)
def assemble_artifact_bundle(context: RequestContext, body: JsonObject) -> AssemblyResponse:
    """Assemble an artifact bundle of uploaded chunks for projects and maybe a version, or tell the state of that."""
    organization = context.access.organization
    with context.database.autocommit_read() as connection:
        project_ids = _project_ids(connection, context.access, body["projects"])
    version, dist = body.get("version"), str(body.get("dist", "")) or None
    if dist and not version:
        raise BadUpload(DIST_ALONE)
    kind, sha1 = AssembleKind.ARTIFACT_BUNDLE, body["checksum"]
    request = BundleRequest(
        key=assemble_key(kind, organization.id, sha1, project_ids, version, dist),
        organization=organization,
        chunks=body["chunks"],
        project_ids=project_ids,
        version=version,
        dist=dist,
    )
    return _assemble(context, request)


def _assemble(context: RequestContext, request: BundleRequest) -> AssemblyResponse:
    """Return the missing chunks, or the state from before; else assemble now."""
    at, organization_id = now(), request.organization.id
    if request.chunks and (
        missing := chunks.missing_chunks(context.database, organization_id, request.chunks, at)
    ):
        return AssemblyResponse(state=AssembleState.NOT_FOUND, missing_chunks=missing)
    with context.database.autocommit_read() as connection:
        known = assemblies.find(connection, request.key, at)
    if known is not None:
        return assembly_response(known)
    if not request.chunks:
        return AssemblyResponse(state=AssembleState.NOT_FOUND)
    outcome = assembling.assemble(context.database, context.blobs, request, at)
    with context.database.transaction() as connection:
        context.record_token_use(connection, request.project_ids)
    is_broken = outcome.reason is not None
    if outcome.state is AssembleState.ERROR and (request.release is None or is_broken):
        # Clients that don't wait send no second request: answered now, a build fails for a broken bundle. A whole
        # bundle that is not for this release is refused in the next request, as the reference does.
        return assembly_response(outcome)
    return AssemblyResponse(state=AssembleState.CREATED)


def _project_ids(connection: Connection, access: Access, named: Sequence[str]) -> list[int]:
    """Return the ids of projects named by slug or id. Raise what refuses those that the caller can't change."""
    if not named:
        raise BadUpload(NO_PROJECT)
    existing = projects.accessible(connection, replace(access, reaches_all=True))
    known = {name: project.id for project in existing for name in (str(project.id), project.slug)}
    if any(name not in known for name in named):
        raise BadUpload(BAD_PROJECT)
    ids = {known[name] for name in named}
    if not ids <= {project.id for project in projects.accessible(connection, access)}:
        raise NotFound
    return sorted(ids)
