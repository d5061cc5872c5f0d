"""The view model of the list of releases."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.deploys import store as deploys
from shipmark.deploys.model import Deploy
from shipmark.http.pagination import offset, release_cursor
from shipmark.infrastructure.errors import BadRequest
from shipmark.projects.model import Project
from shipmark.releases.model import (
    Position,
    Release,
    ReleasedProject,
    ReleaseFilter,
    ReleaseSort,
    ReleaseStatus,
)
from shipmark.releases.search import parse
from shipmark.releases.store import list_query
from shipmark.releases.store import projects as release_projects
from shipmark.web import urls
from shipmark.web.request_context import WebRequest, Workspace
from shipmark.web.template_filters import package
from shipmark.web.view_models.people import Person, people

RELEASES_PER_PAGE = 25
#: The date that the page shows: when a release was finalized, or else created.
SORT = ReleaseSort.EFFECTIVE_DATE

#: The choices of the filter; the first is the default.
STATUSES: dict[str, ReleaseStatus | None] = {
    "open": ReleaseStatus.OPEN,
    "archived": ReleaseStatus.ARCHIVED,
    "any": None,
}
_DEFAULT_STATUS = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The requested releases. A project or status that does not exist is ignored.

    ``cursor`` is the pagination cursor in the API's format; empty for the first page.
    """

    query: str
    status: str
    project: str
    cursor: str

    @property
    def is_filtered(self) -> bool:
        """Return True if the search leaves releases out, other than archived ones."""
        return bool(self.query or self.project or self.status != _DEFAULT_STATUS)

    def address(self, organization: str, cursor: str) -> str:
        """Return the URL of another page of the same list."""
        status = "" if self.status == _DEFAULT_STATUS else self.status
        return urls.releases(
            organization, query=self.query, project=self.project, status=status, cursor=cursor
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Visible:
    """The visible projects of a release, with its numbers of new and regressed issues there."""

    projects: tuple[Project, ...]
    new_issue_count: int
    regressed_issue_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A release in the list."""

    release: Release
    visible: Visible
    authors: tuple[Person, ...]
    deploy: Deploy | None

    @property
    def package(self) -> str:
        """Return the package of the version, unless a project with this name is shown."""
        name = package(self.release.version)
        return "" if any(name == project.slug for project in self.visible.projects) else name


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseList:
    """A page of the list; ``newer`` and ``older`` are the URLs of adjacent pages, or empty."""

    search: Search
    rows: tuple[Row, ...]
    newer: str = ""
    older: str = ""
    problem: str = ""


def search_of(web_request: WebRequest, workspace: Workspace) -> Search:
    """Return the search in the query parameters."""
    status = web_request.parameter("status")
    project = web_request.parameter("project")
    return Search(
        query=web_request.parameter("query")[:200],
        status=status if status in STATUSES else _DEFAULT_STATUS,
        project=project if project in {known.slug for known in workspace.projects} else "",
        cursor=web_request.parameter("cursor"),
    )


def release_list(
    connection: Connection, workspace: Workspace, search: Search, at: datetime
) -> ReleaseList:
    """Return a page of the requested, visible releases, the last shipped first.

    ``problem`` is the error in the search, in which case there are no rows.
    """
    project_ids = [
        project.id for project in workspace.projects if search.project in {"", project.slug}
    ]
    try:
        terms = parse(search.query, at)
    except BadRequest as refusal:
        return ReleaseList(search=search, rows=(), problem=refusal.detail)
    release_filter = ReleaseFilter(
        organization_id=workspace.organization.id,
        project_ids=tuple(project_ids),
        status=STATUSES[search.status],
        search=terms,
    )
    page, beyond = _page(search.cursor)
    is_back = page.cursor is not None and page.cursor.is_previous
    listed = list_query.page(
        connection, release_filter, SORT, limit=page.limit, after=beyond, is_backwards=is_back
    )
    visible_rows, links = release_cursor.links(listed, page, SORT)
    slug = workspace.organization.slug
    return ReleaseList(
        search=search,
        rows=_rows(connection, workspace, [row.release for row in visible_rows]),
        newer=search.address(slug, str(links.previous)) if links.has_previous else "",
        older=search.address(slug, str(links.next)) if links.has_next else "",
    )


def _page(cursor: str) -> tuple[offset.PageRequest, Position | None]:
    """Return the page of a cursor, and the position that it begins after; the first page if it is invalid."""
    size = str(RELEASES_PER_PAGE)
    try:
        page = offset.parse_page(size, cursor, is_counted=False)
        return page, release_cursor.position_of(page, SORT, per_project=False)
    except BadRequest:
        return offset.parse_page(size, None), None


def visible(released: Collection[ReleasedProject], workspace: Workspace) -> Visible:
    """Return the visible part of a release's projects."""
    by_id = workspace.projects_by_id
    attached_projects = [attached for attached in released if attached.project_id in by_id]
    return Visible(
        projects=tuple(by_id[attached.project_id] for attached in attached_projects),
        new_issue_count=sum(attached.new_issue_count for attached in attached_projects),
        regressed_issue_count=sum(attached.regressed_issue_count for attached in attached_projects),
    )


def _rows(
    connection: Connection, workspace: Workspace, releases: Sequence[Release]
) -> tuple[Row, ...]:
    attached = release_projects.of_releases(connection, [release.id for release in releases])
    deploy_ids = {release.last_deploy_id for release in releases if release.last_deploy_id}
    last = deploys.by_ids(connection, deploy_ids)
    author_ids = {author_id for release in releases for author_id in release.author_ids}
    authors = people(connection, workspace.organization.id, author_ids)
    rows = []
    for release in releases:
        row = Row(
            release=release,
            visible=visible(attached.get(release.id, ()), workspace),
            authors=tuple(authors[id_] for id_ in release.author_ids if id_ in authors),
            deploy=last.get(release.last_deploy_id or 0),
        )
        rows.append(row)
    return tuple(rows)
