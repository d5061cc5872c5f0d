"""``files/source-maps/`` of projects: releases as archives of files (files-and-avatars.md 7.1)."""

from datetime import datetime

from litestar import Response

from shipmark.api.artifact_bundles.queries import (
    ArchiveDeletionQuery,
    ArchiveListQuery,
    limited_page,
)
from shipmark.api.projects.path_project import PathProject
from shipmark.api.responses import Wire
from shipmark.api.responses.refusal import UPLOAD_REFUSED
from shipmark.artifacts import actions
from shipmark.artifacts.store import archives
from shipmark.artifacts.store.archives import Archive
from shipmark.http import endpoint
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import RELEASE_DELETE, RELEASE_READ
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound
from shipmark.releases import actions as releases

_PATH = "/projects/{organization:str}/{project:str}/files/source-maps/"


class ArchiveResponse(Wire, kw_only=True):
    """A release as an archive of files. ``fileCount`` is -1 where it has none."""

    type: str = "release"
    id: int
    name: str
    date: datetime
    file_count: int


@endpoint.get(_PATH, scopes=RELEASE_READ, responses=UPLOAD_REFUSED)
def list_archives(
    context: RequestContext, project: PathProject, query: ArchiveListQuery
) -> Response[list[ArchiveResponse]]:
    """List the releases of a project as archives of files, the newest first."""
    is_oldest_first, page = query.is_oldest_first(), limited_page(query)
    with context.database.snapshot() as connection:
        rows = archives.page_of(
            connection, project.id, query.text(), is_oldest_first=is_oldest_first, **page.window
        )
    return context.listed(*paginate([_archive_response(archive) for archive in rows], page))


@endpoint.delete(_PATH, scopes=RELEASE_DELETE)
def delete_archive(
    context: RequestContext, project: PathProject, query: ArchiveDeletionQuery
) -> None:
    """Delete all files of a release."""
    if not query.name:
        raise NotFound
    organization_id = context.organization_id
    with context.database.transaction() as connection:
        release = releases.find(connection, organization_id, query.name, [project.id])
        actions.remove_of_releases(connection, organization_id, [release.id], now())


def _archive_response(archive: Archive) -> ArchiveResponse:
    return ArchiveResponse(
        id=archive.release_id,
        name=archive.version,
        date=archive.created_at,
        file_count=-1 if archive.file_count is None else archive.file_count,
    )
