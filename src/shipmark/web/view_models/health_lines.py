"""What lists show of the health of releases: a line for each."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from sqlalchemy import Connection

from shipmark.release_health import overviews
from shipmark.release_health.model import crash_free
from shipmark.release_health.overviews import HealthRequest, ReleaseHealth
from shipmark.release_health.store.pair_buckets import Pair, project_pair
from shipmark.verdicts.store import verdicts
from shipmark.web.charts import sparkline

_NO_COURSE = Markup()


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthLine:
    """The health of a release in its visible projects: percentages, None without sessions.

    Crash-free rates are of the last 14 days, adoption is the share of sessions of the last 24 hours, with its course.
    ``regressed_in`` are the environments in which the release is worse than the one before it.
    """

    crash_free_users: float | None = None
    crash_free_sessions: float | None = None
    adoption: float | None = None
    course: Markup = _NO_COURSE
    regressed_in: tuple[str, ...] = ()


NO_HEALTH = HealthLine()


def health_lines(
    connection: Connection,
    project_ids: Mapping[int, Collection[int]],
    at: datetime,
    used_project_ids: Collection[int] | None = None,
) -> dict[int, HealthLine]:
    """Return the health of releases, given by their visible projects; of all, or none if these have no sessions.

    Which projects have any is looked up, unless the caller knows.
    """
    projects = {each for ids in project_ids.values() for each in ids}
    if used_project_ids is None:
        used_project_ids = overviews.projects_with_sessions(connection, projects)
    if projects.isdisjoint(used_project_ids):
        return {}
    pairs = [(project, release) for release, ids in project_ids.items() for project in ids]
    health = overviews.of_pairs(
        connection, {*pairs, *map(project_pair, projects)}, HealthRequest(), at
    )
    regressed = verdicts.regressed_environments(connection, project_ids, projects)
    return {
        release: _line([(project, release) for project in ids], health, regressed.get(release, ()))
        for release, ids in project_ids.items()
    }


def _line(
    pairs: Sequence[Pair], health: Mapping[Pair, ReleaseHealth], regressed_in: Sequence[str]
) -> HealthLine:
    summaries = [standing for pair in pairs if (standing := health[pair].summary)]
    # Users of several projects are added: those of all of them together are not kept.
    users = sum(each.users for each in summaries)
    sessions = sum(each.sessions for each in summaries)
    return HealthLine(
        crash_free_users=crash_free(sum(each.users_crashed for each in summaries), users),
        crash_free_sessions=crash_free(sum(each.crashed for each in summaries), sessions),
        adoption=_adoption(pairs, health),
        course=_course(pairs, health) if summaries else _NO_COURSE,
        regressed_in=tuple(regressed_in),
    )


def _adoption(pairs: Sequence[Pair], health: Mapping[Pair, ReleaseHealth]) -> float | None:
    own = sum(each.sessions for pair in pairs if (each := health[pair].day))
    days = [health[project_pair(project)].day for project, _ in pairs]
    whole = sum(each.sessions for each in days if each)
    return own / whole * 100 if whole and own else None


def _course(pairs: Sequence[Pair], health: Mapping[Pair, ReleaseHealth]) -> Markup:
    """Return the share of sessions in each hour of the last day, as a small line.

    An hour without any keeps the share before it.
    """
    own = [health[pair].history for pair in pairs]
    whole = [health[project_pair(project)].history for project, _ in pairs]
    shares, share = list[float](), 0.0
    for hours, project_hours in zip(zip(*own, strict=True), zip(*whole, strict=True), strict=True):
        number = sum(project_hours)
        if number:
            share = sum(hours) / number
        shares.append(share)
    return sparkline(shares)
