"""Query parameters of issues: searches, and selections of the issues to change (groups-api.md 2, 4)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema
from sqlalchemy import Connection

from shipmark.api.issues.stats import LIST_PERIODS
from shipmark.api.queries import (
    Bit,
    EnvironmentQuery,
    PageQuery,
    PageSize,
    ProjectQuery,
    TimeRangeQuery,
    one_of,
)
from shipmark.events import merged_issues
from shipmark.http.pagination import offset
from shipmark.http.pagination.offset import PER_PAGE_MAX, PageRequest
from shipmark.http.time_range import Range
from shipmark.http.validation import RequestModel, optional, refuse, repeatable, require
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest
from shipmark.issues.model import (
    IssueFilter,
    IssueSort,
    IssueStatus,
)
from shipmark.issues.search import IS_VALUES, STATUSES, IssueSearch, parse
from shipmark.issues.store import issue_lists
from shipmark.issues.store.search_filter import filter_of
from shipmark.organizations.model import Access
from shipmark.projects.model import Project

#: The most issues that one request changes.
BULK_MAX = 1000
#: The search of an organization's list whose query is missing.
UNRESOLVED = "is:unresolved"

_ID_DIGITS_MAX = 18


def _numbers(texts: Sequence[str]) -> Sequence[int]:
    return sorted({int(text) for text in texts})


def _check_ids(texts: list[str]) -> list[str]:
    if not all(text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS_MAX for text in texts):
        raise refuse("Group ids must be integers")
    if len({int(text) for text in texts}) > BULK_MAX:
        raise refuse(f"No more than {BULK_MAX} issues can be named at once.")
    return texts


_Ids = Annotated[
    list[Annotated[str, WithJsonSchema({"type": "integer"})]], AfterValidator(_check_ids)
]
_IS_STATUS = require(
    lambda status: not status or status in STATUSES,
    f"Invalid status parameter. Use one of {', '.join(STATUSES)}.",
)
_Status = Annotated[str | None, _IS_STATUS, one_of(*STATUSES)]


#: The orders by the names that clients use. What the reference weighs by events is above all the order of last events.
_SORTS = {sort.value: sort for sort in IssueSort} | dict.fromkeys(
    ("", "priority", "trends", "recommended"), IssueSort.LAST_SEEN
)
_SORT_NAMES = [name for name in _SORTS if name]
_IS_SORT = require(
    lambda sort: (sort or "") in _SORTS,
    f"Invalid sort parameter. Use one of {', '.join(_SORT_NAMES)}.",
)
_Sort = Annotated[str | None, _IS_SORT, one_of(*_SORT_NAMES, default=IssueSort.LAST_SEEN)]
_IS_STATS_PERIOD = require(
    lambda period: (period or "") in LIST_PERIODS,
    "Invalid stats_period. Valid choices are '', '24h', and '14d'",
)
_StatsPeriod = Annotated[str | None, _IS_STATS_PERIOD, one_of(*LIST_PERIODS)]
#: The period that a project's list shows unless another is asked for.
_PROJECT_PERIOD = "24h"
#: The parts of issues that `collapse` leaves out.
_STATS = "stats"
_TAGS = "tags"
_RELEASE = "release"


class _SearchQuery(EnvironmentQuery):
    query: str | None = optional(
        "Text in titles, and "
        + ", ".join(f"`is:{value}`" for value in IS_VALUES)
        + ", `firstRelease:`, `release:`, `regressed_in_release:` with versions or `latest`, `release.version:`,"
        " `release.package:`, `release.build:`, `release.stage:`, `environment:`,"
        " `error.unhandled:`, `level:`, `timesSeen:`,"
        " `firstSeen:` (or `age:`) and `lastSeen:`, `assigned:` with `me`, `my_teams`, `none`, the name or address of a"
        " member, or `#team`, `bookmarks:` and `subscribed:` with `me` or a member, `project:`, `issue:`, `title:`,"
        " `message:`, `culprit:`, `location:`, `platform:`, `error.type:`, `event.type:`, `issue.category:`,"
        " `issue.priority:`, and tags:"
        " `browser.name:Firefox`, `user.id:7`, `url:https://shop*`,"
        " `has:user`.",
        example="is:unresolved",
    )


class IssuePageQuery(_SearchQuery, PageQuery):
    """A page of a list of issues."""

    limit: PageSize = optional(
        f"The same as `per_page`; more than {PER_PAGE_MAX} counts as {PER_PAGE_MAX}.", example=10
    )
    sort: _Sort = optional(
        "The order: by the last event (`date`), the first event (`new`), the number of events (`freq`) or of users"
        " (`user`), the highest first; `inbox`, only with `is:for_review`, is by when issues came into the inbox."
        " All others are as good as `date`.",
        example="freq",
    )
    group: _Ids = repeatable("Only these issues, by id, whatever the query is.", example=1)
    short_id_lookup: Bit = optional(
        "`1`: a query that is a short id finds that issue, in any project.",
        alias="shortIdLookup",
        example="1",
    )
    group_stats_period: _StatsPeriod = optional(
        "Shows the numbers of events in `stats`: of each hour (`24h`) or of each day (`14d`, and `auto`).",
        alias="groupStatsPeriod",
        example="24h",
    )
    collapse: list[str] = repeatable(
        "`stats` leaves out the numbers of events, `lifetime` and `filtered` these parts.",
        example=_STATS,
    )

    def shows(self, part: str) -> bool:
        """Return True unless the part is left out."""
        return part not in self.collapse

    @property
    def is_short_id_lookup(self) -> bool:
        """Return True if a query may be a short id."""
        return self.short_id_lookup in {"1", "true"}

    def order(self) -> IssueSort:
        """Return the order of the list."""
        return _SORTS[self.sort or ""]

    def shown_period(self) -> str:
        """Return the period whose numbers of events are shown, or an empty text."""
        return self.group_stats_period or "" if self.shows(_STATS) else ""

    def seen_between(self) -> Range | None:
        """Return the time in which issues were seen, or None for any."""
        return None

    def group_ids(self) -> Sequence[int]:
        """Return the named ids."""
        return _numbers(self.group)

    def limited_page(self) -> PageRequest:
        """Return the page. Raise `BadRequest` for one that can't be read."""
        return offset.parse_limited_page(self.limit, self.per_page, self.cursor)


class IssueDetailsQuery(RequestModel):
    """The parts of an issue to show."""

    collapse: list[str] = repeatable(
        "`tags` leaves out the tags, `release` the first and last release.", example=_TAGS
    )

    @property
    def shows_tags(self) -> bool:
        """Return True unless tags are left out."""
        return _TAGS not in self.collapse

    @property
    def shows_releases(self) -> bool:
        """Return True unless the first and the last release are left out."""
        return _RELEASE not in self.collapse


class ProjectIssueListQuery(IssuePageQuery):
    """A page of the issues of a project."""

    stats_period: _StatsPeriod = optional(
        "The same as `groupStatsPeriod`; by default `24h`.", alias="statsPeriod", example="14d"
    )

    def shown_period(self) -> str:
        """Return the period whose numbers of events are shown, or an empty text."""
        if not self.shows(_STATS):
            return ""
        periods = (self.stats_period, self.group_stats_period)
        return next((period for period in periods if period is not None), _PROJECT_PERIOD)


class IssueListQuery(IssuePageQuery, ProjectQuery, TimeRangeQuery):
    """A page of the issues of an organization."""

    expand: list[str] = repeatable(
        "`sessions` adds the number of sessions of the project in the period, by default of 90 days; `owners` adds"
        " those whom rules suggest, of which there are none.",
        example="sessions",
    )

    def expands(self, part: str) -> bool:
        """Return True if the part is asked for."""
        return part in self.expand

    def seen_between(self) -> Range | None:
        """Return the time in which issues were seen, or None for any. Raise `BadRequest` for one that can't be read."""
        return self.time_range()


class ProjectIssueSelectionQuery(_SearchQuery):
    """The issues of a project to change or delete: those with the ids, or else those that the search finds."""

    id: _Ids = repeatable(
        "The issues to change or delete, by id; by default those that `query` and `status` find.",
        example=1,
    )
    query: str | None = optional("A search, as in lists of issues.", example="is:unresolved")
    status: _Status = optional("Only issues of this status.", example="unresolved")

    def ids(self) -> Sequence[int]:
        """Return the named ids."""
        return _numbers(self.id)

    @property
    def has_search(self) -> bool:
        """Return True if a query or a status is sent."""
        return self.query is not None or self.status is not None

    def search(self, default: str) -> IssueSearch:
        """Return the search; ``default`` is its text if neither query nor status is sent."""
        text = (self.query or "") if self.has_search else default
        return parse(f"{text} is:{self.status}" if self.status else text, now())


class IssueSelectionQuery(ProjectIssueSelectionQuery, ProjectQuery):
    """The issues of an organization to change or delete."""


def listed_filter(
    connection: Connection,
    access: Access,
    projects: Sequence[Project],
    text: str,
    query: IssuePageQuery,
) -> IssueFilter:
    """Return the filter of a list: the issues that ``group`` names, or else those that the search finds.

    Raise `BadRequest` for an order that these have not, and as `issue_filter` does.
    """
    if query.group:
        project_ids = tuple(project.id for project in projects)
        ids = merged_issues.survivors(connection, query.group_ids())
        conditions = IssueFilter(project_ids=project_ids, ids=tuple(sorted(ids)))
    else:
        found = issue_filter(connection, access, projects, parse(text, now()), query)
        conditions = replace(found, seen_between=query.seen_between())
    if query.order() is IssueSort.INBOX and not conditions.is_for_review:
        raise BadRequest("Invalid sort parameter. inbox takes a query with is:for_review.")
    return conditions


def issue_filter(
    connection: Connection,
    access: Access,
    projects: Sequence[Project],
    search: IssueSearch,
    environments: EnvironmentQuery,
) -> IssueFilter:
    """Return the filter for a search in these projects. An unknown release matches nothing (groups-api.md 2.3).

    Raise `NotFound` for an unknown environment.
    """
    environment_ids = environments.environment_ids(connection, access)
    project_ids = [project.id for project in projects]
    return filter_of(connection, access, project_ids, search, environment_ids)


def search_ids(
    connection: Connection, conditions: IssueFilter, status: IssueStatus | None
) -> tuple[Sequence[int], bool]:
    """Return the ids that the filter finds, and whether more match than are changed at once.

    Issues of the new status are left out unless the search asks for them, so that repeating the request makes
    progress. Without a new status, none are.
    """
    done = None if conditions.status is status else status
    ids = issue_lists.ids_of(connection, conditions, other_than=done, limit=BULK_MAX + 1)
    return ids[:BULK_MAX], len(ids) > BULK_MAX
