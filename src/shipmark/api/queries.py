"""Query parameters that several endpoints share, as models to inherit from."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import WithJsonSchema
from sqlalchemy import Connection

from shipmark.http import time_range
from shipmark.http.pagination import keyset, offset
from shipmark.http.pagination.offset import PER_PAGE_MAX
from shipmark.http.time_range import Range
from shipmark.http.validation import RequestModel, optional, repeatable
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, Forbidden, NotFound
from shipmark.organizations.model import Access
from shipmark.projects import store as projects
from shipmark.projects.model import Project

#: The most texts that a list is searched for.
TEXTS_MAX = 100
#: A whole text in quotes, also in those that keyboards of phones write.
_QUOTED = re.compile(r'["“„](.*)["“”]', re.DOTALL)


def searched_text(query: str | None) -> str:
    """Return the text to look for, without the quotes around it that searches with terms need."""
    text = (query or "").strip()
    quoted = _QUOTED.fullmatch(text)
    return quoted[1] if quoted else text


def one_of(*values: str, default: str | None = None) -> WithJsonSchema:
    """Return the schema of a parameter that is one of these values. The endpoint itself refuses all others."""
    schema: dict[str, object] = {"type": "string", "enum": [str(value) for value in values]}
    return WithJsonSchema(schema if default is None else schema | {"default": str(default)})


def page_size(most: int = PER_PAGE_MAX) -> WithJsonSchema:
    """Return the schema of a parameter that is the number of rows of a page."""
    return WithJsonSchema({"type": "integer", "minimum": 0, "maximum": most, "default": most})


#: ``0`` or ``1``; any other value counts as the default.
Bit = Annotated[str | None, one_of("0", "1")]
DateTimeText = Annotated[str | None, WithJsonSchema({"type": "string", "format": "date-time"})]
PeriodText = Annotated[
    str | None, WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,9}[smhdw]?$"})
]
#: The rows of a page; `PageQuery` reads them.
PageSize = Annotated[str | None, page_size()]
Cursor = Annotated[str | None, WithJsonSchema({"type": "string", "pattern": r"^-?\d+:\d+:[01]$"})]


class PageQuery(RequestModel):
    """The page of a list. Its properties raise `BadRequest` for a page that can't be read."""

    per_page: PageSize = optional(
        f"The rows of a page, at most {PER_PAGE_MAX}.", alias="per_page", example=10
    )
    cursor: Cursor = optional(
        "The start of the page: a cursor from the `Link` header of another page.", example="0:0:0"
    )

    def page(self, *, most: int = PER_PAGE_MAX, is_counted: bool = True) -> offset.PageRequest:
        """Return the page; see `offset.parse_page`."""
        return offset.parse_page(self.per_page, self.cursor, most=most, is_counted=is_counted)

    def dated_page(self) -> keyset.KeysetPage:
        """Return the page of a list by time."""
        return keyset.parse_page(offset.parse_page(self.per_page, None), self.cursor)


class DetailedQuery(RequestModel):
    """Whether objects show the objects that they hold."""

    detailed: Bit = optional("`0` leaves out the objects that an object holds.", example="0")

    @property
    def is_detailed(self) -> bool:
        """Return True if the objects are shown: by default they are."""
        return self.detailed != "0"


class ProjectQuery(RequestModel):
    """The projects to look at."""

    project: list[str] = repeatable(
        "Only these projects, by id; `-1` for all that the caller may see.", example="-1"
    )
    project_slug: list[str] = repeatable(
        "Only these projects, by slug; `$all` for all that the caller may see.", example="$all"
    )

    @property
    def names_projects(self) -> bool:
        """Return True if the query names any project."""
        return bool(self.project or self.project_slug)

    @property
    def names_all(self) -> bool:
        """Return True if the query asks for all visible projects by ``-1`` or ``$all``."""
        return "-1" in self.project or "$all" in self.project_slug

    def select(self, visible: Sequence[Project]) -> Sequence[Project]:
        """Return the named projects, or all if the query names none (releases.md 0.5).

        Raise `Forbidden` for an id that is not visible, and `BadRequest` for what is no id.
        """
        if self.names_all or not self.names_projects:
            return visible
        ids, slugs = set(self.project), set(self.project_slug)
        selected = [row for row in visible if str(row.id) in ids or row.slug in ids | slugs]
        reached = {str(row.id) for row in selected} | {row.slug for row in selected}
        if unknown := ids - reached:
            if not all(name.lstrip("-").isdecimal() for name in unknown):
                raise BadRequest("Invalid project parameter. Values must be numbers.")
            raise Forbidden
        return selected

    def select_listed(self, connection: Connection, access: Access) -> Sequence[Project]:
        """Return the named projects, or those of the caller's teams if the query names none (releases.md 0.5)."""
        if not self.names_projects:
            return projects.projects_of_teams(connection, access)
        return self.select(projects.accessible(connection, access))

    def covers_all(self, access: Access) -> bool:
        """Return True if the listed projects are certain to be all of the organization."""
        reaches_all = access.reaches_all or access.user is None
        if not self.names_projects:
            return reaches_all
        return self.names_all and (reaches_all or access.organization.is_open)


class EnvironmentQuery(RequestModel):
    """The environments to look at."""

    environment: list[str] = repeatable(
        "Only what was in these environments. An unknown one is not found.", example="production"
    )

    def environment_ids(self, connection: Connection, access: Access) -> tuple[int, ...] | None:
        """Return the ids of the environments, or None if the query names none. Raise `NotFound` for an unknown one."""
        names = set(self.environment)
        if not names:
            return None
        known = projects.environments_named(connection, access.organization.id, names)
        if {row.name for row in known} != names:
            raise NotFound
        return tuple(row.id for row in known)


class TimeRangeQuery(RequestModel):
    """The time range to look at."""

    stats_period: PeriodText = optional(
        "The last so long: seconds, or a number with `s`, `m`, `h`, `d` or `w`.",
        example="14d",
    )
    stats_period_start: PeriodText = optional(
        "From so long ago. Needs `statsPeriodEnd`; ignored beside `statsPeriod`.", example="14d"
    )
    stats_period_end: PeriodText = optional("Up to so long ago.", example="7d")
    timeframe: PeriodText = optional("The same as `statsPeriod`.", example="14d")
    timeframe_start: PeriodText = optional("The same as `statsPeriodStart`.", example="14d")
    timeframe_end: PeriodText = optional("The same as `statsPeriodEnd`.", example="7d")
    start: DateTimeText = optional(
        "From this time on. Needs `end`; ignored beside `statsPeriod`.",
        example="2026-01-01T00:00:00Z",
    )
    end: DateTimeText = optional("Up to this time.", example="2026-02-01T00:00:00Z")

    def time_range(self) -> Range | None:
        """Return the range, or None if none is given. Raise `BadRequest` for one that can't be read."""
        return time_range.requested_range(self._range_parameters(), now())

    def time_range_or(self, default: timedelta, at: datetime) -> Range:
        """Return the range, or else the last ``default`` before ``at``. Raise as `time_range` does."""
        return time_range.range_or_default(self._range_parameters(), at, default)

    @property
    def is_relative(self) -> bool:
        """Return whether the range is named by how long ago it is."""
        return time_range.is_relative(self._range_parameters())

    def _range_parameters(self) -> Mapping[str, str]:
        names = TimeRangeQuery.model_fields
        values = {field.alias or name: getattr(self, name) for name, field in names.items()}
        return {name: text for name, text in values.items() if text}
