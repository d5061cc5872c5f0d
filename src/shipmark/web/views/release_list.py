"""What does the list of releases show?"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.deploys import store as deploys
from shipmark.deploys.model import Deploy
from shipmark.ground.errors import BadRequest
from shipmark.projects.model import Project
from shipmark.releases.model import (
    Release,
    ReleasedProject,
    ReleaseFilter,
    ReleaseSort,
    ReleaseStatus,
)
from shipmark.releases.search import parse
from shipmark.releases.store import listing
from shipmark.releases.store import projects as release_projects
from shipmark.web import addresses
from shipmark.web.given import Place, Visitor
from shipmark.web.views.people import Person, people
from shipmark.web.words import package

RELEASES_PER_PAGE = 25
PAGES_MAX = 1000

#: What the filter offers; the first is what a visitor sees who chooses nothing.
STATUSES: dict[str, ReleaseStatus | None] = {
    "open": ReleaseStatus.OPEN,
    "archived": ReleaseStatus.ARCHIVED,
    "any": None,
}
_DEFAULT_STATUS = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which releases a visitor asks for. A project or status that does not exist counts as none."""

    query: str
    status: str
    project: str
    page: int

    @property
    def is_filtered(self) -> bool:
        """Does it leave releases out, other than by archiving?"""
        return bool(self.query or self.project or self.status != _DEFAULT_STATUS)

    def address(self, organization: str, page: int) -> str:
        """The address of another page of the same list."""
        status = "" if self.status == _DEFAULT_STATUS else self.status
        number = page if page > 1 else 0
        return addresses.releases(
            organization, query=self.query, project=self.project, status=status, page=number
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A release in the list; ``projects`` are those that the visitor may see."""

    release: Release
    projects: tuple[Project, ...]
    new_issue_count: int
    authors: tuple[Person, ...]
    deploy: Deploy | None

    @property
    def package(self) -> str:
        """The package of the version, unless it is the name of a project that is shown anyway."""
        name = package(self.release.version)
        return "" if any(name == project.slug for project in self.projects) else name


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseList:
    """A page of the list."""

    search: Search
    rows: tuple[Row, ...]
    has_older: bool
    problem: str = ""


def search_of(visitor: Visitor, place: Place) -> Search:
    """What the parameters of the address ask for."""
    status = visitor.parameter("status")
    project = visitor.parameter("project")
    return Search(
        query=visitor.parameter("query")[:200],
        status=status if status in STATUSES else _DEFAULT_STATUS,
        project=project if any(it.slug == project for it in place.projects) else "",
        page=visitor.page_number("page", most=PAGES_MAX),
    )


def release_list(connection: Connection, place: Place, search: Search, at: datetime) -> ReleaseList:
    """A page of the releases that the visitor may see and asks for, the newest first.

    ``problem`` says what can't be read of the search, in which case nothing is found.
    """
    chosen = [it.id for it in place.projects if search.project in {"", it.slug}]
    try:
        terms = parse(search.query, at)
    except BadRequest as refusal:
        return ReleaseList(search=search, rows=(), has_older=False, problem=refusal.detail)
    wanted = ReleaseFilter(
        organization_id=place.organization.id,
        project_ids=tuple(chosen),
        status=STATUSES[search.status],
        search=terms,
    )
    skipped = (search.page - 1) * RELEASES_PER_PAGE
    rows = listing.page(
        connection, wanted, ReleaseSort.DATE, limit=RELEASES_PER_PAGE + 1, offset=skipped
    )
    found = [row.release for row in rows]
    return ReleaseList(
        search=search,
        rows=_rows(connection, place, found[:RELEASES_PER_PAGE]),
        has_older=len(found) > RELEASES_PER_PAGE and search.page < PAGES_MAX,
    )


def visible(released: Collection[ReleasedProject], place: Place) -> tuple[tuple[Project, ...], int]:
    """Those of a release's projects that the visitor may see, and how many new issues it brought there."""
    known = place.projects_by_id
    seen = [it for it in released if it.project_id in known]
    return tuple(known[it.project_id] for it in seen), sum(it.new_issue_count for it in seen)


def _rows(connection: Connection, place: Place, found: Sequence[Release]) -> tuple[Row, ...]:
    attached = release_projects.of_releases(connection, [release.id for release in found])
    last = deploys.by_ids(connection, {it.last_deploy_id for it in found if it.last_deploy_id})
    author_ids = {author_id for release in found for author_id in release.author_ids}
    authors = people(connection, place.organization.id, author_ids)
    rows = []
    for release in found:
        shown, new_issue_count = visible(attached.get(release.id, ()), place)
        rows.append(
            Row(
                release=release,
                projects=shown,
                new_issue_count=new_issue_count,
                authors=tuple(authors[it] for it in release.author_ids if it in authors),
                deploy=last.get(release.last_deploy_id or 0),
            )
        )
    return tuple(rows)
