"""``release-thresholds/`` of projects and organizations, and what releases come to by them (releases.md 2.22)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Response
from pydantic import ConfigDict, Field
from sqlalchemy import Connection

from shipmark.api.projects.path_project import PathProject
from shipmark.api.projects.responses import EnvironmentResponse, environment_response
from shipmark.api.queries import DateTimeText, PageQuery, ProjectQuery
from shipmark.http import endpoint
from shipmark.http.endpoint import Load
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import RequestContext, require_id, require_row
from shipmark.http.scopes import RELEASE_READ, RELEASE_WRITE, THRESHOLD_CHANGE, THRESHOLD_READ
from shipmark.http.validation import (
    DateTime,
    Integer,
    RequestModel,
    Text,
    choice_of,
    optional,
    repeatable,
    validate,
)
from shipmark.http.validation.errors import REQUIRED
from shipmark.infrastructure.errors import BadRequest, ValidationFailed
from shipmark.issues.actions import evaluate_thresholds
from shipmark.organizations.model import Access
from shipmark.projects import actions as projects
from shipmark.projects import store as project_store
from shipmark.projects.model import ENVIRONMENT_MAX, Project
from shipmark.releases import threshold_actions as actions
from shipmark.releases.store import thresholds as store
from shipmark.releases.thresholds import (
    NUMBER_MAX,
    THRESHOLDS_MAX,
    Finding,
    NewThreshold,
    Threshold,
    ThresholdType,
    Trigger,
)

_Type = Annotated[ThresholdType, choice_of(ThresholdType)]
_Trigger = Annotated[Trigger, choice_of(Trigger)]
_Number = Annotated[int, Integer(maximum=NUMBER_MAX)]


class ThresholdRequest(RequestModel):
    """A threshold. A change sends all fields again; without an environment, that stays."""

    model_config = ConfigDict(alias_generator=None)

    threshold_type: _Type = Field(description="Metric that is compared.")
    trigger_type: _Trigger = Field(description="Whether more or less than that is bad.")
    value: _Number = Field(description="Value that the metric is compared with.")
    window_in_seconds: _Number = Field(
        description="Seconds after a release in which the threshold counts."
    )
    environment: Annotated[str, Text(max_length=ENVIRONMENT_MAX, blank=True)] | None = optional(
        "Environment that counts; null or blank for all."
    )


class ThresholdListQuery(RequestModel):
    """The thresholds of a project to list."""

    environment: list[str] = repeatable(
        "Only thresholds of these environments.", example="production"
    )

    @property
    def environment_names(self) -> Sequence[str]:
        """Return the names of the environments, none for all."""
        return [name for name in self.environment if name]


class ProjectsThresholdListQuery(ThresholdListQuery, PageQuery, ProjectQuery):
    """A page of the thresholds of some projects."""

    project: list[str] = repeatable(
        "Only these projects, by id or slug; required, and `-1` is refused.", example="web"
    )

    def require_projects(self) -> None:
        """Raise the refusal of a query that names no project, or all."""
        if "-1" in self.project:
            raise BadRequest("Invalid project")
        if not self.project:
            raise ValidationFailed({"project": [REQUIRED]})


class _Between(RequestModel):
    start: Annotated[datetime, DateTime()]
    end: Annotated[datetime, DateTime()]


class FindingsQuery(ThresholdListQuery, ProjectQuery):
    """The releases to judge."""

    start: DateTimeText = optional(
        "Releases from this time on. Required.", example="2026-01-01T00:00:00Z"
    )
    end: DateTimeText = optional(
        "Releases up to this time. Required.", example="2026-02-01T00:00:00Z"
    )
    release: list[str] = repeatable("Only these versions.", example="web@1.0.0")

    def between(self) -> tuple[datetime, datetime]:
        """Return the times. Raise `ValidationFailed`: the protocol reports these as it does fields of a body."""
        sent = {"start": self.start, "end": self.end}
        times = validate(_Between, {name: text for name, text in sent.items() if text is not None})
        if times.start >= times.end:
            # The reference's words, which have it the wrong way round.
            raise ValidationFailed({"non_field_errors": ["Start datetime must be after End"]})
        return times.start, times.end

    def named_projects(self, connection: Connection, access: Access) -> Sequence[Project]:
        """Return the projects by slug, or else by id; one that the caller can't see is left out."""
        slugs = set(self.project_slug)
        if not slugs or "$all" in slugs:
            return self.select_listed(connection, access)
        return [row for row in project_store.accessible(connection, access) if row.slug in slugs]


class ThresholdProjectResponse(msgspec.Struct):
    """The project of a threshold."""

    id: str
    slug: str
    name: str
    platform: str | None


class ThresholdResponse(msgspec.Struct):
    """What must hold after a release went out."""

    id: str
    threshold_type: str
    trigger_type: str
    value: int
    window_in_seconds: int
    project: ThresholdProjectResponse
    environment: EnvironmentResponse | None
    date_added: datetime


class FindingResponse(ThresholdResponse):
    """A threshold, and whether a release meets it."""

    key: str
    release: str
    project_slug: str
    project_id: int
    start: datetime
    end: datetime
    is_healthy: bool
    metric_value: float | None


def threshold_response(threshold: Threshold, project: Project) -> ThresholdResponse:
    """Return a threshold as the API shows it."""
    return ThresholdResponse(**_fields(threshold, project))


def finding_response(finding: Finding, project: Project) -> FindingResponse:
    """Return a threshold with its finding for a release."""
    watch = finding.watch
    return FindingResponse(
        **_fields(watch.threshold, project),
        key=f"{project.slug}-{watch.release.version}",
        release=watch.release.version,
        project_slug=project.slug,
        project_id=project.id,
        start=watch.begins_at,
        end=watch.ends_at,
        is_healthy=finding.is_healthy,
        metric_value=finding.metric,
    )


def _fields(threshold: Threshold, project: Project) -> dict[str, Any]:
    environment = threshold.environment
    return {
        "id": str(threshold.id),
        "threshold_type": threshold.type.value,
        "trigger_type": threshold.trigger.value,
        "value": threshold.value,
        "window_in_seconds": threshold.window_seconds,
        "project": ThresholdProjectResponse(
            id=str(project.id), slug=project.slug, name=project.name, platform=project.platform
        ),
        "environment": environment_response(environment) if environment else None,
        "date_added": threshold.created_at,
    }


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
        added = actions.add(connection, context.action_context(), project, new)
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
        changed = actions.change(connection, context.action_context(), project, known, new)
    return threshold_response(changed, project)


@endpoint.delete(_ONE, status_code=204, scopes=THRESHOLD_CHANGE)
def delete_threshold(context: RequestContext, threshold: _PathThreshold) -> None:
    """Delete a threshold."""
    project, loaded = threshold
    with context.database.transaction() as connection:
        known = _threshold(connection, project, loaded.id)
        actions.remove(connection, context.action_context(), project, known)


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
