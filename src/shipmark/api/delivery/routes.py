"""``organizations/{org}/delivery/``: how projects deliver to an environment (verdict.md 4)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection

from shipmark.api.delivery.responses import (
    DeliveryIntervalResponse,
    DeliveryResponse,
    ProjectDeliveryResponse,
    deploy_responses,
    metrics_fields,
)
from shipmark.api.queries import PeriodText, ProjectQuery, TimeRangeQuery
from shipmark.delivery import reports
from shipmark.delivery.metrics import in_period, metrics
from shipmark.delivery.model import ClassifiedDeploy
from shipmark.delivery.reports import DEFAULT_ENVIRONMENT, report
from shipmark.http import endpoint, time_range
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import RELEASE_READ
from shipmark.http.time_range import Range
from shipmark.http.validation import optional
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound, ValidationFailed
from shipmark.projects.model import Project

BASE_PATH = "/api/0/organizations/{organization:str}/delivery"
#: The longest period. The same time as a page shows, with the time that it is compared with.
PERIOD_MAX = timedelta(days=732)
_PERIOD = timedelta(days=90)
_INTERVAL = timedelta(days=7)
_INTERVAL_MIN = timedelta(days=1)


class DeliveryQuery(ProjectQuery, TimeRangeQuery):
    """The projects, the environment and the period."""

    environment: str | None = optional(
        f"The environment, by default `{DEFAULT_ENVIRONMENT}`.", example="production"
    )
    interval: PeriodText = optional(
        "The length of the steps of the series, at least a day, by default a week.", example="1w"
    )

    def period(self, at: datetime) -> Range:
        """Return the period, by default the last 90 days; it ends now at the latest.

        Raise `ValidationFailed` if it is too long or has not begun, and `BadRequest` for one that can't be read.
        """
        start, end = self.time_range_or(_PERIOD, at)
        name = "statsPeriod" if self.is_relative else "start"
        if end - start > PERIOD_MAX:
            raise ValidationFailed({name: [f"A period has {PERIOD_MAX.days} days at most."]})
        if start >= at:
            raise ValidationFailed({name: ["The period has not begun yet."]})
        return start, min(end, at)

    def intervals(self, period: Range) -> Sequence[Range]:
        """Return the steps of the series, in whole intervals since 1970; the first and the last may be shorter."""
        starts = time_range.steps(period, self.interval, _INTERVAL)
        if len(starts) > 1 and starts[1] - starts[0] < _INTERVAL_MIN:
            raise ValidationFailed({"interval": ["An interval has a day at least."]})
        edges = [period[0], *starts[1:], period[1]]
        return list(pairwise(edges))

    def environment_id(self, connection: Connection, organization_id: int) -> int | None:
        """Return the id of the environment, None for a default that is unknown. Raise `NotFound` for another one."""
        name = self.environment or DEFAULT_ENVIRONMENT
        known = reports.environment_id(connection, organization_id, name)
        if known is None and self.environment:
            raise NotFound
        return known


#: The deploys of a project that an answer lists, the newest.
DEPLOYS_SHOWN = 500


@endpoint.get("/", scopes=RELEASE_READ)
def get_delivery(context: RequestContext, query: DeliveryQuery) -> DeliveryResponse:
    """Measure how projects deliver to an environment, by the five metrics of DORA.

    Projects without deploys there are left out, unless the query names projects. Lengths of time are seconds.
    """
    at = now()
    period = query.period(at)
    intervals = query.intervals(period)
    with context.database.snapshot() as connection:
        selected = query.select_listed(connection, context.access)
        environment_id = query.environment_id(connection, context.organization_id)
        ids = [project.id for project in selected]
        result = report(connection, environment_id, ids, *period, at)
    shown = [each for each in selected if query.names_projects or each.id in result.deploys]
    return DeliveryResponse(
        environment=query.environment or DEFAULT_ENVIRONMENT,
        start=period[0],
        end=period[1],
        complete_since=max(result.complete_since, period[0]),
        projects=[
            _project(project, result.deploys.get(project.id, ()), period, intervals, at)
            for project in shown
        ],
    )


def _project(
    project: Project,
    deploys: Sequence[ClassifiedDeploy],
    period: Range,
    intervals: Sequence[Range],
    at: datetime,
) -> ProjectDeliveryResponse:
    # msgspec takes the fields of the base by name.
    fields: dict[str, Any] = metrics_fields(metrics(deploys, *period), at)
    return ProjectDeliveryResponse(
        **fields,
        id=str(project.id),
        slug=project.slug,
        series=[_interval(deploys, interval, at) for interval in intervals],
        deploys=deploy_responses(in_period(deploys, *period)[-DEPLOYS_SHOWN:]),
    )


def _interval(
    deploys: Sequence[ClassifiedDeploy], interval: Range, at: datetime
) -> DeliveryIntervalResponse:
    fields: dict[str, Any] = metrics_fields(metrics(deploys, *interval), at)
    return DeliveryIntervalResponse(**fields, start=interval[0], end=interval[1])
