"""``artifact-lookup/`` of projects: which bundle has this debug id, or this URL? (files-and-avatars.md 7)."""

from dataclasses import dataclass
from typing import Any

from litestar import Response, Router, get
from litestar.params import FromPath
from litestar.response import Stream
from sqlalchemy import Connection

from shipmark.api.artifact_bundles.responses import FoundArtifactResponse
from shipmark.api.artifact_bundles.routes import authorize_project
from shipmark.api.query_parameters import LOOKUP
from shipmark.api.release_files.routes import may_download
from shipmark.api.scopes import RELEASE_READ
from shipmark.artifacts import debug_ids
from shipmark.artifacts.model import RENEWAL_LENGTH, ArtifactBundle, ReleaseFile
from shipmark.artifacts.store import bundles as bundle_store
from shipmark.artifacts.store import lookups, release_files, release_listing
from shipmark.artifacts.store.lookups import BundleFilter
from shipmark.files import piece_reader
from shipmark.files.model import File
from shipmark.files.store import files as file_store
from shipmark.http.downloads import PARTLY, Content, download
from shipmark.http.request_context import InjectedRequest, RequestContext, request_url
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.infrastructure.ids import id_of
from shipmark.projects.model import Project
from shipmark.releases import actions as releases

BUNDLES_MAX = 5
FILES_MAX = 10
_BUNDLE, _FILE = "artifact_bundle", "release_file"
_OCTETS = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is looked for, and where."""

    organization_id: int
    project: Project
    debug_id: str | None
    url: str | None
    version: str | None
    dist: str | None


@get(
    "/projects/{organization:str}/{project:str}/artifact-lookup/",
    scopes=RELEASE_READ,
    asks=LOOKUP,
    answers={200: list[FoundArtifactResponse] | bytes, **PARTLY},
    sync_to_thread=True,
)
def look_up_artifacts(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> Response[Any] | Stream:
    """Find bundles and files by debug id, by URL, by release and dist; or download one that was found."""
    wanted = context.parameter("download")
    if wanted is not None:
        return _download(context, organization, project, wanted)
    with context.database.snapshot() as connection:
        access, it = authorize_project(context, connection, organization, project)
        debug_id = context.parameter("debug_id") or ""
        asked = _Asked(
            organization_id=access.organization.id,
            project=it,
            debug_id=debug_ids.normalize(debug_id),
            url=context.parameter("url") or None,
            version=context.parameter("release") or None,
            dist=context.parameter("dist") or None,
        )
        found = _bundles(connection, asked)
        files = [] if found else _files(connection, asked)
    _renew(context, [bundle for bundle, _ in found.values()])
    here = f"{context.settings.address}{request_url(context.request)[0]}"
    shown = [_bundle_response(bundle, how, here) for bundle, how in found.values()]
    shown += [_file_response(each, here) for each in files]
    return Response(sorted(shown, key=lambda it: (it.type, int(it.id.rpartition("/")[2]))))


def _bundles(connection: Connection, asked: _Asked) -> dict[int, tuple[ArtifactBundle, str]]:
    """The bundles by their id, each with how it was found; what was found first counts."""
    found: dict[int, tuple[ArtifactBundle, str]] = {}
    if asked.debug_id is not None:
        newest = lookups.newest_of_debug_id(connection, asked.project.id, asked.debug_id)
        if newest is not None:
            return {newest.id: (newest, "debug-id")}
    if asked.version is None:
        return found
    wanted = BundleFilter(
        project_id=asked.project.id,
        organization_id=asked.organization_id,
        version=asked.version,
        dist=asked.dist or "",
    )
    newest_few = lookups.newest_of_release(connection, wanted, most=BUNDLES_MAX)
    if asked.url is not None and len(newest_few) > 1:
        # All files of bundles are known here, so those that don't hold it need not be looked at.
        holding = lookups.newest_of_release(connection, wanted, url=asked.url, most=BUNDLES_MAX)
        return {it.id: (it, "index") for it in holding}
    return {it.id: (it, "release") for it in newest_few}


def _files(connection: Connection, asked: _Asked) -> list[ReleaseFile]:
    """Single files of the release whose name holds the URL."""
    if asked.version is None or asked.url is None:
        return []
    try:
        release = releases.find(
            connection, asked.organization_id, asked.version, [asked.project.id]
        )
    except NotFound:
        return []
    wanted = release_listing.ReleaseFileFilter(release_id=release.id, texts=[asked.url])
    listed = release_listing.page_of(connection, wanted, limit=FILES_MAX, offset=0)
    ids = [it.id for it in listed if it.id is not None and it.dist == asked.dist]
    return release_files.by_ids(connection, ids)


def _renew(context: RequestContext, found: list[ArtifactBundle]) -> None:
    """Keep what is looked up from being deleted for lack of use (files-and-avatars.md 6.4)."""
    at = now()
    older = at - RENEWAL_LENGTH
    if stale := [it.id for it in found if it.used_at < older]:
        with context.database.transaction() as connection:
            bundle_store.touch(connection, stale, at, older_than=older)


def _download(
    context: RequestContext, organization: str, project: str, wanted: str
) -> Response[Any] | Stream:
    kind, _, number = wanted.partition("/")
    file_id = id_of(number)
    with context.database.snapshot() as connection:
        access, it = authorize_project(context, connection, organization, project)
        if not may_download(connection, access):
            return Response(b"", status_code=403, media_type=_OCTETS)
        file = None if file_id is None else _file_of(connection, it, kind, file_id)
        if file is None:
            raise NotFound
        pieces = file_store.pieces_of(connection, file.id)
    content = Content(
        name=file.name,
        size=file.size,
        tag=file.sha1,
        media_type=_OCTETS,
        read=lambda start, end: piece_reader.read_range(context.blobs, pieces, start, end),
    )
    return download(context.request, content)


def _file_of(connection: Connection, project: Project, kind: str, number: int) -> File | None:
    """The file behind an id that a look-up showed, if it is the project's."""
    if kind == _BUNDLE:
        bundle = bundle_store.by_ids(connection, [number]).get(number)
        if bundle is not None and bundle_store.is_linked(connection, bundle.id, project.id):
            return file_store.by_ids(connection, [bundle.file_id])[bundle.file_id]
    if kind == _FILE:
        for it in release_files.by_ids(connection, [number]):
            if releases.is_attached(connection, it.release_id, project.id):
                return it.file
    return None


def _bundle_response(it: ArtifactBundle, how: str, here: str) -> FoundArtifactResponse:
    id_ = f"{_BUNDLE}/{it.id}"
    return FoundArtifactResponse(
        id=id_, type="bundle", url=f"{here}?download={id_}", resolved_with=how
    )


def _file_response(it: ReleaseFile, here: str) -> FoundArtifactResponse:
    id_ = f"{_FILE}/{it.id}"
    return FoundArtifactResponse(
        id=id_,
        type="file",
        url=f"{here}?download={id_}",
        resolved_with="release-old",
        abs_path=it.name,
        headers=it.file.headers,
    )


router = Router("/api/0", route_handlers=[look_up_artifacts])
