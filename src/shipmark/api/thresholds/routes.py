"""``release-thresholds/`` of projects and organizations, and what releases come to by them (releases.md 2.22)."""

from typing import Annotated

from litestar import Response
from sqlalchemy import Connection

from shipmark.api.projects.path_project import PathProject
from shipmark.api.thresholds.requests import (
    FindingsQuery,
    ProjectsThresholdListQuery,
    ThresholdListQuery,
    ThresholdRequest,
)
from shipmark.api.thresholds.responses import (
    FindingResponse,
    ThresholdResponse,
    finding_response,
    threshold_response,
)
from shipmark.http import endpoint
from shipmark.http.endpoint import Load
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext, require_id, require_row
from shipmark.http.scopes import RELEASE_READ, RELEASE_WRITE, THRESHOLD_CHANGE, THRESHOLD_READ
from shipmark.infrastructure.clock import now
from shipmark.issues.actions import evaluate_thresholds
from shipmark.projects import actions as projects
from shipmark.projects.model import Project
from shipmark.releases import threshold_actions as actions
from shipmark.releases.store import thresholds as store
from shipmark.releases.thresholds import THRESHOLDS_MAX, NewThreshold, Threshold

#: The most pairs of a release and one of its projects that a report looks at, the newest releases first.
SHIPPED_MAX = 200

_LIST = "/projects/{organization:str}/{project:str}/release-thresholds/"
_ONE = f"{_LIST}{{threshold:str}}/"
_VALIDATE = "threshold.validate"

#: A threshold and its project.
ThresholdInProject = tuple[Project, Threshold]


def _find(
    context: RequestContext, connection: Connection, project: str, threshold: str
) -> ThresholdInProject:
    path_project = projects.require_project(connection, context.access, project)
    return path_project, _threshold(connection, path_project, require_id(threshold))


def _threshold(connection: Connection, project: Project, threshold_id: int) -> Threshold:
    return require_row(store.of_project(connection, project.id, threshold_id))


_PathThreshold = Annotated[ThresholdInProject, Load(_find)]


@endpoint.get(_LIST, scopes=RELEASE_READ)
def list_thresholds(
    context: RequestContext, project: PathProject, query: ThresholdListQuery
) -> list[ThresholdResponse]:
    """List the project's thresholds, the oldest first."""
    with context.database.autocommit_read() as connection:
        thresholds = store.page_of(
            connection,
            [project.id],
            environments_named=query.environment_names,
            limit=THRESHOLDS_MAX,
        )
    return [threshold_response(threshold, project) for threshold in thresholds]


@endpoint.post(_LIST, scopes=RELEASE_WRITE, step=_VALIDATE)
def add_threshold(
    context: RequestContext, project: PathProject, body: ThresholdRequest
) -> ThresholdResponse:
    """Add a threshold to a project."""
    with context.database.transaction() as connection:
        new = _new_threshold(context, connection, body)
        added = actions.add(connection, project, new, by=context.actor(), at=now())
    return threshold_response(added, project)


@endpoint.get(_ONE, scopes=THRESHOLD_READ)
def get_threshold(context: RequestContext, threshold: _PathThreshold) -> ThresholdResponse:  # noqa: ARG001  # every endpoint has it
    """Show a threshold of a project."""
    project, known = threshold
    return threshold_response(known, project)


@endpoint.put(_ONE, scopes=THRESHOLD_CHANGE, step=_VALIDATE)
def change_threshold(
    context: RequestContext, threshold: _PathThreshold, body: ThresholdRequest
) -> ThresholdResponse:
    """Change a threshold. All fields must be sent again; without an environment, that stays."""
    project, loaded = threshold
    with context.database.transaction() as connection:
        known = _threshold(connection, project, loaded.id)
        new = _new_threshold(context, connection, body, known)
        changed = actions.change(connection, project, known, new, by=context.actor(), at=now())
    return threshold_response(changed, project)


@endpoint.delete(_ONE, status_code=204, scopes=THRESHOLD_CHANGE)
def delete_threshold(context: RequestContext, threshold: _PathThreshold) -> None:
    """Delete a threshold."""
    project, loaded = threshold
    with context.database.transaction() as connection:
        known = _threshold(connection, project, loaded.id)
        actions.remove(connection, project, known, by=context.actor(), at=now())


@endpoint.get("/organizations/{organization:str}/release-thresholds/", scopes=RELEASE_READ)
def list_thresholds_of_projects(
    context: RequestContext, query: ProjectsThresholdListQuery
) -> Response[list[ThresholdResponse]]:
    """List the thresholds of the named projects, the oldest first."""
    page = query.page()
    query.require_projects()
    with context.database.autocommit_read() as connection:
        selected = {row.id: row for row in query.select_listed(connection, context.access)}
        rows = store.page_of(
            connection, selected, environments_named=query.environment_names, **page.window
        )
    thresholds, links = paginate(rows, page)
    responses = [threshold_response(row, selected[row.project_id]) for row in thresholds]
    return context.listed(responses, links)


@endpoint.get("/organizations/{organization:str}/release-threshold-statuses/", scopes=RELEASE_READ)
def list_findings(
    context: RequestContext, query: FindingsQuery
) -> dict[str, list[FindingResponse]]:
    """Say which thresholds the releases of a time range meet, by project and version."""
    between = query.between()
    with context.database.snapshot() as connection:
        named = {row.id: row for row in query.named_projects(connection, context.access)}
        thresholds = store.page_of(
            connection,
            named,
            environments_named=query.environment_names,
            limit=THRESHOLDS_MAX * max(len(named), 1),
        )
        watched = store.watched(
            connection,
            context.organization_id,
            {threshold.project_id for threshold in thresholds},
            between,
            versions=query.release,
            limit=SHIPPED_MAX,
        )
        findings = evaluate_thresholds.evaluate(connection, watched, thresholds)
    by_key: dict[str, list[FindingResponse]] = {}
    for finding in findings:
        response = finding_response(finding, named[finding.watch.threshold.project_id])
        by_key.setdefault(response.key, []).append(response)
    return by_key


def _new_threshold(
    context: RequestContext,
    connection: Connection,
    body: ThresholdRequest,
    known: Threshold | None = None,
) -> NewThreshold:
    environment = known.environment if known else None
    if "environment" in body.model_fields_set:
        environment = actions.environment_named(
            connection, context.organization_id, body.environment or ""
        )
    return NewThreshold(
        type=body.threshold_type,
        trigger=body.trigger_type,
        value=body.value,
        window_seconds=body.window_in_seconds,
        environment=environment,
    )


router = endpoint.router("/api/0", __name__)
