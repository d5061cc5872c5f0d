"""``files/source-maps/`` of projects: releases as archives of files (files-and-avatars.md 7.1)."""

import re
from datetime import datetime

from litestar import Response, Router, delete, get
from litestar.params import FromPath

from shipmark.api.artifact_bundles.routes import OFFSET_MAX, authorize_project
from shipmark.api.query_parameters import PAGE, RELEASE_NAME, SOURCE_MAP_SORT, VERSION_QUERY
from shipmark.api.responses import Wire
from shipmark.api.responses.refusal import UPLOAD_REFUSED
from shipmark.api.scopes import RELEASE_DELETE, RELEASE_READ
from shipmark.artifacts import actions
from shipmark.artifacts.store import archives
from shipmark.artifacts.store.archives import Archive
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import InjectedRequest
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, BadUpload, NotFound
from shipmark.releases import actions as releases

_PATH = "/projects/{organization:str}/{project:str}/files/source-maps/"
_SORTS = ("date_added", "-date_added")
#: How pages of releases write a version and its build.
_WITH_BUILD = re.compile(r"^(\S+) \((\S+)\)$")


class ArchiveResponse(Wire):
    """A release as an archive of files. ``fileCount`` is -1 where it has none."""

    type: str
    id: int
    name: str
    date: datetime
    file_count: int


@get(
    _PATH,
    scopes=RELEASE_READ,
    asks=(VERSION_QUERY, SOURCE_MAP_SORT, *PAGE),
    answers={200: list[ArchiveResponse], **UPLOAD_REFUSED},
    sync_to_thread=True,
)
def list_archives(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> Response[list[ArchiveResponse]]:
    """List the releases of a project as archives of files, the newest first."""
    with context.database.snapshot() as connection:
        _, it = authorize_project(context, connection, organization, project)
        sort = context.parameter("sortBy") or "-date_added"
        if sort not in _SORTS:
            raise BadUpload("You can either sort via 'date_added' or '-date_added'")
        text = (context.parameter("query") or "").strip()
        page = context.page()
        if page.skipped > OFFSET_MAX:
            raise BadRequest("Pagination offset too large")
        rows = archives.page_of(
            connection,
            it.id,
            _WITH_BUILD.sub(r"\1+\2", text),
            is_oldest_first=sort == "date_added",
            limit=page.limit,
            offset=page.skipped,
        )
    found, links = paginate(rows, page)
    return context.listed([_archive_response(each) for each in found], links)


@delete(_PATH, scopes=RELEASE_DELETE, asks=(RELEASE_NAME,), sync_to_thread=True)
def delete_archive(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> None:
    """Delete all files of a release."""
    with context.database.transaction() as connection:
        access, it = authorize_project(context, connection, organization, project)
        name = context.parameter("name")
        if not name:
            raise NotFound
        release = releases.find(connection, access.organization.id, name, [it.id])
        actions.remove_of_releases(connection, access.organization.id, [release.id], now())


def _archive_response(it: Archive) -> ArchiveResponse:
    return ArchiveResponse(
        type="release",
        id=it.release_id,
        name=it.version,
        date=it.created_at,
        file_count=-1 if it.file_count is None else it.file_count,
    )


router = Router("/api/0", route_handlers=[list_archives, delete_archive])
