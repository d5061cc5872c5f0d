"""The view model of the list of issues."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from shipmark.http.pagination import issue_cursor, offset
from shipmark.http.scopes import ISSUE_CHANGE
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest
from shipmark.issues.model import (
    Issue,
    IssueFilter,
    IssuePosition,
    IssueSort,
    IssueStatus,
    ReleaseTie,
    Substatus,
)
from shipmark.issues.people import Assignee
from shipmark.issues.search import IssueSearch, ReleaseTerm, parse
from shipmark.issues.store import issue_lists, occurrences, people
from shipmark.issues.store.search_filter import filter_of
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.releases.model import VERSION_MAX, Release, ReleaseFilter, ReleaseSort
from shipmark.releases.store import list_query, releases
from shipmark.releases.versions import LATEST
from shipmark.web import urls
from shipmark.web.request_context import WebRequest, Workspace
from shipmark.web.view_models.issue_lines import issue_line
from shipmark.web.view_models.issue_trend import DAY, PERIODS
from shipmark.web.view_models.people import AssignMenu, assign_menu
from shipmark.web.view_models.release_search import environments_of

ISSUES_PER_PAGE = 25
#: Numbers of issues are counted up to here.
COUNT_MAX = 100
_QUERY_MAX = 200
#: Newest releases to choose from; a search finds the issues of others.
_VERSIONS_MAX = 10
#: The orders to choose from, with their names.
SORTS: Mapping[str, str] = {
    IssueSort.LAST_SEEN.value: "Last seen",
    IssueSort.FIRST_SEEN.value: "First seen",
    IssueSort.EVENTS.value: "Events",
    IssueSort.USERS.value: "Users",
}
_STATUS_TERM = re.compile(r"(?:^|\s)is:\S*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueTab:
    """A list of issues: those of a status, and of a substatus or in the inbox."""

    key: str
    name: str
    status: IssueStatus
    substatus: Substatus | None = None
    is_for_review: bool = False
    is_counted: bool = False

    def narrowed(self, issue_filter: IssueFilter) -> IssueFilter:
        """Return the filter with the conditions of the tab."""
        return replace(
            issue_filter,
            status=self.status,
            substatus=self.substatus or issue_filter.substatus,
            is_for_review=self.is_for_review or issue_filter.is_for_review,
        )


#: Only unresolved issues are counted: their index ends at the limit, which those for review and the regressed lack,
#: and the numbers of archived and resolved issues ask for nothing to be done.
TABS = (
    IssueTab(
        key="review",
        name="For review",
        status=IssueStatus.UNRESOLVED,
        is_for_review=True,
    ),
    IssueTab(key="unresolved", name="Unresolved", status=IssueStatus.UNRESOLVED, is_counted=True),
    IssueTab(
        key="regressed",
        name="Regressed",
        status=IssueStatus.UNRESOLVED,
        substatus=Substatus.REGRESSED,
    ),
    IssueTab(key="archived", name="Archived", status=IssueStatus.IGNORED),
    IssueTab(key="resolved", name="Resolved", status=IssueStatus.RESOLVED),
)
#: The period of the trends of the list that the page of an issue was opened from, as that has a period of its own.
TRENDS = "trends"
_TABS_BY_KEY = {tab.key: tab for tab in TABS}
_DEFAULT_TAB = _TABS_BY_KEY["unresolved"]
_TABS_OF_STATUS = {
    IssueStatus.UNRESOLVED: _DEFAULT_TAB,
    IssueStatus.IGNORED: _TABS_BY_KEY["archived"],
    IssueStatus.RESOLVED: _TABS_BY_KEY["resolved"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueListSearch:
    """The requested list. What does not exist is ignored; ``cursor`` is in the API's format.

    ``period`` is that of the issues' trends, which lists the same issues. ``release`` is a version, or `LATEST`.
    """

    query: str
    tab: str
    project: str
    sort: IssueSort
    cursor: str
    period: str = DAY
    environment: str = ""
    release: str = ""

    @property
    def is_filtered(self) -> bool:
        """Return True if the search leaves out issues of the tab."""
        return bool(self.query or self.project or self.environment or self.release)

    @property
    def sorts(self) -> Mapping[str, str]:
        """Return the orders to choose from, with their names."""
        return SORTS

    def address(self, organization: str, cursor: str = "") -> str:
        """Return the URL of a page of the same list, by default the first."""
        tab = "" if self.tab == _DEFAULT_TAB.key else self.tab
        sort = "" if self.sort is IssueSort.LAST_SEEN else self.sort.value
        return urls.issues(
            organization,
            tab=tab,
            query=self.query,
            project=self.project,
            sort=sort,
            cursor=cursor,
            period="" if self.period == DAY else self.period,
            environment=self.environment,
            release=self.release,
        )

    @property
    def issue_parameters(self) -> Mapping[str, str]:
        """Return the parameters by which the page of an issue knows the list; the tab is always among them."""
        sort = "" if self.sort is IssueSort.LAST_SEEN else self.sort.value
        chosen = {"tab": self.tab, "query": self.query, "project": self.project}
        chosen |= {"environment": self.environment, "release": self.release}
        trends = "" if self.period == DAY else self.period
        return chosen | {"sort": sort, TRENDS: trends}

    def issue_address(self, organization: str, short_id: str) -> str:
        """Return the URL of an issue of the list."""
        return urls.issue(organization, short_id, **self.issue_parameters)

    def period_address(self, organization: str, period: str) -> str:
        """Return the URL of the same page with the trends of another period."""
        return replace(self, period=period).address(organization, self.cursor)

    def sorted_address(self, organization: str, sort: str) -> str:
        """Return the URL of the list in another order."""
        return replace(self, sort=IssueSort(sort)).address(organization)


@dataclass(frozen=True, slots=True, kw_only=True)
class TabLink:
    """A tab with its URL and its number of issues, "" if it is not counted."""

    tab: IssueTab
    address: str
    count: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRow:
    """An issue in the list, with the release in which it was last seen, and its assignee."""

    issue: Issue
    short_id: str
    last_release: Release | None
    assignee: Assignee | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueList:
    """A page of the list; ``newer`` and ``older`` are the URLs of adjacent pages, or empty.

    ``search_problem`` is the error in the search, in which case all issues of the tab are listed. ``assign_menu`` is
    None if there is no issue to assign.
    """

    search: IssueListSearch
    tab: IssueTab
    tabs: tuple[TabLink, ...]
    rows: tuple[IssueRow, ...]
    newer: str
    older: str
    search_problem: str
    environments: Sequence[str]
    versions: Sequence[str]
    may_change: bool
    assign_menu: AssignMenu | None
    has_events: bool
    has_releases: bool


def issue_search_of(
    web_request: WebRequest, workspace: Workspace, *, period_name: str = "period"
) -> IssueListSearch:
    """Return the search in the query parameters; ``period_name`` is that of the period of the trends."""
    tab, project = web_request.parameter("tab"), web_request.parameter("project")
    sort, period = web_request.parameter("sort"), web_request.parameter(period_name)
    return IssueListSearch(
        query=web_request.parameter("query")[:_QUERY_MAX],
        tab=tab if tab in _TABS_BY_KEY else _DEFAULT_TAB.key,
        project=project if project in {known.slug for known in workspace.projects} else "",
        sort=IssueSort(sort) if sort in SORTS else IssueSort.LAST_SEEN,
        cursor=web_request.parameter("cursor"),
        period=period if period in PERIODS else DAY,
        environment=web_request.parameter("environment")[:_QUERY_MAX],
        release=web_request.parameter("release")[:VERSION_MAX],
    )


def issue_list(connection: Connection, workspace: Workspace, search: IssueListSearch) -> IssueList:
    """Return a page of the requested, visible issues."""
    selected = _selected(workspace, search)
    project_ids = [project.id for project in selected]
    tab, conditions, problem = conditions_of(connection, workspace, search)
    page, position = _page(search)
    listed = issue_lists.page_of(connection, conditions, search.sort, position, limit=page.limit)
    issues, links = issue_cursor.links(listed, page)
    slug = workspace.organization.slug
    may_change = workspace.may(ISSUE_CHANGE)
    return IssueList(
        search=search,
        tab=tab,
        tabs=_tab_links(connection, workspace, search, project_ids),
        rows=_rows(connection, workspace, issues),
        newer=search.address(slug, str(links.previous)) if links.has_previous else "",
        older=search.address(slug, str(links.next)) if links.has_next else "",
        search_problem=problem,
        environments=environments_of(connection, workspace),
        versions=_versions(connection, workspace, project_ids, search.release),
        may_change=may_change,
        assign_menu=assign_menu(connection, workspace, project_ids)
        if may_change and issues
        else None,
        has_events=any(project.first_event_at for project in workspace.projects),
        has_releases=any(project.has_releases for project in selected),
    )


def conditions_of(
    connection: Connection, workspace: Workspace, search: IssueListSearch
) -> tuple[IssueTab, IssueFilter, str]:
    """Return the tab of the list, the conditions on its issues, and the error in the search, or an empty text."""
    terms, problem = _terms(search.query)
    if search.release:
        term = ReleaseTerm(tie=ReleaseTie.SEEN, versions=(search.release,), is_negated=False)
        terms = replace(terms, releases=[*terms.releases, term])
    tab = _tab_of(search, terms)
    project_ids = [project.id for project in _selected(workspace, search)]
    environments = _environment_ids(connection, workspace, search.environment)
    conditions = filter_of(connection, workspace.access, project_ids, terms, environments)
    return tab, tab.narrowed(conditions), problem


def _versions(
    connection: Connection, workspace: Workspace, project_ids: Sequence[int], chosen: str
) -> Sequence[str]:
    """Return the versions to choose from: of the newest releases of the projects, and the chosen one."""
    release_filter = ReleaseFilter(
        organization_id=workspace.organization.id, project_ids=tuple(project_ids)
    )
    order = ReleaseSort.EFFECTIVE_DATE
    rows = list_query.page(connection, release_filter, order, limit=_VERSIONS_MAX)
    versions = [row.release.version for row in rows]
    return versions if chosen in {"", LATEST, *versions} else [chosen, *versions]


def _selected(workspace: Workspace, search: IssueListSearch) -> Sequence[Project]:
    return [project for project in workspace.projects if search.project in {"", project.slug}]


def _environment_ids(
    connection: Connection, workspace: Workspace, name: str
) -> tuple[int, ...] | None:
    """Return the environment with this name, none for an unknown one, and None for all without a name."""
    if not name:
        return None
    named = projects.environments_named(connection, workspace.organization.id, [name])
    return tuple(environment.id for environment in named)


def _terms(query: str) -> tuple[IssueSearch, str]:
    """Return the terms of a query; if it is invalid, no terms and the error."""
    try:
        return parse(query, now()), ""
    except BadRequest as refusal:
        return IssueSearch(), refusal.detail


def _tab_of(search: IssueListSearch, terms: IssueSearch) -> IssueTab:
    """Return the tab of the search; a status in its terms takes precedence, and a substatus over that of a tab."""
    tab = _TABS_BY_KEY[search.tab]
    is_other = terms.status not in {None, tab.status}
    if terms.status is not None and (is_other or (terms.substatus and tab.substatus)):
        return _TABS_OF_STATUS[terms.status]
    return tab


def _tab_links(
    connection: Connection,
    workspace: Workspace,
    search: IssueListSearch,
    project_ids: Collection[int],
) -> tuple[TabLink, ...]:
    """Return the tabs of the same search. Only a list of all is counted, as an index ends at the limit."""
    counts: dict[str, str] = {}
    if not (search.query or search.environment or search.release):
        counted = [tab for tab in TABS if tab.is_counted]
        every = IssueFilter(project_ids=tuple(project_ids))
        filters = [tab.narrowed(every) for tab in counted]
        numbers = issue_lists.counts_of(connection, filters, limit=COUNT_MAX)
        for tab, number in zip(counted, numbers, strict=True):
            counts[tab.key] = f"{COUNT_MAX - 1}+" if number == COUNT_MAX else str(number)
    # A status among the terms would lead to its own tab again.
    query = _STATUS_TERM.sub("", search.query).strip()
    slug = workspace.organization.slug
    return tuple(
        TabLink(
            tab=tab,
            address=replace(search, tab=tab.key, query=query).address(slug),
            count=counts.get(tab.key, ""),
        )
        for tab in TABS
    )


def _page(search: IssueListSearch) -> tuple[offset.PageRequest, IssuePosition | None]:
    """Return the page of the cursor and its position; the first page if it is invalid."""
    size = str(ISSUES_PER_PAGE)
    try:
        page = offset.parse_page(size, search.cursor, is_counted=False)
        return page, issue_cursor.position_of(page, search.sort)
    except BadRequest:
        return offset.parse_page(size, None), None


def _rows(
    connection: Connection, workspace: Workspace, issues: Sequence[Issue]
) -> tuple[IssueRow, ...]:
    last = occurrences.last_releases(connection, [issue.id for issue in issues])
    by_id = releases.by_ids(connection, set(last.values()))
    around = people.of_issues(connection, [issue.id for issue in issues], workspace.user.id)
    return tuple(
        IssueRow(
            issue=issue,
            short_id=issue_line(issue, workspace).short_id,
            last_release=by_id.get(last.get(issue.id, 0)),
            assignee=around[issue.id].assignee,
        )
        for issue in issues
    )
