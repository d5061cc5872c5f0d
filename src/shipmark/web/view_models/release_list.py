"""What does the list of releases show?"""

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

#: What the filter offers; the first is what a visitor sees who chooses nothing.
STATUSES: dict[str, ReleaseStatus | None] = {
    "open": ReleaseStatus.OPEN,
    "archived": ReleaseStatus.ARCHIVED,
    "any": None,
}
_DEFAULT_STATUS = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which releases a visitor asks for. A project or status that does not exist counts as none.

    ``cursor`` is the place in the list where the page begins, as the API writes it; empty for the first page.
    """

    query: str
    status: str
    project: str
    cursor: str

    @property
    def is_filtered(self) -> bool:
        """Does it leave releases out, other than by archiving?"""
        return bool(self.query or self.project or self.status != _DEFAULT_STATUS)

    def address(self, organization: str, cursor: str) -> str:
        """The address of another page of the same list."""
        status = "" if self.status == _DEFAULT_STATUS else self.status
        return urls.releases(
            organization, query=self.query, project=self.project, status=status, cursor=cursor
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A release in the list; ``projects`` are those that the visitor may see."""

    release: Release
    projects: tuple[Project, ...]
    new_issue_count: int
    regressed_issue_count: int
    authors: tuple[Person, ...]
    deploy: Deploy | None

    @property
    def package(self) -> str:
        """The package of the version, unless it is the name of a project that is shown anyway."""
        name = package(self.release.version)
        return "" if any(name == project.slug for project in self.projects) else name


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseList:
    """A page of the list; ``newer`` and ``older`` are the addresses of the pages around it, or empty."""

    search: Search
    rows: tuple[Row, ...]
    newer: str = ""
    older: str = ""
    problem: str = ""


def search_of(web_request: WebRequest, place: Workspace) -> Search:
    """What the parameters of the address ask for."""
    status = web_request.parameter("status")
    project = web_request.parameter("project")
    return Search(
        query=web_request.parameter("query")[:200],
        status=status if status in STATUSES else _DEFAULT_STATUS,
        project=project if any(item.slug == project for item in place.projects) else "",
        cursor=web_request.parameter("cursor"),
    )


def release_list(
    connection: Connection, place: Workspace, search: Search, at: datetime
) -> ReleaseList:
    """A page of the releases that the visitor may see and asks for, those that shipped last first.

    ``problem`` says what can't be read of the search, in which case nothing is found.
    """
    chosen = [project.id for project in place.projects if search.project in {"", project.slug}]
    try:
        terms = parse(search.query, at)
    except BadRequest as refusal:
        return ReleaseList(search=search, rows=(), problem=refusal.detail)
    release_filter = ReleaseFilter(
        organization_id=place.organization.id,
        project_ids=tuple(chosen),
        status=STATUSES[search.status],
        search=terms,
    )
    page, beyond = _page(search.cursor)
    is_back = page.cursor is not None and page.cursor.is_previous
    listed = list_query.page(
        connection, release_filter, SORT, limit=page.limit, after=beyond, is_backwards=is_back
    )
    shown, links = release_cursor.links(listed, page, SORT)
    slug = place.organization.slug
    return ReleaseList(
        search=search,
        rows=_rows(connection, place, [row.release for row in shown]),
        newer=search.address(slug, str(links.previous)) if links.has_previous else "",
        older=search.address(slug, str(links.next)) if links.has_next else "",
    )


def _page(cursor: str) -> tuple[offset.PageRequest, Position | None]:
    """Return the page that a cursor names, and the place that it begins behind: the first one if it names none."""
    size = str(RELEASES_PER_PAGE)
    try:
        page = offset.parse_page(size, cursor, is_counted=False)
        return page, release_cursor.position_of(page, SORT, per_project=False)
    except BadRequest:
        return offset.parse_page(size, None), None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visible:
    """Those of a release's projects that the visitor may see, and how many issues it brought there, or brought back."""

    projects: tuple[Project, ...]
    new_issue_count: int
    regressed_issue_count: int


def visible(released: Collection[ReleasedProject], place: Workspace) -> Visible:
    """Return what the visitor may see of a release's projects."""
    known = place.projects_by_id
    seen = [attached for attached in released if attached.project_id in known]
    return Visible(
        projects=tuple(known[attached.project_id] for attached in seen),
        new_issue_count=sum(attached.new_issue_count for attached in seen),
        regressed_issue_count=sum(attached.regressed_issue_count for attached in seen),
    )


def _rows(connection: Connection, place: Workspace, found: Sequence[Release]) -> tuple[Row, ...]:
    attached = release_projects.of_releases(connection, [release.id for release in found])
    last = deploys.by_ids(
        connection, {item.last_deploy_id for item in found if item.last_deploy_id}
    )
    author_ids = {author_id for release in found for author_id in release.author_ids}
    authors = people(connection, place.organization.id, author_ids)
    rows = []
    for release in found:
        shown = visible(attached.get(release.id, ()), place)
        rows.append(
            Row(
                release=release,
                projects=shown.projects,
                new_issue_count=shown.new_issue_count,
                regressed_issue_count=shown.regressed_issue_count,
                authors=tuple(
                    authors[author_id] for author_id in release.author_ids if author_id in authors
                ),
                deploy=last.get(release.last_deploy_id or 0),
            )
        )
    return tuple(rows)
