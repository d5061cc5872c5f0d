"""Query parameters of issues: searches, and selections of the issues to change (groups-api.md 2, 4)."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema
from sqlalchemy import Connection

from shipmark.api.queries import Bit, EnvironmentQuery, PageQuery, PageSize, ProjectQuery, one_of
from shipmark.http.pagination import offset
from shipmark.http.pagination.offset import PER_PAGE_MAX, PageRequest
from shipmark.http.validation import optional, refuse, repeatable, require
from shipmark.infrastructure.clock import now
from shipmark.issues.model import IssueFilter, IssueStatus
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


_STATS_PERIODS = ("", "24h", "14d", "auto")
_IS_STATS_PERIOD = require(
    lambda period: (period or "") in _STATS_PERIODS,
    "Invalid stats_period. Valid choices are '', '24h', and '14d'",
)


class _SearchQuery(EnvironmentQuery):
    query: str | None = optional(
        "Text in titles, and "
        + ", ".join(f"`is:{value}`" for value in IS_VALUES)
        + ", `firstRelease:`, `release:`, `regressed_in_release:` with a version or `latest`, `level:`, `timesSeen:`,"
        " `firstSeen:` (or `age:`) and `lastSeen:`.",
        example="is:unresolved",
    )


class ProjectIssueListQuery(_SearchQuery, PageQuery):
    """A page of the issues of a project."""

    limit: PageSize = optional(
        f"The same as `per_page`; more than {PER_PAGE_MAX} counts as {PER_PAGE_MAX}.", example=10
    )
    group: _Ids = repeatable("Only these issues, by id, whatever the query is.", example=1)
    short_id_lookup: Bit = optional(
        "`1`: a query that is a short id finds that issue, in any project.",
        alias="shortIdLookup",
        example="1",
    )
    group_stats_period: Annotated[str | None, _IS_STATS_PERIOD, one_of(*_STATS_PERIODS)] = optional(
        "Ignored: lists have no statistics.", alias="groupStatsPeriod", example="24h"
    )

    @property
    def is_short_id_lookup(self) -> bool:
        """Return True if a query may be a short id."""
        return self.short_id_lookup in {"1", "true"}

    def group_ids(self) -> Sequence[int]:
        """Return the named ids."""
        return _numbers(self.group)

    def limited_page(self) -> PageRequest:
        """Return the page. Raise `BadRequest` for one that can't be read."""
        return offset.parse_limited_page(self.limit, self.per_page, self.cursor)


class IssueListQuery(ProjectIssueListQuery, ProjectQuery):
    """A page of the issues of an organization."""


class ProjectIssueSelectionQuery(_SearchQuery):
    """The issues of a project to change: those with the ids, or else those that the search finds."""

    id: _Ids = repeatable(
        "The issues to change, by id; by default those that `query` and `status` find.", example=1
    )
    status: _Status = optional("Only issues of this status.", example="unresolved")

    def ids(self) -> Sequence[int]:
        """Return the named ids."""
        return _numbers(self.id)

    def search(self, default: str) -> IssueSearch:
        """Return the search; ``default`` is its text if neither query nor status is sent."""
        text = default if self.query is None and self.status is None else self.query or ""
        return parse(f"{text} is:{self.status}" if self.status else text, now())


class IssueSelectionQuery(ProjectIssueSelectionQuery, ProjectQuery):
    """The issues of an organization to change."""


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
    return filter_of(connection, access.organization.id, project_ids, search, environment_ids)


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
