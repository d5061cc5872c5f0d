"""The view model of the timeline: which release was live when, in each environment of each project."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise

from sqlalchemy import Connection

from shipmark.deploys.model import ProjectDeploy
from shipmark.deploys.store.live_deploys import between, last_before, live_in
from shipmark.infrastructure.clock import now
from shipmark.projects.model import Project
from shipmark.web import urls
from shipmark.web.request_context import WebRequest, Workspace
from shipmark.web.template_filters import duration
from shipmark.web.view_models.deployers import Deployer, deployers
from shipmark.web.view_models.issue_weeks import IssueWeeks, issue_weeks
from shipmark.web.view_models.live_now import production_first
from shipmark.web.view_models.release_search import environments_of
from shipmark.web.view_models.timeline_chart import Axis, Bar, axis_of, bars_of
from shipmark.web.view_models.timeline_range import TimelineRange, day_of

#: The choices of the range in days; the default.
RANGES = (7, 30, 90)
DEFAULT_DAYS = 30
#: Lanes, and rows of the list, that are shown at most.
LANES_MAX = 60
ROWS_SHOWN = 10
#: Deploys that are read at most.
DEPLOYS_MAX = 1000

#: A project and the name of an environment.
_LaneKey = tuple[int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineSearch:
    """The requested range and lanes. Values that do not exist are replaced by the defaults."""

    days: int = DEFAULT_DAYS
    until: date | None = None
    project: str = ""
    environment: str = ""
    shows_all: bool = False
    environments: tuple[str, ...] = ()

    def address(self, organization: str, *, days: int = 0, shows_all: bool = False) -> str:
        """Return the URL of the timeline with a range of another length, or with all deploys in its list."""
        length = days or self.days
        return urls.timeline(
            organization,
            days="" if length == DEFAULT_DAYS else length,
            until=self.until,
            project=self.project,
            environment=self.environment,
            deploys="all" if shows_all else "",
        )

    def address_until(self, organization: str, until: date | None) -> str:
        """Return the URL of the timeline of as many days until a day, or until now."""
        return replace(self, until=until).address(organization)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """An environment of a project; ``live`` is the deploy that was live there at the end, ``live_for`` since when."""

    project: Project
    environment: str
    is_first_of_project: bool
    bars: tuple[Bar, ...]
    live: ProjectDeploy | None
    live_for: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployRow:
    """A deploy in the list, with how long it was or has been live, and by whom, if that is known."""

    deploy: ProjectDeploy
    project: Project
    by: Deployer | None
    is_live: bool
    live_for: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The timeline. ``lane_count`` and ``deploy_count`` also count what is not shown.

    ``has_earlier`` if there were deploys before the range.
    """

    search: TimelineSearch
    range: TimelineRange
    has_earlier: bool
    axis: Axis
    lanes: tuple[Lane, ...]
    lane_count: int
    rows: tuple[DeployRow, ...]
    deploy_count: int
    issue_weeks: IssueWeeks | None

    @property
    def is_cut(self) -> bool:
        """Return True if there are more deploys in the range than are read."""
        return self.deploy_count >= DEPLOYS_MAX

    def draws(self, kind: str) -> bool:
        """Return True if there is a bar of this kind."""
        return any(bar.kind == kind for lane in self.lanes for bar in lane.bars)


def timeline_search(
    web_request: WebRequest, connection: Connection, workspace: Workspace
) -> TimelineSearch:
    """Return the search in the query parameters."""
    environments = environments_of(connection, workspace)
    days, project = web_request.parameter("days"), web_request.parameter("project")
    environment = web_request.parameter("environment")
    until = day_of(web_request.parameter("until"), now())
    return TimelineSearch(
        until=until,
        days=int(days) if days in {str(length) for length in RANGES} else DEFAULT_DAYS,
        project=project if project in {known.slug for known in workspace.projects} else "",
        environment=environment if environment in environments else "",
        shows_all=web_request.parameter("deploys") == "all",
        environments=tuple(environments),
    )


def timeline(
    connection: Connection, workspace: Workspace, search: TimelineSearch, at: datetime
) -> Timeline:
    """Return the timeline of the range, by at most eight statements."""
    history = _history(connection, workspace, search, at)
    shown, recent = history.range, history.recent
    lanes = _lanes(history)
    listed = recent if search.shows_all else recent[:ROWS_SHOWN]
    by = deployers(connection, workspace.organization.id, listed)
    return Timeline(
        search=search,
        range=shown,
        has_earlier=history.has_earlier,
        axis=axis_of(shown.start, shown.end),
        lanes=tuple(lanes[:LANES_MAX]),
        lane_count=len(lanes),
        rows=tuple(_rows(history, listed, by)),
        deploy_count=len(recent),
        issue_weeks=issue_weeks(connection, history.projects, shown.last_moment),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _History:
    """The deploys of the range in the selected projects and environments.

    ``recent`` are those in the range, the last one first; ``live`` is what is live now, and ``by_lane`` has the deploys
    of each lane, from the one that was live when the range began.
    """

    range: TimelineRange
    projects: Mapping[int, Project]
    recent: Sequence[ProjectDeploy]
    live: Mapping[_LaneKey, ProjectDeploy]
    by_lane: Mapping[_LaneKey, Sequence[ProjectDeploy]]
    has_earlier: bool


def _history(
    connection: Connection, workspace: Workspace, search: TimelineSearch, at: datetime
) -> _History:
    shown = TimelineRange(days=search.days, until=search.until, now=at)
    by_id = {
        project.id: project
        for project in workspace.projects
        if search.project in {"", project.slug}
    }
    of_range = between(
        connection, workspace.organization.id, by_id, shown.start, shown.end, limit=DEPLOYS_MAX
    )
    recent = _selected(of_range, search)
    live = {
        (deploy.project_id, deploy.environment): deploy
        for deploy in _selected(live_in(connection, by_id, limit=DEPLOYS_MAX), search)
    }
    # A lane without deploys since the range may have had its live one before it.
    known = [*recent, *live.values()] if shown.until else recent
    lanes_of_range = {(deploy.project_id, deploy.environment_id) for deploy in known}
    earlier = last_before(connection, lanes_of_range, shown.start)
    return _History(
        range=shown,
        projects=by_id,
        recent=recent,
        live=live,
        by_lane=_by_lane([*recent, *earlier], live, shown),
        has_earlier=bool(earlier) or any(each.finished_at < shown.start for each in live.values()),
    )


def _selected(deploys: Sequence[ProjectDeploy], search: TimelineSearch) -> Sequence[ProjectDeploy]:
    return [deploy for deploy in deploys if search.environment in {"", deploy.environment}]


def _by_lane(
    deploys: Sequence[ProjectDeploy],
    live: Mapping[_LaneKey, ProjectDeploy],
    shown: TimelineRange,
) -> dict[_LaneKey, list[ProjectDeploy]]:
    """Return the deploys of each lane, the earliest first; a lane without any until now has its live one."""
    by_lane: dict[_LaneKey, list[ProjectDeploy]] = {}
    for deploy in sorted(deploys, key=lambda deploy: (deploy.finished_at, deploy.id)):
        by_lane.setdefault((deploy.project_id, deploy.environment), []).append(deploy)
    for key, deploy in live.items() if shown.until is None else ():
        by_lane.setdefault(key, [deploy])
    return by_lane


def _lanes(history: _History) -> list[Lane]:
    """Return the lanes by project, with production first."""
    by_lane, by_id, shown = history.by_lane, history.projects, history.range
    keys = sorted(
        by_lane,
        key=lambda key: (by_id[key[0]].slug, production_first(by_lane[key][0])),
    )
    lanes = list[Lane]()
    for key in keys:
        project, current = by_id[key[0]], history.live.get(key)
        last = by_lane[key][-1] if shown.until else current
        lane = Lane(
            project=project,
            environment=key[1],
            is_first_of_project=not lanes or lanes[-1].project != project,
            bars=bars_of(by_lane[key], current, shown),
            live=last,
            live_for=duration(shown.end - last.finished_at) if last else "",
        )
        lanes.append(lane)
    return lanes


def _rows(
    history: _History,
    listed: Sequence[ProjectDeploy],
    by: Mapping[tuple[int, int], Deployer],
) -> list[DeployRow]:
    replaced_at = {
        (deploy.project_id, deploy.id): later.finished_at
        for deploys in history.by_lane.values()
        for deploy, later in pairwise(deploys)
    }
    rows = []
    for deploy in listed:
        key = (deploy.project_id, deploy.id)
        current = history.live.get((deploy.project_id, deploy.environment))
        is_live = current is not None and current.id == deploy.id
        row = DeployRow(
            deploy=deploy,
            project=history.projects[deploy.project_id],
            by=by.get(key),
            is_live=is_live,
            live_for=history.range.live_for(
                deploy.finished_at, replaced_at.get(key), is_live=is_live
            ),
        )
        rows.append(row)
    return rows
