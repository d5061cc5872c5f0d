"""Query parameters of questions about sessions (releases.md 2.21)."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from shipmark.api.queries import (
    Bit,
    EnvironmentQuery,
    PageQuery,
    ProjectQuery,
    TimeRangeQuery,
    one_of,
    page_size,
)
from shipmark.api.release_health import session_search
from shipmark.http.pagination.offset import PageRequest
from shipmark.http.time_range import STEPS_MAX, TOO_MANY_STEPS
from shipmark.http.validation import optional, repeatable
from shipmark.infrastructure.errors import BadRequest
from shipmark.release_health.model import DAY
from shipmark.release_health.session_query import FIELDS, Condition, GroupKey, SessionQuery

#: The groups of a page.
GROUPS_MAX = 5000
#: The order by the dates of releases, and how many releases such a list has at most.
BY_DATE = "release.timestamp"
DATED_MAX = 100
_RANGE = timedelta(days=90)
_INTERVAL_MIN, _HOUR = 10, 3600
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": DAY, "w": 7 * DAY}
_INTERVAL = re.compile(r"(\d{1,6})([smhdw]?)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """The time to look at, in seconds since 1970, in whole intervals; ``shown_end`` may be earlier than the last."""

    start: int
    end: int
    seconds: int
    shown_end: int

    @property
    def starts(self) -> list[int]:
        """Return the starts of the intervals."""
        return list(range(self.start, self.end, self.seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOrder:
    """The order of groups: by a field, or by the dates of releases."""

    name: str
    is_ascending: bool

    @property
    def by_date(self) -> bool:
        """Return whether groups are ordered by the dates of releases."""
        return self.name == BY_DATE


class SessionsQuery(EnvironmentQuery, ProjectQuery, TimeRangeQuery, PageQuery):
    """A question about sessions: fields, by groups, over time."""

    field: list[Annotated[str, one_of(*FIELDS)]] = repeatable(
        "What is counted.", example="sum(session)"
    )
    group_by: list[Annotated[str, one_of(*GroupKey)]] = repeatable(
        "What sessions are grouped by.", example="release"
    )
    order_by: list[str] = repeatable(
        "A field that groups are ordered by, with `-` before it the largest first; or `release.timestamp`.",
        example="-sum(session)",
    )
    interval: str | None = optional("The length of a step of the series.", example="1h")
    query: str | None = optional(
        "Conditions on `release`, `environment`, `project` and `session.status`.",
        example="release:web@1.0.0",
    )
    include_series: Bit = optional("`0` leaves out the series.", example="1")
    include_totals: Bit = optional("`0` leaves out the totals.", example="1")
    per_page: Annotated[str | None, page_size(GROUPS_MAX)] = optional(
        f"The groups of a page, at most {GROUPS_MAX}.", alias="per_page", example=10
    )

    def question(self) -> SessionQuery:
        """Return what is asked for. Raise `BadRequest` for fields, groups and conditions that do not go together."""
        if not self.field:
            raise BadRequest('Request is missing a "field"')
        for name in self.field:
            if name not in FIELDS:
                raise BadRequest(f'Invalid field: "{name}"')
        for name in self.group_by:
            if name not in list(GroupKey):
                raise BadRequest(f'Invalid groupBy: "{name}"')
        conditions, statuses = session_search.parse(self.query or "")
        question = SessionQuery(
            fields=list(dict.fromkeys(self.field)),
            group_by=[GroupKey(name) for name in dict.fromkeys(self.group_by)],
            conditions=list[Condition](conditions),
            statuses=statuses,
        )
        _check_statuses(question)
        return question

    def order(self, question: SessionQuery) -> SessionOrder:
        """Return the order of groups. Raise `BadRequest` for one that the question does not allow."""
        if len(self.order_by) > 1:
            raise BadRequest("Cannot order by multiple fields")
        if not self.order_by:
            default = "sum(session)"
            name = default if default in question.fields else question.fields[0]
            return SessionOrder(name=name, is_ascending=False)
        name = self.order_by[0].removeprefix("-")
        if GroupKey.STATUS in question.group_by:
            raise BadRequest("Cannot use 'orderBy' when grouping by sessions.status")
        if name == BY_DATE:
            if GroupKey.RELEASE not in question.group_by:
                detail = "To sort by release.timestamp, tag release must be in the groupBy"
                raise BadRequest(detail)
        elif name not in question.fields:
            raise BadRequest("'orderBy' must be one of the provided 'fields'")
        return SessionOrder(name=name, is_ascending=not self.order_by[0].startswith("-"))

    def groups_page(self, order: SessionOrder) -> PageRequest:
        """Return the page of groups. Raise `BadRequest` for one that the order does not allow."""
        if not order.by_date:
            return self.page(most=GROUPS_MAX)
        page = self.page(most=DATED_MAX)
        if page.skipped:
            raise BadRequest(
                "Passing an offset value greater than 0 when ordering by"
                " release.timestamp is not permitted"
            )
        return page

    def intervals(self, at: datetime) -> Intervals:
        """Return the time in whole intervals. Raise `BadRequest` for an interval that can't be, or too many."""
        seconds = _interval_of(self.interval or "1h")
        begin, end = self.time_range_or(_RANGE, at)
        is_explicit = bool(self.end) and not self.is_relative
        # An explicit end is part of the time.
        last = int(end.timestamp()) + (1 if is_explicit else 0)
        step = max(seconds, _HOUR) if seconds >= 60 else seconds
        span = -(-(last - int(begin.timestamp())) // step) * step
        rounded_end = -(-last // step) * step
        start = (rounded_end - span) // seconds * seconds
        if -((start - rounded_end) // seconds) > STEPS_MAX:
            raise BadRequest(TOO_MANY_STEPS)
        next_minute = -(-int(at.timestamp()) // 60) * 60
        return Intervals(
            start=start, end=rounded_end, seconds=seconds, shown_end=min(rounded_end, next_minute)
        )


def _interval_of(text: str) -> int:
    match = _INTERVAL.fullmatch(text)
    if match is None:
        raise BadRequest(f"Invalid interval: '{text}'")
    seconds = int(match[1]) * _SECONDS[match[2] or "s"]
    if seconds <= 0 or seconds % _INTERVAL_MIN:
        detail = "The interval has to be a multiple of the minimum interval of ten seconds."
        raise BadRequest(detail)
    if seconds > DAY:
        raise BadRequest("The interval has to be less than one day.")
    if DAY % seconds:
        raise BadRequest("The interval should divide one day without a remainder.")
    return seconds


def _check_statuses(question: SessionQuery) -> None:
    is_grouped = GroupKey.STATUS in question.group_by
    for name in question.fields:
        if FIELDS[name].of_status is not None:
            continue
        if is_grouped:
            raise BadRequest(f"Cannot group field {name} by session.status")
        if question.statuses is not None:
            raise BadRequest(f"Cannot filter field {name} by session.status")
    is_several = question.statuses is not None and len(question.statuses) > 1
    if is_several and not is_grouped and "count_unique(user)" in question.fields:
        raise BadRequest(
            "Cannot filter count_unique by multiple session.status unless it is in groupBy"
        )
