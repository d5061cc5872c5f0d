"""``stats_v2/`` of an organization, and ``stats/`` of an organization, team or project: numbers of what SDKs sent."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated

from shipmark.api.event_counts.counting import ACCEPTED, Counted, Steps, count
from shipmark.api.projects.path_project import PathProject, VisibleProjects
from shipmark.api.queries import DateTimeText, ProjectQuery, TimeRangeQuery, one_of
from shipmark.api.responses import Wire
from shipmark.api.teams.path_team import PathTeam
from shipmark.events.discards import CATEGORIES, DAYS, UNKNOWN, Outcome
from shipmark.events.security_reports import ERROR, SECURITY
from shipmark.http import endpoint, time_range
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import ORGANIZATION_READ, PROJECT_READ, TEAM_READ
from shipmark.http.time_range import Range
from shipmark.http.validation import RequestModel, optional, repeatable
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest
from shipmark.projects import store as projects

#: What was sent is counted one by one, so that both are the same number.
_FIELDS = ("sum(quantity)", "sum(times_seen)")
_KEYS = ("project", "outcome", "category", "reason")
_OUTCOMES = (ACCEPTED, *Outcome)
_CATEGORIES = (*sorted(CATEGORIES), UNKNOWN)
#: What counts as an error where errors are asked for, as in the reference: reports of browsers too.
_ERRORS = frozenset({ERROR, SECURITY, "default"})
#: The outcomes that each series of a project has.
_STATS: Mapping[str, Sequence[str]] = {
    "received": (ACCEPTED, Outcome.FILTERED, Outcome.RATE_LIMITED),
    "rejected": (Outcome.RATE_LIMITED,),
    "blacklisted": (Outcome.FILTERED,),
    "generated": (ACCEPTED,),
}
_RESOLUTIONS = {"1h": timedelta(hours=1), "1d": timedelta(days=1)}


class EventCountsQuery(ProjectQuery, TimeRangeQuery):
    """Which numbers to show, by what they are grouped, and their time."""

    field: list[Annotated[str, one_of(*_FIELDS)]] = repeatable(
        "What is shown; both are the number of what was sent.", example=_FIELDS[0]
    )
    group_by: list[Annotated[str, one_of(*_KEYS)]] = repeatable(
        "What numbers are grouped by.", example="outcome"
    )
    interval: str | None = optional(
        "The length of a step of the series, at least an hour; by default that.", example="1d"
    )
    category: list[Annotated[str, one_of(*_CATEGORIES)]] = repeatable(
        "Only these categories of data; `error` stands for `default` and `security` too.",
        example="error",
    )
    outcome: list[Annotated[str, one_of(*_OUTCOMES)]] = repeatable(
        "Only what this became of.", example="rate_limited"
    )
    reason: list[str] = repeatable("Only what was not stored for these reasons.", example="project")

    def keys(self) -> Sequence[str]:
        """Return what numbers are grouped by. Raise `BadRequest` for parameters that can't be read."""
        if not self.field:
            raise BadRequest('Request is missing a "field"')
        if not self.group_by:
            raise BadRequest('Request is missing a "groupBy"')
        for name, values, known in (
            ("field", self.field, _FIELDS),
            ("groupBy", self.group_by, _KEYS),
            ("category", self.category, _CATEGORIES),
            ("outcome", self.outcome, _OUTCOMES),
        ):
            for value in values:
                if value not in known:
                    raise BadRequest(f'Invalid {name}: "{value}"')
        return list(dict.fromkeys(self.group_by))

    def selects(self, counted: Counted) -> bool:
        """Return True if a number is to be shown."""
        is_error = ERROR in self.category and counted.category in _ERRORS
        return (
            (not self.category or is_error or counted.category in self.category)
            and (not self.outcome or counted.outcome in self.outcome)
            and (not self.reason or counted.reason in self.reason)
        )


class EventCountGroupResponse(Wire):
    """Numbers of what has the same properties: of the whole time, and of each step."""

    by: dict[str, str | int | None]
    totals: dict[str, int]
    series: dict[str, list[int]]


class EventCountsResponse(Wire):
    """Numbers of what SDKs sent in a time, by what became of it."""

    start: datetime
    end: datetime
    intervals: list[datetime]
    groups: list[EventCountGroupResponse]


@endpoint.get("/organizations/{organization:str}/stats_v2/", scopes=ORGANIZATION_READ)
def count_of_organization(
    context: RequestContext, visible: VisibleProjects, query: EventCountsQuery
) -> EventCountsResponse:
    """Count what SDKs sent to the projects that the caller may name, by what became of it."""
    keys, at = query.keys(), now()
    requested = query.time_range_or(timedelta(days=DAYS), at)
    steps = _steps(requested, query.interval, timedelta(hours=1))
    selected = [project.id for project in query.select(visible)]
    groups: dict[tuple[str | int | None, ...], Counter[int]] = {}
    with context.database.snapshot() as connection:
        for counted, numbers in count(connection, selected, steps).items():
            if query.selects(counted):
                values = tuple(getattr(counted, key) for key in keys)
                groups.setdefault(values, Counter()).update(numbers)
    return EventCountsResponse(
        start=steps.begins[0],
        end=requested[1],
        intervals=list(steps.begins),
        groups=[
            EventCountGroupResponse(
                by=dict(zip(keys, values, strict=True)),
                totals=dict.fromkeys(query.field, groups[values].total()),
                series=dict.fromkeys(query.field, _series(groups[values], steps)),
            )
            for values in sorted(groups, key=str)
        ],
    )


class ErrorCountsQuery(RequestModel):
    """A series of errors, and its time."""

    stat: Annotated[str | None, one_of(*_STATS, default="received")] = optional(
        "What is counted: `received` is all but what SDKs discarded, `generated` what is stored, `rejected` what was"
        " beyond a rate limit, and `blacklisted` what a filter dropped.",
        example="received",
    )
    since: DateTimeText = optional(
        "From this time on; by default a day before `until`.", example=1767225600
    )
    until: DateTimeText = optional("Up to this time; by default now.", example=1767312000)
    resolution: Annotated[str | None, one_of(*_RESOLUTIONS, default="1h")] = optional(
        "The length of a step.", example="1h"
    )


@endpoint.get("/organizations/{organization:str}/stats/", scopes=ORGANIZATION_READ)
def count_errors_of_organization(
    context: RequestContext, visible: VisibleProjects, query: ErrorCountsQuery
) -> list[list[int]]:
    """Count the errors that SDKs sent to the projects that the caller may name."""
    return _error_counts(context, [project.id for project in visible], query)


@endpoint.get("/teams/{organization:str}/{team:str}/stats/", scopes=TEAM_READ)
def count_errors_of_team(
    context: RequestContext, team: PathTeam, visible: VisibleProjects, query: ErrorCountsQuery
) -> list[list[int]]:
    """Count the errors that SDKs sent to the projects of a team that the caller may name."""
    with context.database.autocommit_read() as connection:
        owned = projects.ids_of_team(connection, team.id)
    return _error_counts(context, [row.id for row in visible if row.id in owned], query)


@endpoint.get("/projects/{organization:str}/{project:str}/stats/", scopes=PROJECT_READ)
def count_of_project(
    context: RequestContext, project: PathProject, query: ErrorCountsQuery
) -> list[list[int]]:
    """Count the errors that SDKs sent to a project: the start of each step, in seconds since 1970, with its number."""
    return _error_counts(context, [project.id], query)


def _error_counts(
    context: RequestContext, project_ids: Sequence[int], query: ErrorCountsQuery
) -> list[list[int]]:
    """Return the start of each step, in seconds since 1970, with its number. Raise `BadRequest`."""
    if (stat := query.stat or "received") not in _STATS:
        raise BadRequest(f"Invalid stat. Use one of {', '.join(_STATS)}.")
    if (resolution := query.resolution or "1h") not in _RESOLUTIONS:
        raise BadRequest(f"Invalid resolution. Use one of {', '.join(_RESOLUTIONS)}.")
    steps = _steps(_asked_range(query, now()), None, _RESOLUTIONS[resolution])
    total = Counter[int]()
    with context.database.snapshot() as connection:
        for counted, numbers in count(connection, project_ids, steps).items():
            if counted.category in _ERRORS and counted.outcome in _STATS[stat]:
                total.update(numbers)
    moments = (int(begin.timestamp()) for begin in steps.begins)
    return [list(point) for point in zip(moments, _series(total, steps), strict=True)]


def _asked_range(query: ErrorCountsQuery, at: datetime) -> Range:
    until = time_range.parse_moment(query.until) if query.until else at
    try:
        since = time_range.parse_moment(query.since) if query.since else until - timedelta(days=1)
    except OverflowError:
        raise BadRequest("Invalid date range: until is too long ago") from None
    if since >= until:
        raise BadRequest("Invalid date range: since must be before until")
    return since, until


def _steps(requested: Range, interval: str | None, default: timedelta) -> Steps:
    """Return the steps of a time. Raise `BadRequest` for an interval that is none, or makes too many of them."""
    return Steps(begins=time_range.steps(requested, interval, default), range=requested)


def _series(numbers: Counter[int], steps: Steps) -> list[int]:
    return [numbers[index] for index in range(len(steps.begins))]
