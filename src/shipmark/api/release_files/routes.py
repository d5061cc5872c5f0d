"""``releases/{version}/files/`` of organizations and projects (files-and-avatars.md 8)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, BinaryIO, cast

from litestar import Response
from litestar.response import Stream
from pydantic import Field
from sqlalchemy import Connection

from shipmark.api.artifact_bundles.queries import limited_page
from shipmark.api.queries import TEXTS_MAX, PageQuery, ProjectQuery, searched_text
from shipmark.api.release_files import uploads
from shipmark.api.release_files.uploads import MISSING, FileReceiver
from shipmark.api.responses import Wire
from shipmark.artifacts import actions, arrivals, bundles
from shipmark.artifacts.model import ListedFile, ReleaseFile
from shipmark.artifacts.store import release_files as store
from shipmark.artifacts.store import release_listing
from shipmark.files import actions as files
from shipmark.files import piece_reader
from shipmark.files.model import FILE_MAX, MEBIBYTE, File, FileChunk
from shipmark.files.store import files as file_store
from shipmark.http import endpoint, multipart
from shipmark.http.downloads import OCTETS, PARTLY, Content, download, stored_content
from shipmark.http.endpoint import Load
from shipmark.http.multipart import threaded
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext, require_row
from shipmark.http.scopes import RELEASE_DELETE, RELEASE_READ, RELEASE_WRITE
from shipmark.http.validation import RequestModel, Text, optional, repeatable
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, Conflict
from shipmark.infrastructure.ids import id_of
from shipmark.organizations import options
from shipmark.organizations import store as organizations
from shipmark.organizations.model import Access
from shipmark.projects import actions as project_actions
from shipmark.projects import store as projects
from shipmark.releases import actions as releases
from shipmark.releases.model import Release


class ReleaseFileResponse(Wire):
    """A file of a release. ``id`` is a number, or for a file in a bundle its dist and name in base64."""

    id: str
    name: str
    dist: str | None
    headers: Mapping[str, str]
    size: int
    sha1: str
    date_created: datetime


def release_file_response(file: ReleaseFile | ListedFile) -> ReleaseFileResponse:
    """Return a single file, or one in a bundle, as the API shows it."""
    content = file.file if isinstance(file, ReleaseFile) else file
    return ReleaseFileResponse(
        id=_name_id(file) if file.id is None else str(file.id),
        name=file.name,
        dist=file.dist,
        headers=content.headers,
        size=content.size,
        sha1=content.sha1,
        date_created=content.created_at,
    )


def named_in(file_id: str) -> tuple[str | None, str] | None:
    """Dist and name of a file in a bundle, of the id that it is shown by; null for what is none."""
    try:
        text = urlsafe_b64decode(file_id.encode("ascii", "replace")).decode()
    except (NotBase64, ValueError):
        return None
    dist, mark, name = text.partition("_")
    return (dist or None, name) if mark and "\0" not in text else None


def _name_id(file: ReleaseFile | ListedFile) -> str:
    return urlsafe_b64encode(f"{file.dist or ''}_{file.name}".encode()).decode()


def _path_release(
    context: RequestContext,
    connection: Connection,
    project: str | None,
    version: str,
    query: ProjectQuery,
) -> Release:
    access = context.access
    if project is None:
        selected = query.select(projects.accessible(connection, access))
    else:
        selected = [project_actions.require_project(connection, access, project)]
    ids = [row.id for row in selected]
    return releases.find(connection, access.organization.id, version, ids)


#: The release of the path, if the caller can see it.
PathRelease = Annotated[Release, Load(_path_release)]


NAME_MAX = 200

TAKEN = "A file matching this name already exists for the given release"

_FORM = {
    "file": "The content.",
    "name": "Name by which browsers know the file, such as `~/static/app.js`; by default the file's own.",
    "dist": "Which of several builds of the release the file belongs to.",
    "header": "A header, such as `Sourcemap: app.js.map`. May be repeated.",
}

_LIST = [
    "/organizations/{organization:str}/releases/{version:str}/files/",
    "/projects/{organization:str}/{project:str}/releases/{version:str}/files/",
]
_ONE = [f"{path}{{file_id:str}}/" for path in _LIST]
#: sentry-cli asks for as many as 16 KB of an address hold, about 300.
_CHECKSUMS_MAX = 500


class FileListQuery(PageQuery, ProjectQuery):
    """A page of the files of a release."""

    query: list[str] = repeatable(
        f"Only files with one of these texts in their name, up to {TEXTS_MAX}.",
        most=TEXTS_MAX,
        example="app.js",
    )
    checksum: list[str] = repeatable(
        f"Only files with one of these SHA-1s, up to {_CHECKSUMS_MAX}.",
        most=_CHECKSUMS_MAX,
        example="da39a3ee5e6b4b0d3255bfef95601890afd80709",
    )


class FileQuery(ProjectQuery):
    """What a file is shown as."""

    download: str | None = optional(
        "With any value, the response is the content itself.", example="1"
    )


class FileNameRequest(RequestModel):
    """The new name of a file."""

    name: Annotated[str, Text(max_length=NAME_MAX)] = Field(description="New name.")


@endpoint.get(_LIST, scopes=RELEASE_READ)
def list_files(
    context: RequestContext, release: PathRelease, query: FileListQuery
) -> Response[list[ReleaseFileResponse]]:
    """List the files of a release, by name."""
    page = limited_page(query)
    conditions = release_listing.ReleaseFileFilter(
        release_id=release.id,
        texts=[searched_text(text) for text in query.query],
        sha1s=query.checksum,
    )
    with context.database.snapshot() as connection:
        rows = release_listing.page_of(connection, conditions, **page.window)
    return context.listed(*paginate([release_file_response(file) for file in rows], page))


@endpoint.post(_LIST, scopes=RELEASE_WRITE, files=_FORM, request_max_body_size=FILE_MAX + MEBIBYTE)
async def upload_file(context: RequestContext, release: PathRelease) -> ReleaseFileResponse:
    """Upload a file for a release."""
    if not context.request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise BadRequest(MISSING)
    receiver = FileReceiver(context.database, context.blobs, now())
    fields = await multipart.receive(context.request, receiver)
    return await threaded(_added, context, release, receiver, fields)


@endpoint.get(_ONE, scopes=RELEASE_READ, responses={200: ReleaseFileResponse | bytes, **PARTLY})
def get_file(
    context: RequestContext, release: PathRelease, file_id: str, query: FileQuery
) -> Response[Any] | Stream:
    """Show a file of a release; with ``download``, the file itself."""
    with context.database.snapshot() as connection:
        file = _file(connection, release, file_id)
        if query.download is None:
            return Response(release_file_response(file))
        if not _may_download_by_path(context, connection):
            return Response(b"", status_code=403, media_type=OCTETS)
        content_id, path = _location(connection, release, file)
        pieces = file_store.pieces_of(connection, content_id)
    if isinstance(file, ReleaseFile):
        return download(context.request, _single(context, file, pieces))
    headers = {"Content-Disposition": "attachment"}
    return Response(_member(context, pieces, path), media_type=OCTETS, headers=headers)


@endpoint.put(_ONE, scopes=RELEASE_WRITE, step="file.validate")
def rename_file(
    context: RequestContext, release: PathRelease, file_id: str, body: FileNameRequest
) -> ReleaseFileResponse:
    """Give a file of a release another name."""
    number = id_of(file_id)
    if number is None:
        raise BadRequest("Can only update release files with integer IDs")
    with context.database.transaction() as connection:
        known = require_row(store.by_id(connection, release.id, number))
        if not store.rename(connection, known, body.name):
            raise Conflict(TAKEN)
        renamed = store.by_id(connection, release.id, known.id)
    assert renamed is not None, "renamed in this transaction"
    return release_file_response(renamed)


@endpoint.delete(_ONE, scopes=RELEASE_DELETE)
def delete_file(context: RequestContext, release: PathRelease, file_id: str) -> None:
    """Delete a file of a release."""
    with context.database.transaction() as connection:
        file = _file(connection, release, file_id)
        if isinstance(file, ReleaseFile):
            actions.remove_release_files(connection, release.organization_id, [file], now())
        else:
            release_listing.remove_bundled(connection, release.id, file.dist, file.name)


def may_download(connection: Connection, access: Access) -> bool:
    """Return True if the caller has the role from which on the organization allows downloads (8.4).

    Tokens of organizations have no role.
    """
    if access.role is None:
        return False
    stored = organizations.options_of(connection, access.organization.id)
    return access.role.rank >= options.role_for_debug_files(stored).rank


def download_file(
    context: RequestContext, find: Callable[[Connection], File]
) -> Response[Any] | Stream:
    """Return the content of a file, if the caller may download it, else 403."""
    with context.database.snapshot() as connection:
        if not may_download(connection, context.access):
            return Response(b"", status_code=403, media_type=OCTETS)
        file = find(connection)
        pieces = file_store.pieces_of(connection, file.id)
    return download(context.request, stored_content(context.blobs, file, pieces, name=file.name))


def _may_download_by_path(context: RequestContext, connection: Connection) -> bool:
    if context.path_parameter("project") is None:
        return "project:write" in context.access.scopes
    return may_download(connection, context.access)


def _added(
    context: RequestContext, release: Release, receiver: FileReceiver, fields: list[tuple[str, str]]
) -> ReleaseFileResponse:
    new = uploads.checked(receiver.part, fields)
    assert receiver.stash is not None, "a part has a stash"
    content = receiver.stash.finish()
    with context.database.transaction() as connection:
        file = files.create(connection, new.file, content, now())
        added = store.add(connection, release.id, new.name, new.dist, file)
        if added is None:
            raise Conflict(TAKEN)
        arrivals.announce_release_files(connection, context.organization_id, release.id, now())
    return release_file_response(added)


def _location(
    connection: Connection, release: Release, file: ReleaseFile | ListedFile
) -> tuple[int, str]:
    """Return the id of the stored file with this content, and its path there: blank for a single file."""
    if isinstance(file, ReleaseFile):
        return file.file.id, ""
    return require_row(release_listing.place_of(connection, release.id, file.dist, file.name))


def _single(context: RequestContext, file: ReleaseFile, pieces: list[FileChunk]) -> Content:
    # The protocol looks for this one spelling, so that uploaded pages are not shown as pages (8.4).
    media_type = file.file.headers.get("content-type", OCTETS)
    return stored_content(context.blobs, file.file, pieces, name=file.name, media_type=media_type)


def _member(context: RequestContext, pieces: list[FileChunk], path: str) -> bytes:
    with piece_reader.open_file(context.blobs, pieces) as stream:
        bundle = bundles.open_bundle(cast("BinaryIO", stream))
        entry = next((entry for entry in bundle.entries if entry.path == path), None)
        return bundle.read(require_row(entry))


def _file(connection: Connection, release: Release, file_id: str) -> ReleaseFile | ListedFile:
    if (number := id_of(file_id)) is not None:
        return require_row(store.by_id(connection, release.id, number))
    dist, name = require_row(named_in(file_id))
    return require_row(release_listing.bundled_by_name(connection, release.id, dist, name))
