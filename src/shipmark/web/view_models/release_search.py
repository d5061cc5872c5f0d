"""The search of the list of releases: its parameters, and the filter that they make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.projects import store as projects
from shipmark.release_health import overviews
from shipmark.release_health.periods import ADOPTION_HOURS, DEFAULT_SUMMARY, hours_of
from shipmark.release_health.store.ranked_list import RankColumn, Ranking
from shipmark.releases.model import ReleaseFilter, ReleaseSort, ReleaseStatus
from shipmark.releases.search import EVERYTHING, FinalizedTerm, parse
from shipmark.releases.search import Search as Terms
from shipmark.releases.store import shipping_order
from shipmark.web import urls
from shipmark.web.request_context import WebRequest, Workspace

QUERY_MAX = 200
#: The most environments that the filter offers.
ENVIRONMENTS_MAX = 200

#: The choices of the filters, with their names; the first of each is the default.
STATUSES: Mapping[str, str] = {
    "open": "Open",
    "unreleased": "Not released",
    "archived": "Archived",
    "any": "Any status",
}
PERIODS: Mapping[str, str] = {
    "": "Any time",
    "24h": "Last 24 hours",
    "7d": "Last 7 days",
    "14d": "Last 14 days",
    "30d": "Last 30 days",
    "90d": "Last 90 days",
}
SORTS: Mapping[str, str] = {"date": "Newest first", "version": "Version"}
#: Those of projects with sessions: adopted last, the lowest crash-free rate of 14 days, the most sessions of a day.
HEALTH_SORTS: Mapping[str, str] = {
    "adoption": "Last adopted",
    "crash_free_users": "Crash-free users",
    "crash_free_sessions": "Crash-free sessions",
    "sessions": "Sessions, 24 h",
}

_STATUSES = {
    "open": ReleaseStatus.OPEN,
    "unreleased": ReleaseStatus.OPEN,
    "archived": ReleaseStatus.ARCHIVED,
    "any": None,
}
_LENGTHS = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "14d": timedelta(days=14),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}
#: The date that the page shows is that of finalizing, or else of creation.
_SORTS = {"date": ReleaseSort.EFFECTIVE_DATE, "version": ReleaseSort.SEMVER}
_SUMMARY_HOURS = hours_of(DEFAULT_SUMMARY)
_RANKINGS = {
    "adoption": Ranking(RankColumn.ADOPTION),
    "crash_free_users": Ranking(RankColumn.CRASH_RATE_USERS, _SUMMARY_HOURS, is_per_release=True),
    "crash_free_sessions": Ranking(
        RankColumn.CRASH_RATE_SESSIONS, _SUMMARY_HOURS, is_per_release=True
    ),
    "sessions": Ranking(RankColumn.SESSIONS, ADOPTION_HOURS, is_per_release=True),
}

#: Terms to try, with their meanings.
HINTS: Sequence[tuple[str, str]] = (
    ("release.version:>=2.0", "version, in semantic order"),
    ("release.package:web", "releases of this package"),
    ("release.build:>=100", "build number"),
    ("release.created:-7d", "created in the last 7 days"),
    ("finalized:false", "not released yet"),
    ("release:*-rc*", "the whole name, * is any text"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """The requested releases. Values that do not exist are replaced by the defaults.

    ``sorts`` are the orders to choose from, with their names, and ``environments`` the names. ``cursor`` is the
    pagination cursor in the API's format, empty for the first page. ``shows_all_live`` asks for what is live in every
    project. ``used_project_ids`` are the visible projects that have ever had sessions.
    """

    query: str = ""
    status: str = "open"
    project: str = ""
    environment: str = ""
    period: str = ""
    sort: str = "date"
    sorts: Mapping[str, str] = field(default_factory=lambda: SORTS)
    cursor: str = ""
    shows_all_live: bool = False
    environments: tuple[str, ...] = ()
    used_project_ids: frozenset[int] = frozenset()

    @property
    def is_filtered(self) -> bool:
        """Return True if the search leaves releases out, other than archived ones."""
        chosen = self.query or self.project or self.environment or self.period
        return bool(chosen or self.status != "open")

    @property
    def order(self) -> ReleaseSort:
        """Return the order of the list, if it is not by rank."""
        return _SORTS.get(self.sort, ReleaseSort.EFFECTIVE_DATE)

    @property
    def ranking(self) -> Ranking | None:
        """Return the rank that orders the list, or None."""
        return _RANKINGS.get(self.sort)

    def changed(self, **changes: str) -> "Search":
        """Return the search with these changes: its first page, if none is the cursor."""
        return replace(self, **({"cursor": ""} | changes))  # type: ignore[arg-type]  # all are texts

    def address(self, organization: str, **changes: str) -> str:
        """Return the URL of the list with these changes of the search."""
        changed = self.changed(**changes)
        return urls.releases(
            organization,
            query=changed.query,
            project=changed.project,
            environment=changed.environment,
            status="" if changed.status == "open" else changed.status,
            period=changed.period,
            sort="" if changed.sort == "date" else changed.sort,
            live="all" if changed.shows_all_live else "",
            cursor=changed.cursor,
        )


def search_of(web_request: WebRequest, connection: Connection, workspace: Workspace) -> Search:
    """Return the search in the query parameters."""
    environments = environments_of(connection, workspace)
    slugs = {project.slug for project in workspace.projects}
    environment = web_request.parameter("environment")
    offered = environments[:ENVIRONMENTS_MAX]
    if environment in environments and environment not in offered:
        offered.append(environment)
    project = _one_of(web_request.parameter("project"), slugs)
    listed = [each.id for each in workspace.projects if project in {"", each.slug}]
    used = overviews.projects_with_sessions(connection, workspace.project_ids)
    sorts = SORTS if used.isdisjoint(listed) else {**SORTS, **HEALTH_SORTS}
    return Search(
        query=web_request.parameter("query")[:QUERY_MAX],
        status=_one_of(web_request.parameter("status"), STATUSES),
        project=project,
        environment=_one_of(environment, set(environments)),
        period=_one_of(web_request.parameter("period"), PERIODS),
        sort=_one_of(web_request.parameter("sort"), sorts),
        sorts=sorts,
        used_project_ids=used,
        cursor=web_request.parameter("cursor"),
        shows_all_live=web_request.parameter("live") == "all",
        environments=tuple(offered),
    )


def environments_of(connection: Connection, workspace: Workspace) -> list[str]:
    """Return the names of the environments of the workspace's projects, sorted."""
    names = projects.environment_names(connection, workspace.project_ids)
    return sorted({name for of_project in names.values() for name in of_project})


def filter_of(
    connection: Connection, workspace: Workspace, search: Search, terms: Terms, at: datetime
) -> ReleaseFilter:
    """Return the filter of the list."""
    environment_ids = None
    if search.environment:
        known = projects.environments_named(
            connection, workspace.organization.id, [search.environment]
        )
        environment_ids = tuple(environment.id for environment in known)
    if search.status == "unreleased":
        terms = replace(terms, terms=(*terms.terms, FinalizedTerm(is_finalized=False)))
    project_ids = tuple(
        project.id for project in workspace.projects if search.project in {"", project.slug}
    )
    return ReleaseFilter(
        organization_id=workspace.organization.id,
        project_ids=project_ids,
        covers_all_projects=workspace.covers_all_projects and not search.project,
        status=_STATUSES[search.status],
        search=shipping_order.with_latest(connection, terms, project_ids),
        environment_ids=environment_ids,
        shipped_from=at - _LENGTHS[search.period] if search.period else None,
    )


def terms_of(search: Search, at: datetime) -> Terms:
    """Return the parsed query. Raise `BadRequest` if it can't be read."""
    if not search.query:
        return EVERYTHING
    return parse(search.query, at, environment_count=1 if search.environment else 0)


def _one_of(value: str, choices: Mapping[str, str] | set[str]) -> str:
    """Return the value if it is a choice, else the default: the first key, or none."""
    if value in choices:
        return value
    return next(iter(choices)) if isinstance(choices, Mapping) else ""
