"""Counts of errors and new issues in time windows, by one statement for all windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Integer, Select, and_, bindparam, func, or_, select

from shipmark.events.store import events
from shipmark.infrastructure.database import Id, UtcDateTime, json_rows, rows_param
from shipmark.issues.store.issues import issues
from shipmark.issues.store.occurrences import issue_environments
from shipmark.projects.store import environments
from shipmark.releases.store.releases import releases
from shipmark.releases.thresholds import Watch

_WINDOWS = json_rows(
    "windows",
    number=Integer(),
    project_id=Id,
    release_id=Id,
    environment_id=Id,
    begins_at=UtcDateTime(),
    ends_at=UtcDateTime(),
)
_W = _WINDOWS.c

_ERRORS = (
    select(_W.number, func.count(events.c.id))
    .join(
        events,
        and_(
            events.c.release_id == _W.release_id,
            events.c.project_id == _W.project_id,
            events.c.happened_at >= _W.begins_at,
            events.c.happened_at < _W.ends_at,
            or_(_W.environment_id.is_(None), events.c.environment_id == _W.environment_id),
        ),
    )
    .group_by(_W.number)
)
_NEW_ISSUES = (
    select(_W.number, func.count(issues.c.id))
    .join(
        issues,
        and_(
            issues.c.first_release_id == _W.release_id,
            issues.c.project_id == _W.project_id,
            issues.c.first_seen_at >= _W.begins_at,
            issues.c.first_seen_at < _W.ends_at,
        ),
    )
    .where(_W.environment_id.is_(None))
    .group_by(_W.number)
)
_NEW_ISSUES_THERE = (
    select(_W.number, func.count(issues.c.id))
    .join(
        issue_environments,
        and_(
            issue_environments.c.first_release_id == _W.release_id,
            issue_environments.c.environment_id == _W.environment_id,
            issue_environments.c.first_seen_at >= _W.begins_at,
            issue_environments.c.first_seen_at < _W.ends_at,
        ),
    )
    .join(
        issues,
        and_(issues.c.id == issue_environments.c.issue_id, issues.c.project_id == _W.project_id),
    )
    .group_by(_W.number)
)

_STEPS = json_rows("steps", number=Integer(), begins_at=UtcDateTime(), ends_at=UtcDateTime())
_EVENTS_OF_ISSUE = (
    select(_STEPS.c.number, func.count(events.c.id))
    .join(
        events,
        and_(
            events.c.issue_id == bindparam("issue_id", type_=Id),
            events.c.happened_at >= _STEPS.c.begins_at,
            events.c.happened_at < _STEPS.c.ends_at,
        ),
    )
    .group_by(_STEPS.c.number)
)
_EVENTS_OF_ISSUE_IN_RELEASE = _EVENTS_OF_ISSUE.where(
    events.c.release_id == bindparam("release_id", type_=Id)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The number of events from a release and an environment; each name may be empty."""

    version: str
    environment: str
    event_count: int


def errors(connection: Connection, watches: Sequence[Watch]) -> dict[int, int]:
    """Return the number of errors in each window, by its index; windows without errors are left out."""
    return _counted(connection, watches, _ERRORS)


def new_issues(connection: Connection, watches: Sequence[Watch]) -> dict[int, int]:
    """Return the number of issues first seen in the release in each window: overall, or in the environment."""
    result = _counted(connection, watches, _NEW_ISSUES)
    return result | _counted(connection, watches, _NEW_ISSUES_THERE)


def events_of_issue(
    connection: Connection,
    issue_id: int,
    release_id: int | None,
    begins: Sequence[datetime],
    length: timedelta,
) -> list[int]:
    """Return the number of events of the issue in each interval of that length: in a release, or in all.

    Those of all releases are counted in an index.
    """
    value = rows_param("steps", ((number, at, at + length) for number, at in enumerate(begins)))
    parameters: dict[str, object] = {"issue_id": issue_id}
    query = _EVENTS_OF_ISSUE
    if release_id is not None:
        query, parameters["release_id"] = _EVENTS_OF_ISSUE_IN_RELEASE, release_id
    result = _numbers(connection.execute(query, value | parameters).all())
    return [result.get(number, 0) for number in range(len(begins))]


def origins_of_issue(connection: Connection, issue_id: int, *, limit: int) -> list[Origin]:
    """Return the releases and environments of the issue's newest events, of which at most ``limit`` are counted."""
    newest = (
        select(events.c.release_id, events.c.environment_id)
        .where(events.c.issue_id == issue_id)
        .order_by(events.c.happened_at.desc(), events.c.id.desc())
        .limit(limit)
        .subquery("newest")
    )
    counted = (
        select(newest.c.release_id, newest.c.environment_id, func.count().label("event_count"))
        .group_by(newest.c.release_id, newest.c.environment_id)
        .subquery()
    )
    query = (
        select(releases.c.version, environments.c.name, counted.c.event_count)
        .select_from(counted)
        .outerjoin(releases, releases.c.id == counted.c.release_id)
        .outerjoin(environments, environments.c.id == counted.c.environment_id)
    )
    return [
        Origin(version=version or "", environment=environment or "", event_count=count)
        for version, environment, count in connection.execute(query)
    ]


def _counted(
    connection: Connection, watches: Sequence[Watch], query: Select[int, int]
) -> dict[int, int]:
    if not watches:
        return {}
    parameters = rows_param(
        "windows", (_window(number, watch) for number, watch in enumerate(watches))
    )
    return _numbers(connection.execute(query, parameters).all())


def _window(number: int, watch: Watch) -> Sequence[object]:
    threshold = watch.threshold
    environment_id = threshold.environment.id if threshold.environment else None
    place = (threshold.project_id, watch.release.id, environment_id)
    return (number, *place, watch.begins_at, watch.ends_at)


def _numbers(counts: Sequence[tuple[int, int]]) -> dict[int, int]:
    return dict(counts)
