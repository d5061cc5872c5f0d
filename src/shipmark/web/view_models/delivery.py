"""The view model of delivery: the metrics of a period beside those of the one before, for all projects and for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.delivery import reports
from shipmark.delivery.metrics import DeliveryMetrics, in_period, merged, metrics
from shipmark.delivery.model import ClassifiedDeploy, FailureReason, Outcome
from shipmark.delivery.reports import DEFAULT_ENVIRONMENT, DeliveryReport
from shipmark.deploys.store.live_deploys import live_in
from shipmark.projects.model import Project
from shipmark.web import urls
from shipmark.web.request_context import WebRequest, Workspace
from shipmark.web.template_filters import duration
from shipmark.web.view_models.delivery_charts import DeliveryCharts, delivery_charts
from shipmark.web.view_models.delivery_periods import (
    DEFAULT_PERIOD,
    PERIODS,
    DeliveryPeriod,
    period_of,
)
from shipmark.web.view_models.release_search import environments_of

#: Failed changes that are listed at most, the newest.
FAILURES_SHOWN = 50
_WEEK = timedelta(days=7)
_REASONS = {
    FailureReason.MARKED: "marked as regressed",
    FailureReason.ROLLED_BACK: "rolled back",
    FailureReason.REGRESSED: "regressed",
    FailureReason.FIXED: "fixed within a day",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySearch:
    """The requested period, project and environment. Values that do not exist are replaced by the defaults."""

    period: str = DEFAULT_PERIOD
    project: str = ""
    environment: str = DEFAULT_ENVIRONMENT
    environments: tuple[str, ...] = ()

    def address(self, organization: str, *, period: str = "", project: str = "") -> str:
        """Return the URL of the page with another period or project."""
        chosen = period or self.period
        is_default = self.environment == DEFAULT_ENVIRONMENT
        return urls.delivery(
            organization,
            period="" if chosen == DEFAULT_PERIOD else chosen,
            project=project or self.project,
            environment="" if is_default else self.environment,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A metric in words; ``value`` is empty if there is nothing to measure.

    ``change`` is its difference to the period before, if both have enough changes for a trend.
    """

    name: str
    value: str
    unit: str
    was: str
    change: str = ""
    is_up: bool = False
    is_good: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFigures:
    """The metrics of a project in words."""

    project: Project
    figures: tuple[Figure, ...]
    commits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedChange:
    """A failed change in the list."""

    deploy: ClassifiedDeploy
    project: Project
    reason: str
    recovery: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The page. Without changes in the period there are no charts; ``was_deployed`` if there ever was a deploy."""

    search: DeliverySearch
    words: str
    step: str
    average_words: str
    figures: tuple[Figure, ...]
    charts: DeliveryCharts | None
    projects: tuple[ProjectFigures, ...]
    failures: tuple[FailedChange, ...]
    failure_count: int
    pending_count: int
    has_trend: bool
    complete_since: datetime | None
    was_deployed: bool


def delivery_search(
    web_request: WebRequest, connection: Connection, workspace: Workspace
) -> DeliverySearch:
    """Return the search in the query parameters."""
    environments = environments_of(connection, workspace)
    period, project = web_request.parameter("period"), web_request.parameter("project")
    environment = web_request.parameter("environment")
    default = DEFAULT_ENVIRONMENT
    if environments and default not in environments:
        default = environments[0]
    return DeliverySearch(
        period=period if period in PERIODS else DEFAULT_PERIOD,
        project=project if project in {known.slug for known in workspace.projects} else "",
        environment=environment if environment in environments else default,
        environments=tuple(environments),
    )


def delivery(
    connection: Connection, workspace: Workspace, search: DeliverySearch, at: datetime
) -> Delivery:
    """Return the page, by a constant number of statements."""
    period = period_of(search.period, at)
    projects = {
        project.id: project
        for project in workspace.projects
        if search.project in {"", project.slug}
    }
    named = reports.environment_id(connection, workspace.organization.id, search.environment)
    report = reports.report(connection, named, projects, period.previous_start, at, at)
    deploys = merged(report.deploys.values())
    now, before = (
        metrics(deploys, period.start, at),
        metrics(deploys, period.previous_start, period.start),
    )
    listed = in_period(deploys, period.start, at)
    failed = [each for each in reversed(listed) if each.outcome == Outcome.FAILED]
    has_trend = (
        now.has_trend and before.has_trend and report.complete_since <= period.previous_start
    )
    return Delivery(
        search=search,
        words=period.choice.words,
        step=period.choice.step,
        average_words=period.choice.average_words,
        figures=_figures(now, before if has_trend else None),
        charts=delivery_charts(deploys, period, search.environment) if listed else None,
        projects=_of_projects(report, projects, period),
        failures=tuple(_failure(each, projects, at) for each in failed[:FAILURES_SHOWN]),
        failure_count=len(failed),
        pending_count=now.fail_rate.pending,
        has_trend=has_trend,
        complete_since=report.complete_since if report.complete_since > period.start else None,
        was_deployed=bool(listed or live_in(connection, projects, limit=1)),
    )


def _of_projects(
    report: DeliveryReport, projects: Mapping[int, Project], period: DeliveryPeriod
) -> tuple[ProjectFigures, ...]:
    """Return the projects with a change in the period, by their slugs."""
    measured = (
        (projects[project_id], metrics(deploys, period.start, period.end))
        for project_id, deploys in report.deploys.items()
    )
    figures = (
        ProjectFigures(
            project=project, figures=_figures(each, None), commits=each.lead_time.commits
        )
        for project, each in measured
        if each.frequency.changes
    )
    return tuple(sorted(figures, key=lambda each: each.project.slug))


def _failure(each: ClassifiedDeploy, projects: Mapping[int, Project], at: datetime) -> FailedChange:
    assert each.failure is not None, "it failed"
    length = each.time_to_recover
    recovery = f"after {duration(length)}" if length is not None else ""
    return FailedChange(
        deploy=each,
        project=projects[each.deploy.project_id],
        reason=_REASONS[each.failure.reason],
        recovery=recovery or f"open for {duration(at - each.deploy.finished_at)}",
    )


def _figures(now: DeliveryMetrics, before: DeliveryMetrics | None) -> tuple[Figure, ...]:
    """Return the five metrics, with their changes if there is something to compare with."""
    lead, was_lead = now.lead_time, before.lead_time if before else None
    p90 = f"p90 {duration(lead.p90)}" if lead.p90 is not None else ""
    fail, rework = now.fail_rate, now.rework
    failed = f"{fail.failed:,} of {fail.known:,}"
    reworked = f"{rework.rollbacks + rework.fixes:,} of {rework.changes + rework.rollbacks:,}"
    return (
        _frequency(now, before),
        _length("Lead time for changes", lead.median, was_lead.median if was_lead else None, p90),
        _share("Change failure rate", fail.rate, before.fail_rate.rate if before else None, failed),
        _length(
            "Time to restore",
            now.recovery.median,
            before.recovery.median if before else None,
            f"{len(now.recovery.open):,} open" if now.recovery.open else "",
        ),
        _share("Rework rate", rework.rate, before.rework.rate if before else None, reworked),
    )


def _frequency(now: DeliveryMetrics, before: DeliveryMetrics | None) -> Figure:
    weekly, was = (
        each.frequency.per_day * (_WEEK / timedelta(days=1)) if each else None
        for each in (now, before)
    )
    assert weekly is not None, "it is of this period"
    changes = f"{now.frequency.changes:,} in all"
    change, is_up = ("", False) if was is None else (f"{abs(weekly - was):.1f}", weekly > was)
    return Figure(
        name="Deploy frequency",
        value=f"{weekly:.1f}",
        unit="a week",
        was=_was(changes, None if was is None else f"{was:.1f}"),
        change="" if change == "0.0" else change,
        is_up=is_up,
        is_good=is_up,
    )


def _length(name: str, now: timedelta | None, was: timedelta | None, more: str) -> Figure:
    difference = abs(now - was) if now is not None and was is not None else timedelta()
    is_up = now is not None and was is not None and now > was
    return Figure(
        name=name,
        value=duration(now) if now is not None else "",
        unit="median" if now is not None else "",
        was=_was(more, None if was is None else duration(was)),
        change=duration(difference) if difference >= timedelta(minutes=1) else "",
        is_up=is_up,
        is_good=not is_up,
    )


def _share(name: str, now: float | None, was: float | None, more: str) -> Figure:
    difference = f"{100 * abs(now - was):.1f}" if now is not None and was is not None else "0.0"
    is_up = now is not None and was is not None and now > was
    return Figure(
        name=name,
        value=_in_percent(now) if now is not None else "",
        unit="of deploys" if now is not None else "",
        was=_was(more if now is not None else "", None if was is None else _in_percent(was)),
        change="" if difference == "0.0" else difference,
        is_up=is_up,
        is_good=not is_up,
    )


def _in_percent(share: float) -> str:
    return f"{100 * share:.1f}%" if share else "0%"


def _was(more: str, before: str | None) -> str:
    return ", ".join(part for part in (more, f"was {before}" if before else "") if part)
