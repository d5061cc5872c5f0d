"""``releases/{version}/files/`` of organizations and projects (files-and-avatars.md 8)."""

from collections.abc import Callable
from typing import Any, BinaryIO, cast

from litestar import Response, Router, delete, get, post, put
from litestar.params import FromPath, RawBody
from litestar.response import Stream
from sqlalchemy import Connection

from shipmark.api.query_parameters import CHECKSUMS, DOWNLOAD, NAMES, PAGE, PROJECTS
from shipmark.api.release_files import uploads
from shipmark.api.release_files.responses import (
    ReleaseFileJson,
    listed_file_json,
    named_in,
    release_file_json,
)
from shipmark.api.release_files.uploads import MISSING, FileReceiver
from shipmark.api.releases.routes import seen_release
from shipmark.api.scopes import RELEASE_DELETE, RELEASE_READ, RELEASE_WRITE
from shipmark.artifacts import actions, bundles
from shipmark.artifacts.model import ListedFile, ReleaseFile
from shipmark.artifacts.store import release_files as store
from shipmark.artifacts.store import release_listing
from shipmark.files import actions as files
from shipmark.files import piece_reader
from shipmark.files.model import FILE_MAX, MEBIBYTE, FileChunk
from shipmark.files.store import files as file_store
from shipmark.http import multipart
from shipmark.http.downloads import PARTLY, Content, download
from shipmark.http.fields import Field, Object, Text
from shipmark.http.multipart import threaded
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import GivenVisit, Visit
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, Conflict, NotFound
from shipmark.infrastructure.ids import id_of
from shipmark.organizations import options
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Access
from shipmark.projects import actions as projects
from shipmark.releases import actions as releases
from shipmark.releases.model import Release

OFFSET_MAX = 20_000
NAME_MAX = 200

TAKEN = "A file matching this name already exists for the given release"

_NEW_NAME = Object({"name": Field(Text(max=NAME_MAX), is_required=True)})
_FORM = {
    "file": "The content.",
    "name": "What browsers know the file by, such as `~/static/app.js`; the file's own name without it.",
    "dist": "Which of several builds of the release it belongs to.",
    "header": "A header, such as `Sourcemap: app.js.map`. May come more than once.",
}
_OCTETS = "application/octet-stream"

#: Finds the release of the address, for those who may see it.
Find = Callable[[Visit, Connection], tuple[Access, Release]]

_ORGANIZATION = "/organizations/{organization:str}/releases/{version:str}/files/"
_PROJECT = "/projects/{organization:str}/{project:str}/releases/{version:str}/files/"
_ONE = "{file_id:str}/"


@get(
    _ORGANIZATION,
    scopes=RELEASE_READ,
    asks=(*NAMES, *CHECKSUMS, *PROJECTS, *PAGE),
    sync_to_thread=True,
)
def list_files(
    visit: GivenVisit, organization: FromPath[str], version: FromPath[str]
) -> Response[list[ReleaseFileJson]]:
    """List the files of a release, by name."""
    return _listed(visit, _of_organization(organization, version))


@get(_PROJECT, scopes=RELEASE_READ, asks=(*NAMES, *CHECKSUMS, *PAGE), sync_to_thread=True)
def list_project_files(
    visit: GivenVisit, organization: FromPath[str], project: FromPath[str], version: FromPath[str]
) -> Response[list[ReleaseFileJson]]:
    """List the files of a release of a project, by name."""
    return _listed(visit, _of_project(organization, project, version))


@post(
    _ORGANIZATION,
    scopes=RELEASE_WRITE,
    asks=PROJECTS,
    uploads=_FORM,
    request_max_body_size=FILE_MAX + MEBIBYTE,
)
async def upload_file(
    visit: GivenVisit, organization: FromPath[str], version: FromPath[str]
) -> ReleaseFileJson:
    """Upload a file for a release."""
    return await _uploaded(visit, _of_organization(organization, version))


@post(_PROJECT, scopes=RELEASE_WRITE, uploads=_FORM, request_max_body_size=FILE_MAX + MEBIBYTE)
async def upload_project_file(
    visit: GivenVisit, organization: FromPath[str], project: FromPath[str], version: FromPath[str]
) -> ReleaseFileJson:
    """Upload a file for a release of a project."""
    return await _uploaded(visit, _of_project(organization, project, version))


@get(
    _ORGANIZATION + _ONE,
    scopes=RELEASE_READ,
    asks=(DOWNLOAD, *PROJECTS),
    answers={200: ReleaseFileJson | bytes, **PARTLY},
    sync_to_thread=True,
)
def get_file(
    visit: GivenVisit, organization: FromPath[str], version: FromPath[str], file_id: FromPath[str]
) -> Response[Any] | Stream:
    """Show a file of a release; with ``download``, the file itself."""
    return _shown(
        visit,
        _of_organization(organization, version),
        file_id,
        lambda _, access: "project:write" in access.scopes,
    )


@get(
    _PROJECT + _ONE,
    scopes=RELEASE_READ,
    asks=(DOWNLOAD,),
    answers={200: ReleaseFileJson | bytes, **PARTLY},
    sync_to_thread=True,
)
def get_project_file(
    visit: GivenVisit,
    organization: FromPath[str],
    project: FromPath[str],
    version: FromPath[str],
    file_id: FromPath[str],
) -> Response[Any] | Stream:
    """Show a file of a release of a project; with ``download``, the file itself."""
    return _shown(visit, _of_project(organization, project, version), file_id, may_download)


@put(
    _ORGANIZATION + _ONE,
    scopes=RELEASE_WRITE,
    asks=PROJECTS,
    takes=_NEW_NAME,
    sync_to_thread=True,
)
def rename_file(
    visit: GivenVisit,
    organization: FromPath[str],
    version: FromPath[str],
    file_id: FromPath[str],
    body: RawBody,
) -> ReleaseFileJson:
    """Give a file of a release another name."""
    return _renamed(visit, _of_organization(organization, version), file_id, body)


@put(_PROJECT + _ONE, scopes=RELEASE_WRITE, takes=_NEW_NAME, sync_to_thread=True)
def rename_project_file(
    visit: GivenVisit,
    organization: FromPath[str],
    project: FromPath[str],
    version: FromPath[str],
    file_id: FromPath[str],
    body: RawBody,
) -> ReleaseFileJson:
    """Give a file of a release of a project another name."""
    return _renamed(visit, _of_project(organization, project, version), file_id, body)


@delete(_ORGANIZATION + _ONE, scopes=RELEASE_DELETE, asks=PROJECTS, sync_to_thread=True)
def delete_file(
    visit: GivenVisit, organization: FromPath[str], version: FromPath[str], file_id: FromPath[str]
) -> None:
    """Delete a file of a release."""
    _delete(visit, _of_organization(organization, version), file_id)


@delete(_PROJECT + _ONE, scopes=RELEASE_DELETE, sync_to_thread=True)
def delete_project_file(
    visit: GivenVisit,
    organization: FromPath[str],
    project: FromPath[str],
    version: FromPath[str],
    file_id: FromPath[str],
) -> None:
    """Delete a file of a release of a project."""
    _delete(visit, _of_project(organization, project, version), file_id)


def may_download(connection: Connection, access: Access) -> bool:
    """May they have the contents of a project's files? The organization says from which role on (8.4).

    Tokens of organizations have none.
    """
    if access.role is None:
        return False
    stored = organizations.options_of(connection, access.organization.id)
    return access.role.rank >= options.role_for_debug_files(stored).rank


def _of_organization(organization: str, version: str) -> Find:
    def found(visit: Visit, connection: Connection) -> tuple[Access, Release]:
        access = visit.enter(connection, organization)
        return access, seen_release(visit, connection, access, version)

    return found


def _of_project(organization: str, project: str, version: str) -> Find:
    def found(visit: Visit, connection: Connection) -> tuple[Access, Release]:
        access = visit.enter(connection, organization)
        it = projects.require_project(connection, access, project)
        return access, releases.find(connection, access.organization.id, version, [it.id])

    return found


def _listed(visit: Visit, find: Find) -> Response[list[ReleaseFileJson]]:
    with visit.database.snapshot() as connection:
        _, release = find(visit, connection)
        page = visit.page()
        if page.skipped > OFFSET_MAX:
            raise BadRequest("Pagination offset too large")
        wanted = release_listing.ReleaseFileFilter(
            release_id=release.id,
            texts=visit.parameters("query"),
            sha1s=visit.parameters("checksum"),
        )
        rows = release_listing.page_of(connection, wanted, limit=page.limit, offset=page.skipped)
    found, links = paginate(rows, page)
    return visit.listed([listed_file_json(it) for it in found], links)


async def _uploaded(visit: Visit, find: Find) -> ReleaseFileJson:
    release = await threaded(_release, visit, find)
    if not visit.request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise BadRequest(MISSING)
    receiver = FileReceiver(visit.database, visit.blobs, now())
    fields = await multipart.receive(visit.request, receiver)
    return await threaded(_added, visit, release, receiver, fields)


def _release(visit: Visit, find: Find) -> Release:
    with visit.database.autocommit_read() as connection:
        return find(visit, connection)[1]


def _added(
    visit: Visit, release: Release, receiver: FileReceiver, fields: list[tuple[str, str]]
) -> ReleaseFileJson:
    new = uploads.checked(receiver.part, fields)
    assert receiver.stash is not None, "a part has a stash"
    content = receiver.stash.finish()
    with visit.database.transaction() as connection:
        file = files.create(connection, new.file, content, now())
        made = store.add(connection, release.id, new.name, new.dist, file)
        if made is None:
            raise Conflict(TAKEN)
    return release_file_json(made)


def _shown(
    visit: Visit, find: Find, file_id: str, may: Callable[[Connection, Access], bool]
) -> Response[Any] | Stream:
    with visit.database.snapshot() as connection:
        access, release = find(visit, connection)
        found = _file(connection, release, file_id)
        if visit.parameter("download") is None:
            return Response(_json(found))
        if not may(connection, access):
            return Response(b"", status_code=403, media_type=_OCTETS)
        content_id, path = _place(connection, release, found)
        pieces = file_store.pieces_of(connection, content_id)
    if isinstance(found, ReleaseFile):
        return download(visit.request, _single(visit, found, pieces))
    return Response(
        _member(visit, pieces, path),
        media_type=_OCTETS,
        headers={"Content-Disposition": "attachment"},
    )


def _place(
    connection: Connection, release: Release, found: ReleaseFile | ListedFile
) -> tuple[int, str]:
    """Return the id of the file that holds what was found, and its path there: blank for a file of its own."""
    if isinstance(found, ReleaseFile):
        return found.file.id, ""
    place = release_listing.place_of(connection, release.id, found.dist, found.name)
    if place is None:
        raise NotFound
    return place


def _json(found: ReleaseFile | ListedFile) -> ReleaseFileJson:
    if isinstance(found, ReleaseFile):
        return release_file_json(found)
    return listed_file_json(found)


def _single(visit: Visit, found: ReleaseFile, pieces: list[FileChunk]) -> Content:
    return Content(
        name=found.name,
        size=found.file.size,
        tag=found.file.sha1,
        # The protocol looks for this one spelling, so that uploaded pages are not shown as pages (8.4).
        media_type=found.file.headers.get("content-type", _OCTETS),
        read=lambda start, end: piece_reader.read_range(visit.blobs, pieces, start, end),
    )


def _member(visit: Visit, pieces: list[FileChunk], path: str) -> bytes:
    with piece_reader.open_file(visit.blobs, pieces) as stream:
        bundle = bundles.open_bundle(cast("BinaryIO", stream))
        entry = next((it for it in bundle.entries if it.path == path), None)
        if entry is None:
            raise NotFound
        return bundle.read(entry)


def _renamed(visit: Visit, find: Find, file_id: str, body: bytes) -> ReleaseFileJson:
    with visit.database.autocommit_read() as connection:
        _, release = find(visit, connection)
    name: str = visit.body(body, _NEW_NAME, step="file.validate")["name"]
    with visit.database.transaction() as connection:
        number = id_of(file_id)
        if number is None:
            raise BadRequest("Can only update release files with integer IDs")
        known = store.by_id(connection, release.id, number)
        if known is None:
            raise NotFound
        if not store.rename(connection, known, name):
            raise Conflict(TAKEN)
        renamed = store.by_id(connection, release.id, known.id)
    assert renamed is not None, "it was there just now"
    return release_file_json(renamed)


def _delete(visit: Visit, find: Find, file_id: str) -> None:
    with visit.database.transaction() as connection:
        access, release = find(visit, connection)
        found = _file(connection, release, file_id)
        if isinstance(found, ReleaseFile):
            actions.remove_release_files(connection, access.organization.id, [found], now())
        else:
            release_listing.remove_bundled(connection, release.id, found.dist, found.name)


def _file(connection: Connection, release: Release, file_id: str) -> ReleaseFile | ListedFile:
    if (number := id_of(file_id)) is not None:
        single = store.by_id(connection, release.id, number)
        if single is None:
            raise NotFound
        return single
    named = named_in(file_id)
    found = release_listing.bundled_by_name(connection, release.id, *named) if named else None
    if found is None:
        raise NotFound
    return found


router = Router(
    "/api/0",
    route_handlers=[
        list_files,
        list_project_files,
        upload_file,
        upload_project_file,
        get_file,
        get_project_file,
        rename_file,
        rename_project_file,
        delete_file,
        delete_project_file,
    ],
)
