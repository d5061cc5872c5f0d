"""``artifact-lookup/`` of projects: bundles and files by debug id or URL (files-and-avatars.md 7)."""

from dataclasses import dataclass
from typing import Any

from litestar import Response
from litestar.response import Stream
from sqlalchemy import Connection

from shipmark.api.artifact_bundles.queries import LookupQuery
from shipmark.api.artifact_bundles.responses import FoundArtifactResponse
from shipmark.api.projects.path_project import PathProject
from shipmark.api.release_files.routes import download_file
from shipmark.artifacts import debug_ids
from shipmark.artifacts.model import RENEWAL_LENGTH, ArtifactBundle, ReleaseFile
from shipmark.artifacts.store import bundles as bundle_store
from shipmark.artifacts.store import lookups, release_files, release_listing
from shipmark.artifacts.store.lookups import BundleFilter
from shipmark.files.model import File
from shipmark.files.store import files as file_store
from shipmark.http import endpoint
from shipmark.http.downloads import PARTLY
from shipmark.http.request_context import RequestContext, request_url, require_id
from shipmark.http.scopes import RELEASE_READ
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.projects.model import Project
from shipmark.releases import actions as releases

BUNDLES_MAX = 5
FILES_MAX = 10
_BUNDLE, _FILE = "artifact_bundle", "release_file"


@dataclass(frozen=True, slots=True)
class _Lookup:
    """The artifacts to look up."""

    organization_id: int
    project: Project
    debug_id: str | None
    url: str | None
    version: str | None
    dist: str | None


@endpoint.get(
    "/projects/{organization:str}/{project:str}/artifact-lookup/",
    scopes=RELEASE_READ,
    responses={200: list[FoundArtifactResponse] | bytes, **PARTLY},
)
def look_up_artifacts(
    context: RequestContext, project: PathProject, query: LookupQuery
) -> Response[Any] | Stream:
    """Find bundles and files by debug id, by URL, by release and dist; or download a result."""
    if query.download is not None:
        result_id = query.download
        return download_file(context, lambda connection: _file_of(connection, project, result_id))
    lookup = _Lookup(
        organization_id=context.organization_id,
        project=project,
        debug_id=debug_ids.normalize(query.debug_id or ""),
        url=query.url or None,
        version=query.release or None,
        dist=query.dist or None,
    )
    with context.database.snapshot() as connection:
        bundles = _bundles(connection, lookup)
        files = [] if bundles else _files(connection, lookup)
    _renew(context, [bundle for bundle, _ in bundles.values()])
    here = f"{context.address}{request_url(context.request)[0]}"
    responses = [_bundle_response(bundle, how, here) for bundle, how in bundles.values()]
    responses += [_file_response(file, here) for file in files]
    return Response(sorted(responses, key=lambda row: (row.type, int(row.id.rpartition("/")[2]))))


def _bundles(connection: Connection, lookup: _Lookup) -> dict[int, tuple[ArtifactBundle, str]]:
    """Return the bundles by id, each with what it was found by: debug id before release."""
    if lookup.debug_id is not None:
        newest = lookups.newest_of_debug_id(connection, lookup.project.id, lookup.debug_id)
        if newest is not None:
            return {newest.id: (newest, "debug-id")}
    if lookup.version is None:
        return {}
    conditions = BundleFilter(
        project_id=lookup.project.id,
        organization_id=lookup.organization_id,
        version=lookup.version,
        dist=lookup.dist or "",
    )
    newest_few = lookups.newest_of_release(connection, conditions, most=BUNDLES_MAX)
    if lookup.url is not None and len(newest_few) > 1:
        # All files of bundles are known here, so those that don't hold it need not be looked at.
        holding = lookups.newest_of_release(
            connection, conditions, url=lookup.url, most=BUNDLES_MAX
        )
        return {bundle.id: (bundle, "index") for bundle in holding}
    return {bundle.id: (bundle, "release") for bundle in newest_few}


def _files(connection: Connection, lookup: _Lookup) -> list[ReleaseFile]:
    """Single files of the release whose name holds the URL."""
    if lookup.version is None or lookup.url is None:
        return []
    try:
        release = releases.find(
            connection, lookup.organization_id, lookup.version, [lookup.project.id]
        )
    except NotFound:
        return []
    conditions = release_listing.ReleaseFileFilter(release_id=release.id, texts=[lookup.url])
    listed = release_listing.page_of(connection, conditions, limit=FILES_MAX, offset=0)
    ids = [file.id for file in listed if file.id is not None and file.dist == lookup.dist]
    return release_files.by_ids(connection, ids)


def _renew(context: RequestContext, bundles: list[ArtifactBundle]) -> None:
    """Record the use of bundles, so that they are not deleted as unused (files-and-avatars.md 6.4)."""
    at = now()
    older = at - RENEWAL_LENGTH
    if stale := [bundle.id for bundle in bundles if bundle.used_at < older]:
        with context.database.transaction() as connection:
            bundle_store.touch(connection, stale, at, older_than=older)


def _file_of(connection: Connection, project: Project, result_id: str) -> File:
    """Return the file of a result of a look-up. Raise `NotFound` if it is not the project's."""
    kind, _, text = result_id.partition("/")
    number = require_id(text)
    if kind == _BUNDLE:
        bundle = bundle_store.by_ids(connection, [number]).get(number)
        if bundle is not None and bundle_store.is_linked(connection, bundle.id, project.id):
            return file_store.by_ids(connection, [bundle.file_id])[bundle.file_id]
    if kind == _FILE:
        for file in release_files.by_ids(connection, [number]):
            if releases.is_attached(connection, file.release_id, project.id):
                return file.file
    raise NotFound


def _bundle_response(bundle: ArtifactBundle, how: str, here: str) -> FoundArtifactResponse:
    id_ = f"{_BUNDLE}/{bundle.id}"
    return FoundArtifactResponse(
        id=id_, type="bundle", url=f"{here}?download={id_}", resolved_with=how
    )


def _file_response(file: ReleaseFile, here: str) -> FoundArtifactResponse:
    id_ = f"{_FILE}/{file.id}"
    return FoundArtifactResponse(
        id=id_,
        type="file",
        url=f"{here}?download={id_}",
        resolved_with="release-old",
        abs_path=file.name,
        headers=file.file.headers,
    )
