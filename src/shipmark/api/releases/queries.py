"""Query parameters of the release endpoints (releases.md 0.5, 0.6, 2.4 to 2.6)."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from sqlalchemy import Connection

from shipmark.api.queries import (
    Bit,
    Cursor,
    EnvironmentQuery,
    PageQuery,
    PeriodText,
    ProjectQuery,
    TimeRangeQuery,
    one_of,
    page_size,
)
from shipmark.api.releases.responses import ReleaseView
from shipmark.http.request_context import RequestContext
from shipmark.http.validation import BlankIsAbsent, ErrorMessage, Flag, RequestModel, optional
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest
from shipmark.projects.model import Project
from shipmark.release_health.overviews import HealthRequest
from shipmark.release_health.periods import DEFAULT_HISTORY, DEFAULT_SUMMARY, PERIODS, hours_of
from shipmark.release_health.store.ranked_list import RankColumn, Ranking
from shipmark.releases import search
from shipmark.releases.model import ReleaseFilter, ReleaseSort, ReleaseStatus
from shipmark.releases.search import EVERYTHING, Search, text_search
from shipmark.releases.store import shipping_order

_NO_BASE = "The base parameter is missing: the version to compare with."

#: The list for charts has so little of each release that it may have many.
STATISTICS_PER_PAGE_MAX = 1000

_SORTS = {
    "": ReleaseSort.DATE,
    "date": ReleaseSort.DATE,
    "semver": ReleaseSort.SEMVER,
    "build": ReleaseSort.BUILD,
}
#: Orders by sessions, with what they rank by; those that end so are of the last day, others of the summary's period.
_DAY_SUFFIX = "_24h"
_SESSION_SORTS = {
    "sessions": RankColumn.SESSIONS,
    "users": RankColumn.USERS,
    "sessions_24h": RankColumn.SESSIONS,
    "users_24h": RankColumn.USERS,
    # The worst first, whatever the name says.
    "crash_free_sessions": RankColumn.CRASH_RATE_SESSIONS,
    "crash_free_users": RankColumn.CRASH_RATE_USERS,
}
_ADOPTION_SORT = "adoption"
_Sort = Annotated[
    str | None,
    one_of(*filter(None, _SORTS), _ADOPTION_SORT, *_SESSION_SORTS, default="date"),
]
_NeighbourSort = Annotated[str | None, one_of("date", default="date")]
_Status = Annotated[str | None, one_of(*ReleaseStatus, "", default=ReleaseStatus.OPEN)]
_Period = Annotated[str | None, one_of(*PERIODS)]
_Statistic = Annotated[str | None, one_of("sessions", "users", default="sessions")]
_Flag = Annotated[bool, Flag()]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseOrder:
    """The order of a list, by a column of releases or a rank, and whether a release comes once for each project."""

    sort: ReleaseSort = ReleaseSort.DATE
    ranking: Ranking | None = None
    per_project: bool


class HealthQuery(RequestModel):
    """What a release shows of its health."""

    health: Bit = optional("`1` shows what sessions say of the release.", example="1")
    health_stat: _Statistic = optional("What health counts.", example="users")
    summary_stats_period: _Period = optional(
        "The period that health is summed up over.", example="7d"
    )
    health_stats_period: _Period = optional("The period that health is shown over.", example="7d")
    adoption_stages: Bit = optional("`1` shows the adoption stage in each project.", example="1")

    def shape(self, *, by_environment: bool = False) -> ReleaseView:
        """Return what releases show. Raise `BadRequest` for an unknown statistic or period."""
        if (self.health_stat or "sessions") not in {"sessions", "users"}:
            raise BadRequest("invalid healthStat")
        periods = {
            "summaryStatsPeriod": self.summary_stats_period,
            "healthStatsPeriod": self.health_stats_period,
        }
        for name, period in periods.items():
            if (period or "24h") not in PERIODS:
                choices = ", ".join(f"'{choice}'" for choice in PERIODS)
                raise BadRequest(f"Invalid {name}. Valid choices are {choices}")
        return ReleaseView(
            has_health=_is_on(self.health),
            has_stages=_is_on(self.adoption_stages),
            by_environment=by_environment,
            history_period=self.health_stats_period or DEFAULT_HISTORY,
        )

    def health_request(self, environment_ids: Collection[int] | None) -> HealthRequest:
        """Return what is asked for about sessions. `shape` has checked the periods."""
        return HealthRequest(
            summary_period=self.summary_stats_period or DEFAULT_SUMMARY,
            history_period=self.health_stats_period or DEFAULT_HISTORY,
            counts_users=self.health_stat == "users",
            environment_ids=environment_ids,
        )


def _is_on(text: str | None) -> bool:
    """Return True for a switch that is on. Clients send `true` as well (clients.md 4)."""
    return (text or "").lower() in {"1", "true"}


class _StatusQuery(RequestModel):
    status: _Status = optional("Only releases of this status; empty for all.", example="archived")

    def release_status(self, *, default: ReleaseStatus | None) -> ReleaseStatus | None:
        """Return the status, or None for all. Raise `BadRequest` for an unknown one."""
        if self.status is None:
            return default
        if not self.status:
            return None
        try:
            return ReleaseStatus(self.status)
        except ValueError:
            raise BadRequest("invalid value for status") from None


class ReleaseFilterQuery(_StatusQuery, EnvironmentQuery, ProjectQuery, TimeRangeQuery):
    """The releases to look at."""

    query: str | None = optional(
        "Text in versions, or terms such as `release.version:>=1.2` and `finalized:true`.",
        example="release.package:web",
    )

    def release_filter(
        self,
        context: RequestContext,
        connection: Connection,
        projects: Sequence[Project],
        *,
        per_project: bool = False,
    ) -> ReleaseFilter:
        """Return the releases of these projects that the query asks for.

        Raise `BadRequest` for what can't be read, and `NotFound` for an unknown environment.
        """
        status = self.release_status(default=ReleaseStatus.OPEN)
        created_from, created_to = self.time_range() or (None, None)
        environment_ids = self.environment_ids(connection, context.access)
        project_ids = tuple(project.id for project in projects)
        terms = search.parse(self.query or "", now(), environment_count=len(environment_ids or ()))
        return ReleaseFilter(
            organization_id=context.organization_id,
            project_ids=project_ids,
            covers_all_projects=self.covers_all(context.access),
            per_project=per_project,
            status=status,
            search=shipping_order.with_latest(connection, terms, project_ids),
            environment_ids=environment_ids,
            created_from=created_from,
            created_to=created_to,
        )


class ReleaseListQuery(ReleaseFilterQuery, HealthQuery, PageQuery):
    """A page of the releases of an organization."""

    sort: _Sort = optional(
        "The order of the list. Orders by crash statistics need `flatten=1`.", example="semver"
    )
    flatten: Bit = optional("`1` lists a release once for each of its projects.", example="1")

    def order(self) -> ReleaseOrder:
        """Return the order (releases.md 2.4). Raise `BadRequest` for an unknown one."""
        name, per_project = self.sort or "", self.flatten == "1"
        if name == _ADOPTION_SORT:
            return ReleaseOrder(ranking=Ranking(RankColumn.ADOPTION), per_project=per_project)
        if name in _SESSION_SORTS:
            if not per_project:
                raise BadRequest("sorting by crash statistics requires flattening (flatten=1)")
            is_of_day = name.endswith(_DAY_SUFFIX)
            period = "24h" if is_of_day else self.summary_stats_period or DEFAULT_SUMMARY
            # Releases without sessions follow those with, newest first and with all their projects.
            return ReleaseOrder(
                ranking=Ranking(_SESSION_SORTS[name], hours_of(period)), per_project=False
            )
        if name not in _SORTS:
            raise BadRequest("invalid sort")
        return ReleaseOrder(sort=_SORTS[name], per_project=per_project)


class ReleaseVersionsQuery(ReleaseFilterQuery, PageQuery):
    """A page of the versions of an organization, for charts."""

    per_page: Annotated[str | None, page_size(STATISTICS_PER_PAGE_MAX)] = optional(
        f"The rows of a page, at most {STATISTICS_PER_PAGE_MAX}.", alias="per_page", example=10
    )


class _VersionTextQuery(RequestModel):
    query: str | None = optional("Text in versions.", example="1.0")

    def search(self) -> Search:
        """Return the search for the text."""
        text = (self.query or "").strip()
        return text_search(text) if text else EVERYTHING


class ReleaseQuery(_StatusQuery, _VersionTextQuery, EnvironmentQuery, ProjectQuery, HealthQuery):
    """What one release shows, and which releases are its neighbours."""

    sort: _NeighbourSort = optional("The order of the neighbours in the project.", example="date")


class ProjectReleaseListQuery(_VersionTextQuery, HealthQuery, PageQuery):
    """A page of the releases of a project."""

    environment: str | None = optional(
        "Only what was in this environment. An unknown one has nothing.", example="production"
    )


class RepositoryQuery(RequestModel):
    """The repository whose commits are listed."""

    repo_id: str | None = optional("Only commits of this repository.", alias="repo_id", example="1")
    repo_name: str | None = optional(
        "Only commits of the repository of this name; ignored beside `repo_id`.",
        alias="repo_name",
        example="acme/web",
    )


class ProjectReleaseCommitsQuery(RepositoryQuery, PageQuery):
    """A page of the commits of a release in a project."""


class ReleaseCommitsQuery(RepositoryQuery, ProjectQuery, PageQuery):
    """A page of the commits of a release, or of the files that they changed."""


class ForceQuery(RequestModel):
    """Whether releases are deleted that issues refer to."""

    force: _Flag = Field(
        default=False,
        description="`1` also deletes releases that issues were first seen in; for owners only.",
        examples=["0"],
    )


class DeleteReleaseQuery(ForceQuery, ProjectQuery):
    """The deletion of a release."""


class BulkReleaseQuery(ReleaseFilterQuery):
    """The releases to change at once, the oldest first."""

    dry_run: _Flag = Field(
        default=True,
        description="`0` does it; else the response says what would be done.",
        examples=["1"],
    )
    cursor: Cursor = optional(
        "The start of this request: `next` of the response before.", example="0:0:0"
    )

    def require_filter(self) -> None:
        """Raise `BadRequest` for a query that would change all releases."""
        values = [self.query, self.start, *self.environment[-1:]]
        if not self.is_relative and not any((value or "").strip() for value in values):
            detail = "Say which releases: by query, environment, statsPeriod, or start and end."
            raise BadRequest(detail)


class BulkDeleteReleaseQuery(BulkReleaseQuery, ForceQuery):
    """The releases to delete at once, the oldest first."""


class CompareQuery(ProjectQuery):
    """The releases to compare."""

    base: Annotated[str, BlankIsAbsent(), ErrorMessage(_NO_BASE)] = Field(
        description="The version to compare with.", examples=["web@1.0.0"]
    )


class ReleaseStatisticsQuery(EnvironmentQuery, TimeRangeQuery):
    """The statistics of a release to show."""

    type: _Statistic = optional("What is counted.", example="users")
    interval: PeriodText = optional(
        "The length of a step: at least an hour, and no more than 1,000 steps in all.", example="1d"
    )
