"""``organizations/{org}/delivery/``: how projects deliver to an environment (verdict.md 4)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from shipmark.api.delivery.queries import DeliveryQuery
from shipmark.api.delivery.responses import (
    DeliveryIntervalResponse,
    DeliveryResponse,
    ProjectDeliveryResponse,
    deploy_responses,
    metrics_fields,
)
from shipmark.delivery.metrics import in_period, metrics
from shipmark.delivery.model import ClassifiedDeploy
from shipmark.delivery.reports import DEFAULT_ENVIRONMENT, report
from shipmark.http import endpoint
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import RELEASE_READ
from shipmark.http.time_range import Range
from shipmark.infrastructure.clock import now
from shipmark.projects.model import Project

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


router = endpoint.router("/api/0/organizations/{organization:str}/delivery", __name__)
