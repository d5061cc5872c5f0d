"""The view model of the list of releases."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.deploys.model import EnvironmentOfRelease
from shipmark.deploys.store.live_deploys import environments_of_releases
from shipmark.http.pagination import offset, release_cursor
from shipmark.http.pagination.offset import Links
from shipmark.infrastructure.errors import BadRequest
from shipmark.issues.store import release_issues
from shipmark.projects.model import Project
from shipmark.release_health.store import ranked_list
from shipmark.releases.model import (
    ListRow,
    Position,
    Release,
    ReleasedProject,
    ReleaseFilter,
    ReleaseSort,
)
from shipmark.releases.search import EVERYTHING
from shipmark.releases.store import list_query
from shipmark.releases.store import projects as release_projects
from shipmark.web.live_updates import marks_of
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.health_changes import HealthChange, health_changes
from shipmark.web.view_models.health_lines import NO_HEALTH, HealthLine, health_lines
from shipmark.web.view_models.live_now import NOTHING_LIVE, LiveNow, live_now
from shipmark.web.view_models.no_match import WithoutCondition, without_each
from shipmark.web.view_models.people import Person, people
from shipmark.web.view_models.release_search import Search, filter_of, terms_of

RELEASES_PER_PAGE = 25
#: The most characters of two environments that stand beside each other in a row.
_TWO_NAMES_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Visible:
    """The visible projects of a release, with its numbers of new and regressed issues there.

    ``is_whole`` if there are no others.
    """

    projects: tuple[Project, ...]
    is_whole: bool
    new_issue_count: int
    regressed_issue_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentName:
    """An environment that a release was deployed to; live if it is what runs there, in any of its projects."""

    name: str
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A release in the list. One that is also in hidden projects can't be changed (releases.md 0.5)."""

    release: Release
    visible: Visible
    is_editable: bool
    authors: tuple[Person, ...]
    environments: tuple[EnvironmentName, ...]
    resolved_issue_count: int
    health: HealthLine
    change: HealthChange | None

    @property
    def shown_environments(self) -> tuple[EnvironmentName, ...]:
        """Return the first two environments, or the first one beside which another has no place."""
        first_two = self.environments[:2]
        is_short = sum(len(each.name) for each in first_two) <= _TWO_NAMES_MAX
        return first_two if is_short else first_two[:1]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseList:
    """A page of the list; ``newer`` and ``older`` are the URLs of adjacent pages, or empty.

    ``problem`` is the error in the query; then the rows are those without it. ``mark`` is the state that it
    shows, after which the page follows changes. ``without`` is what a search without results offers.
    """

    search: Search
    rows: tuple[Row, ...]
    #: Whether any of the projects of the rows has had sessions.
    has_health: bool
    live: LiveNow
    mark: str
    without: tuple[WithoutCondition, ...] = ()
    newer: str = ""
    older: str = ""
    problem: str = ""


def release_list(
    connection: Connection, workspace: Workspace, search: Search, at: datetime
) -> ReleaseList:
    """Return a page of the requested, visible releases."""
    problem, terms = "", EVERYTHING
    try:
        terms = terms_of(search, at)
    except BadRequest as refusal:
        problem = refusal.detail
    release_filter = filter_of(connection, workspace, search, terms, at)
    visible_rows, links = _listed(connection, release_filter, search)
    slug, organization_id = workspace.organization.slug, workspace.organization.id
    live = NOTHING_LIVE
    if not search.query and not search.cursor:
        live = live_now(
            connection,
            workspace,
            search.project,
            shows_all=search.shows_all_live,
            used_project_ids=search.used_project_ids,
        )
    is_empty = not visible_rows and search.is_filtered and not search.cursor and not problem
    releases = [row.release for row in visible_rows]
    rows, has_health = _rows(connection, workspace, releases, search.used_project_ids, at)
    return ReleaseList(
        search=search,
        rows=rows,
        has_health=has_health,
        live=live,
        mark=marks_of(connection, [organization_id])[organization_id],
        without=without_each(connection, workspace, search, at) if is_empty else (),
        newer=search.address(slug, cursor=str(links.previous)) if links.has_previous else "",
        older=search.address(slug, cursor=str(links.next)) if links.has_next else "",
        problem=problem,
    )


def _listed(
    connection: Connection, release_filter: ReleaseFilter, search: Search
) -> tuple[Sequence[ListRow], Links]:
    """Return a page of the list and its links: by rank counted, else by positions."""
    if search.ranking is not None:
        try:
            request = offset.parse_page(str(RELEASES_PER_PAGE), search.cursor)
        except BadRequest:
            request = offset.parse_page(str(RELEASES_PER_PAGE), None)
        ranked = ranked_list.page(connection, release_filter, search.ranking, **request.window)
        return offset.paginate(ranked, request)
    page, beyond = _page(search.cursor, search.order)
    listed = list_query.page(
        connection,
        release_filter,
        search.order,
        limit=page.limit,
        after=beyond,
        is_backwards=page.cursor is not None and page.cursor.is_previous,
    )
    return release_cursor.links(listed, page, search.order)


def _page(cursor: str, sort: ReleaseSort) -> tuple[offset.PageRequest, Position | None]:
    """Return the page of a cursor, and the position that it begins after; the first page if it is invalid."""
    size = str(RELEASES_PER_PAGE)
    try:
        page = offset.parse_page(size, cursor, is_counted=False)
        return page, release_cursor.position_of(page, sort, per_project=False)
    except BadRequest:
        return offset.parse_page(size, None), None


def visible(released: Collection[ReleasedProject], workspace: Workspace) -> Visible:
    """Return the visible part of a release's projects."""
    by_id = workspace.projects_by_id
    attached_projects = [attached for attached in released if attached.project_id in by_id]
    return Visible(
        projects=tuple(by_id[attached.project_id] for attached in attached_projects),
        is_whole=len(attached_projects) == len(released),
        new_issue_count=sum(attached.new_issue_count for attached in attached_projects),
        regressed_issue_count=sum(attached.regressed_issue_count for attached in attached_projects),
    )


def _rows(
    connection: Connection,
    workspace: Workspace,
    releases: Sequence[Release],
    used_project_ids: Collection[int],
    at: datetime,
) -> tuple[tuple[Row, ...], bool]:
    """Return the rows, and whether there is any health to show."""
    release_ids = [release.id for release in releases]
    attached = release_projects.of_releases(connection, release_ids)
    deployed = environments_of_releases(connection, release_ids)
    resolved = release_issues.resolved_counts(connection, release_ids, workspace.project_ids)
    author_ids = {author_id for release in releases for author_id in release.author_ids}
    authors = people(connection, workspace.organization.id, author_ids)
    visible_ids = set(workspace.project_ids)
    project_ids = {
        release_id: [row.project_id for row in rows if row.project_id in visible_ids]
        for release_id, rows in attached.items()
    }
    health = health_lines(connection, project_ids, at, used_project_ids)
    changes = health_changes(connection, releases, project_ids, health) if health else {}
    rows = tuple(
        Row(
            release=release,
            visible=visible(attached.get(release.id, ()), workspace),
            is_editable={each.project_id for each in attached.get(release.id, ())} <= visible_ids,
            authors=tuple(authors[id_] for id_ in release.author_ids if id_ in authors),
            environments=_environments(deployed.get(release.id, ()), visible_ids),
            resolved_issue_count=resolved.get(release.id, 0),
            health=health.get(release.id, NO_HEALTH),
            change=changes.get(release.id),
        )
        for release in releases
    )
    return rows, bool(health)


def _environments(
    deployed: Collection[EnvironmentOfRelease], visible_ids: Collection[int]
) -> tuple[EnvironmentName, ...]:
    """Return the environments of the visible projects, the live ones first."""
    is_live: dict[str, bool] = {}
    for environment in deployed:
        if environment.project_id in visible_ids:
            name = environment.environment
            is_live[name] = is_live.get(name, False) or environment.is_live
    names = sorted(is_live, key=lambda name: (not is_live[name], name))
    return tuple(EnvironmentName(name=name, is_live=is_live[name]) for name in names)
