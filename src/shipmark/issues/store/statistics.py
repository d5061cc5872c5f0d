"""Counts of errors and new issues in time windows, by one statement for all windows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from shipmark.events.store import events
from shipmark.infrastructure.database import Id, UtcDateTime, json_rows, rows_param
from shipmark.issues.store.issues import IS_VISIBLE, issues
from shipmark.issues.store.occurrences import issue_environments
from shipmark.issues.store.retention import thinned_event_counts as thinned
from shipmark.releases.thresholds import Watch

_WINDOWS = json_rows(
    "windows",
    number=sa.Integer(),
    project_id=Id,
    release_id=Id,
    environment_id=Id,
    begins_at=UtcDateTime(),
    ends_at=UtcDateTime(),
)
_W = _WINDOWS.c


def _counts(
    rows: sa.Subquery,
    counted: sa.Column[int],
    moment: sa.Column[datetime],
    *conditions: sa.ColumnElement[bool],
) -> sa.Select[int, int]:
    """Return the query for the number of rows with a moment in each window, and for which the conditions hold."""
    return _totals(rows, sa.func.count(counted), moment, *conditions)


def _totals(
    rows: sa.Subquery,
    total: sa.ColumnElement[int],
    moment: sa.Column[datetime],
    *conditions: sa.ColumnElement[bool],
) -> sa.Select[int, int]:
    is_within = sa.and_(moment >= rows.c.begins_at, moment < rows.c.ends_at)
    query = sa.select(rows.c.number, total)
    return query.join(moment.table, sa.and_(is_within, *conditions)).group_by(rows.c.number)


_ERRORS = _counts(
    _WINDOWS,
    events.c.id,
    events.c.happened_at,
    events.c.release_id == _W.release_id,
    events.c.project_id == _W.project_id,
    sa.or_(_W.environment_id.is_(None), events.c.environment_id == _W.environment_id),
)
_THINNED = sa.cast(sa.func.sum(thinned.c.event_count), Id)
_THINNED_ERRORS = _totals(
    _WINDOWS,
    _THINNED,
    thinned.c.minute,
    thinned.c.release_id == _W.release_id,
    thinned.c.project_id == _W.project_id,
    sa.or_(_W.environment_id.is_(None), thinned.c.environment_id == _W.environment_id),
)
_NEW_ISSUES = _counts(
    _WINDOWS,
    issues.c.id,
    issues.c.first_seen_at,
    issues.c.first_release_id == _W.release_id,
    issues.c.project_id == _W.project_id,
).where(_W.environment_id.is_(None))
_NEW_ISSUES_THERE = _counts(
    _WINDOWS,
    issues.c.id,
    issue_environments.c.first_seen_at,
    issue_environments.c.first_release_id == _W.release_id,
    issue_environments.c.environment_id == _W.environment_id,
).join(
    issues,
    sa.and_(issues.c.id == issue_environments.c.issue_id, issues.c.project_id == _W.project_id),
)
_STEPS = json_rows("steps", number=sa.Integer(), begins_at=UtcDateTime(), ends_at=UtcDateTime())
_EVENTS_OF_ISSUE = _counts(
    _STEPS,
    events.c.id,
    events.c.happened_at,
    events.c.issue_id == sa.bindparam("issue_id", type_=Id),
)
_THINNED_OF_ISSUE = _totals(
    _STEPS,
    _THINNED,
    thinned.c.minute,
    thinned.c.issue_id == sa.bindparam("issue_id", type_=Id),
)
_RELEASE_ID = sa.bindparam("release_id", type_=Id)
_EVENTS_OF_ISSUE_IN_RELEASE = _EVENTS_OF_ISSUE.where(events.c.release_id == _RELEASE_ID)
_THINNED_OF_ISSUE_IN_RELEASE = _THINNED_OF_ISSUE.where(thinned.c.release_id == _RELEASE_ID)
_SPANS = json_rows(
    "spans",
    number=sa.Integer(),
    project_id=Id,
    release_id=Id,
    begins_at=UtcDateTime(),
    ends_at=UtcDateTime(),
)
#: In a span at most this many events and issues are counted, so that the cost is limited.
EVENTS_MAX = 5000
ISSUES_MAX = 1000


def _counted_up(
    moment: sa.Column[Any], most: int, *conditions: sa.ColumnElement[bool]
) -> sa.ScalarSelect[int]:
    """Return the number of rows with a moment in the span, up to the limit, counted in an index."""
    found = _found(moment, moment, most, *conditions)
    return sa.select(sa.func.count()).select_from(found).correlate(_SPANS).scalar_subquery()


def _found(
    column: sa.Column[Any], moment: sa.Column[Any], most: int, *conditions: sa.ColumnElement[bool]
) -> sa.Subquery:
    """Return the column of the rows with a moment in the span, of at most so many rows."""
    return (
        sa.select(column)
        .where(moment >= _SPANS.c.begins_at, moment < _SPANS.c.ends_at, *conditions)
        .limit(most)
        .correlate(_SPANS)
        .subquery("found")
    )


_thinned_of_release = _found(
    thinned.c.event_count,
    thinned.c.minute,
    EVENTS_MAX,
    thinned.c.release_id == _SPANS.c.release_id,
    thinned.c.project_id == _SPANS.c.project_id,
)
_EVENTS_OF_RELEASES = sa.select(
    _SPANS.c.number,
    _counted_up(
        events.c.happened_at,
        EVENTS_MAX,
        events.c.release_id == _SPANS.c.release_id,
        events.c.project_id == _SPANS.c.project_id,
    ),
    sa.select(sa.cast(sa.func.coalesce(sa.func.sum(_thinned_of_release.c.event_count), 0), Id))
    .correlate(_SPANS)
    .scalar_subquery(),
)
_NEW_AND_RESOLVED = sa.select(
    _SPANS.c.number,
    _counted_up(
        issues.c.first_seen_at,
        ISSUES_MAX,
        issues.c.project_id == _SPANS.c.project_id,
        IS_VISIBLE,
    ),
    _counted_up(
        issues.c.resolved_at,
        ISSUES_MAX,
        issues.c.project_id == _SPANS.c.project_id,
        issues.c.resolved_at.is_not(None),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A range of time in a project, and perhaps a release. Spans with the same number are counted together."""

    number: int
    project_id: int
    begins_at: datetime
    ends_at: datetime
    release_id: int = 0


def events_of_releases(connection: sa.Connection, spans: Sequence[Span]) -> Counter[int]:
    """Return the number of events by the number of the spans, of each at most `EVENTS_MAX`."""
    total = Counter[int]()
    if spans:
        for number, count, thinned_count in connection.execute(
            _EVENTS_OF_RELEASES, _spans_param(spans)
        ):
            total[number] += min(count + thinned_count, EVENTS_MAX)
    return total


def new_and_resolved(
    connection: sa.Connection, spans: Sequence[Span]
) -> tuple[Counter[int], Counter[int]]:
    """Return the numbers of issues that were new and that were resolved, by the number of the spans.

    An issue that was reopened is not resolved any more.
    """
    new, resolved = Counter[int](), Counter[int]()
    if spans:
        for number, of_new, of_resolved in connection.execute(
            _NEW_AND_RESOLVED, _spans_param(spans)
        ):
            new[number] += of_new
            resolved[number] += of_resolved
    return new, resolved


def _spans_param(spans: Sequence[Span]) -> dict[str, str]:
    return rows_param(
        "spans",
        (
            (span.number, span.project_id, span.release_id, span.begins_at, span.ends_at)
            for span in spans
        ),
    )


def errors(connection: sa.Connection, watches: Sequence[Watch]) -> dict[int, int]:
    """Return the number of errors in each window, by its index; windows without errors are left out.

    What was deleted because an issue had too many events counts by its minute.
    """
    stored = Counter(_counted(connection, watches, _ERRORS))
    return dict(stored + Counter(_counted(connection, watches, _THINNED_ERRORS)))


def new_issues(connection: sa.Connection, watches: Sequence[Watch]) -> dict[int, int]:
    """Return the number of issues first seen in the release in each window: overall, or in the environment."""
    overall = _counted(connection, watches, _NEW_ISSUES)
    return overall | _counted(connection, watches, _NEW_ISSUES_THERE)


def events_of_issue(
    connection: sa.Connection,
    issue_id: int,
    release_id: int | None,
    begins: Sequence[datetime],
    length: timedelta,
) -> list[int]:
    """Return the number of events of the issue in each interval of that length: in a release, or in all.

    Those of all releases are counted in an index. What was deleted because there were too many counts by its minute.
    """
    value = rows_param("steps", ((number, at, at + length) for number, at in enumerate(begins)))
    parameters: dict[str, object] = {"issue_id": issue_id}
    queries = (_EVENTS_OF_ISSUE, _THINNED_OF_ISSUE)
    if release_id is not None:
        queries = (_EVENTS_OF_ISSUE_IN_RELEASE, _THINNED_OF_ISSUE_IN_RELEASE)
        parameters["release_id"] = release_id
    counts = Counter[int]()
    for query in queries:
        for number, count in connection.execute(query, value | parameters):
            counts[number] += count
    return [counts[number] for number in range(len(begins))]


def _counted(
    connection: sa.Connection, watches: Sequence[Watch], query: sa.Select[int, int]
) -> dict[int, int]:
    if not watches:
        return {}
    windows = rows_param("windows", map(_window, range(len(watches)), watches))
    return {number: count for number, count in connection.execute(query, windows)}


def _window(number: int, watch: Watch) -> Sequence[object]:
    threshold = watch.threshold
    environment_id = threshold.environment.id if threshold.environment else None
    key = (threshold.project_id, watch.release.id, environment_id)
    return (number, *key, watch.begins_at, watch.ends_at)
