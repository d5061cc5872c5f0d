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
    ReleaseFileResponse,
    listed_file_response,
    named_in,
    release_file_response,
)
from shipmark.api.release_files.uploads import MISSING, FileReceiver
from shipmark.api.releases.path_release import get_visible_release
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
from shipmark.http.request_context import InjectedRequest, RequestContext
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
Find = Callable[[RequestContext, Connection], tuple[Access, Release]]

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
    context: InjectedRequest, organization: FromPath[str], version: FromPath[str]
) -> Response[list[ReleaseFileResponse]]:
    """List the files of a release, by name."""
    return _listed(context, _of_organization(organization, version))


@get(_PROJECT, scopes=RELEASE_READ, asks=(*NAMES, *CHECKSUMS, *PAGE), sync_to_thread=True)
def list_project_files(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    version: FromPath[str],
) -> Response[list[ReleaseFileResponse]]:
    """List the files of a release of a project, by name."""
    return _listed(context, _of_project(organization, project, version))


@post(
    _ORGANIZATION,
    scopes=RELEASE_WRITE,
    asks=PROJECTS,
    uploads=_FORM,
    request_max_body_size=FILE_MAX + MEBIBYTE,
)
async def upload_file(
    context: InjectedRequest, organization: FromPath[str], version: FromPath[str]
) -> ReleaseFileResponse:
    """Upload a file for a release."""
    return await _uploaded(context, _of_organization(organization, version))


@post(_PROJECT, scopes=RELEASE_WRITE, uploads=_FORM, request_max_body_size=FILE_MAX + MEBIBYTE)
async def upload_project_file(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    version: FromPath[str],
) -> ReleaseFileResponse:
    """Upload a file for a release of a project."""
    return await _uploaded(context, _of_project(organization, project, version))


@get(
    _ORGANIZATION + _ONE,
    scopes=RELEASE_READ,
    asks=(DOWNLOAD, *PROJECTS),
    answers={200: ReleaseFileResponse | bytes, **PARTLY},
    sync_to_thread=True,
)
def get_file(
    context: InjectedRequest,
    organization: FromPath[str],
    version: FromPath[str],
    file_id: FromPath[str],
) -> Response[Any] | Stream:
    """Show a file of a release; with ``download``, the file itself."""
    return _shown(
        context,
        _of_organization(organization, version),
        file_id,
        lambda _, access: "project:write" in access.scopes,
    )


@get(
    _PROJECT + _ONE,
    scopes=RELEASE_READ,
    asks=(DOWNLOAD,),
    answers={200: ReleaseFileResponse | bytes, **PARTLY},
    sync_to_thread=True,
)
def get_project_file(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    version: FromPath[str],
    file_id: FromPath[str],
) -> Response[Any] | Stream:
    """Show a file of a release of a project; with ``download``, the file itself."""
    return _shown(context, _of_project(organization, project, version), file_id, may_download)


@put(
    _ORGANIZATION + _ONE,
    scopes=RELEASE_WRITE,
    asks=PROJECTS,
    takes=_NEW_NAME,
    sync_to_thread=True,
)
def rename_file(
    context: InjectedRequest,
    organization: FromPath[str],
    version: FromPath[str],
    file_id: FromPath[str],
    body: RawBody,
) -> ReleaseFileResponse:
    """Give a file of a release another name."""
    return _renamed(context, _of_organization(organization, version), file_id, body)


@put(_PROJECT + _ONE, scopes=RELEASE_WRITE, takes=_NEW_NAME, sync_to_thread=True)
def rename_project_file(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    version: FromPath[str],
    file_id: FromPath[str],
    body: RawBody,
) -> ReleaseFileResponse:
    """Give a file of a release of a project another name."""
    return _renamed(context, _of_project(organization, project, version), file_id, body)


@delete(_ORGANIZATION + _ONE, scopes=RELEASE_DELETE, asks=PROJECTS, sync_to_thread=True)
def delete_file(
    context: InjectedRequest,
    organization: FromPath[str],
    version: FromPath[str],
    file_id: FromPath[str],
) -> None:
    """Delete a file of a release."""
    _delete(context, _of_organization(organization, version), file_id)


@delete(_PROJECT + _ONE, scopes=RELEASE_DELETE, sync_to_thread=True)
def delete_project_file(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    version: FromPath[str],
    file_id: FromPath[str],
) -> None:
    """Delete a file of a release of a project."""
    _delete(context, _of_project(organization, project, version), file_id)


def may_download(connection: Connection, access: Access) -> bool:
    """May they have the contents of a project's files? The organization says from which role on (8.4).

    Tokens of organizations have none.
    """
    if access.role is None:
        return False
    stored = organizations.options_of(connection, access.organization.id)
    return access.role.rank >= options.role_for_debug_files(stored).rank


def _of_organization(organization: str, version: str) -> Find:
    def found(context: RequestContext, connection: Connection) -> tuple[Access, Release]:
        access = context.authorize(connection, organization)
        return access, get_visible_release(context, connection, access, version)

    return found


def _of_project(organization: str, project: str, version: str) -> Find:
    def found(context: RequestContext, connection: Connection) -> tuple[Access, Release]:
        access = context.authorize(connection, organization)
        it = projects.require_project(connection, access, project)
        return access, releases.find(connection, access.organization.id, version, [it.id])

    return found


def _listed(context: RequestContext, find: Find) -> Response[list[ReleaseFileResponse]]:
    with context.database.snapshot() as connection:
        _, release = find(context, connection)
        page = context.page()
        if page.skipped > OFFSET_MAX:
            raise BadRequest("Pagination offset too large")
        wanted = release_listing.ReleaseFileFilter(
            release_id=release.id,
            texts=context.parameters("query"),
            sha1s=context.parameters("checksum"),
        )
        rows = release_listing.page_of(connection, wanted, limit=page.limit, offset=page.skipped)
    found, links = paginate(rows, page)
    return context.listed([listed_file_response(it) for it in found], links)


async def _uploaded(context: RequestContext, find: Find) -> ReleaseFileResponse:
    release = await threaded(_release, context, find)
    if not context.request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise BadRequest(MISSING)
    receiver = FileReceiver(context.database, context.blobs, now())
    fields = await multipart.receive(context.request, receiver)
    return await threaded(_added, context, release, receiver, fields)


def _release(context: RequestContext, find: Find) -> Release:
    with context.database.autocommit_read() as connection:
        return find(context, connection)[1]


def _added(
    context: RequestContext, release: Release, receiver: FileReceiver, fields: list[tuple[str, str]]
) -> ReleaseFileResponse:
    new = uploads.checked(receiver.part, fields)
    assert receiver.stash is not None, "a part has a stash"
    content = receiver.stash.finish()
    with context.database.transaction() as connection:
        file = files.create(connection, new.file, content, now())
        made = store.add(connection, release.id, new.name, new.dist, file)
        if made is None:
            raise Conflict(TAKEN)
    return release_file_response(made)


def _shown(
    context: RequestContext, find: Find, file_id: str, may: Callable[[Connection, Access], bool]
) -> Response[Any] | Stream:
    with context.database.snapshot() as connection:
        access, release = find(context, connection)
        found = _file(connection, release, file_id)
        if context.parameter("download") is None:
            return Response(_json(found))
        if not may(connection, access):
            return Response(b"", status_code=403, media_type=_OCTETS)
        content_id, path = _place(connection, release, found)
        pieces = file_store.pieces_of(connection, content_id)
    if isinstance(found, ReleaseFile):
        return download(context.request, _single(context, found, pieces))
    return Response(
        _member(context, pieces, path),
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


def _json(found: ReleaseFile | ListedFile) -> ReleaseFileResponse:
    if isinstance(found, ReleaseFile):
        return release_file_response(found)
    return listed_file_response(found)


def _single(context: RequestContext, found: ReleaseFile, pieces: list[FileChunk]) -> Content:
    return Content(
        name=found.name,
        size=found.file.size,
        tag=found.file.sha1,
        # The protocol looks for this one spelling, so that uploaded pages are not shown as pages (8.4).
        media_type=found.file.headers.get("content-type", _OCTETS),
        read=lambda start, end: piece_reader.read_range(context.blobs, pieces, start, end),
    )


def _member(context: RequestContext, pieces: list[FileChunk], path: str) -> bytes:
    with piece_reader.open_file(context.blobs, pieces) as stream:
        bundle = bundles.open_bundle(cast("BinaryIO", stream))
        entry = next((it for it in bundle.entries if it.path == path), None)
        if entry is None:
            raise NotFound
        return bundle.read(entry)


def _renamed(context: RequestContext, find: Find, file_id: str, body: bytes) -> ReleaseFileResponse:
    with context.database.autocommit_read() as connection:
        _, release = find(context, connection)
    name: str = context.body(body, _NEW_NAME, step="file.validate")["name"]
    with context.database.transaction() as connection:
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
    return release_file_response(renamed)


def _delete(context: RequestContext, find: Find, file_id: str) -> None:
    with context.database.transaction() as connection:
        access, release = find(context, connection)
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
