"""``release-thresholds/`` of projects and organizations, and what releases come to by them (releases.md 2.22)."""

from litestar import Response, Router, delete, get, post, put
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.api.query_parameters import (
    BETWEEN,
    NAMED_PROJECT,
    PAGE,
    PROJECT_SLUG,
    PROJECTS,
    RELEASE,
    THRESHOLD_ENVIRONMENT,
)
from shipmark.api.scopes import (
    RELEASE_READ,
    RELEASE_WRITE,
    THRESHOLD_CHANGE,
    THRESHOLD_READ,
)
from shipmark.api.thresholds.responses import (
    FindingResponse,
    ThresholdResponse,
    finding_response,
    threshold_response,
)
from shipmark.http.fields import Choice, DateTime, Field, Fields, Integer, Object, Text, validate
from shipmark.http.pagination.offset import paginate
from shipmark.http.request_context import InjectedRequest, RequestContext
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, NotFound, ValidationFailed
from shipmark.infrastructure.ids import id_of
from shipmark.issues.actions import evaluate_thresholds
from shipmark.organizations import audit
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Access
from shipmark.projects import actions as projects
from shipmark.projects import store as project_store
from shipmark.projects.model import ENVIRONMENT_MAX, Project
from shipmark.releases.store import thresholds as store
from shipmark.releases.thresholds import (
    NUMBER_MAX,
    THRESHOLDS_MAX,
    NewThreshold,
    Threshold,
    ThresholdType,
    Trigger,
)

#: A report looks at so many pairs of a release and one of its projects, the newest releases first.
SHIPPED_MAX = 200

_NOT_A_CHOICE = '"{}" is not a valid choice.'
_NEW = Object(
    {
        "threshold_type": Field(
            Choice({it.value: it for it in ThresholdType}, _NOT_A_CHOICE), is_required=True
        ),
        "trigger_type": Field(
            Choice({it.value: it for it in Trigger}, _NOT_A_CHOICE), is_required=True
        ),
        "value": Field(Integer(max=NUMBER_MAX), is_required=True),
        "window_in_seconds": Field(Integer(max=NUMBER_MAX), is_required=True),
        "environment": Field(Text(max=ENVIRONMENT_MAX, is_blank_ok=True, is_null_ok=True)),
    }
)
_BETWEEN = Object(
    {
        "start": Field(DateTime(is_null_ok=False), is_required=True),
        "end": Field(DateTime(is_null_ok=False), is_required=True),
    }
)
_OF_PROJECT = "/projects/{organization:str}/{project:str}/release-thresholds/"


@get(_OF_PROJECT, scopes=RELEASE_READ, asks=(THRESHOLD_ENVIRONMENT,), sync_to_thread=True)
def list_thresholds(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str]
) -> list[ThresholdResponse]:
    """List the project's thresholds, the oldest first; ``environment`` names those that are wanted."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        it = projects.require_project(connection, access, project)
        found = store.page_of(
            connection, [it.id], environments_named=_environments(context), limit=THRESHOLDS_MAX
        )
    return [threshold_response(threshold, it) for threshold in found]


@post(_OF_PROJECT, scopes=RELEASE_WRITE, takes=_NEW, sync_to_thread=True)
def add_threshold(
    context: InjectedRequest, organization: FromPath[str], project: FromPath[str], body: RawBody
) -> ThresholdResponse:
    """Add a threshold to a project."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        it = projects.require_project(connection, access, project)
    fields = context.body(body, _NEW, step="threshold.validate")
    with context.database.transaction() as connection:
        if store.count(connection, it.id) >= THRESHOLDS_MAX:
            reason = f"A project has no more than {THRESHOLDS_MAX} thresholds."
            raise ValidationFailed({"non_field_errors": [reason]})
        made = store.add(connection, it.id, _given(connection, access, fields), now())
        data = {"project_slug": it.slug} | _audited(made)
        context.log_change(connection, access, AuditEvent.THRESHOLD_ADD, data, target_id=made.id)
    return threshold_response(made, it)


@get(_OF_PROJECT + "{threshold:str}/", scopes=THRESHOLD_READ, sync_to_thread=True)
def get_threshold(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    threshold: FromPath[str],
) -> ThresholdResponse:
    """Show a threshold of a project."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        it, known = _found(connection, access, project, threshold)
    return threshold_response(known, it)


@put(_OF_PROJECT + "{threshold:str}/", scopes=THRESHOLD_CHANGE, takes=_NEW, sync_to_thread=True)
def change_threshold(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    threshold: FromPath[str],
    body: RawBody,
) -> ThresholdResponse:
    """Change a threshold. All that it says must be said again; the environment stays where none is said."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        _found(connection, access, project, threshold)
    fields = context.body(body, _NEW, step="threshold.validate")
    with context.database.transaction() as connection:
        it, known = _found(connection, access, project, threshold)
        new = _given(connection, access, fields, known)
        changed = store.change(connection, known, new)
        if changes := audit.changes_between(_audited(known), _audited(changed)):
            data = {"project_slug": it.slug, "changes": changes}
            event = AuditEvent.THRESHOLD_EDIT
            context.log_change(connection, access, event, data, target_id=known.id)
    return threshold_response(changed, it)


@delete(
    _OF_PROJECT + "{threshold:str}/", status_code=204, scopes=THRESHOLD_CHANGE, sync_to_thread=True
)
def delete_threshold(
    context: InjectedRequest,
    organization: FromPath[str],
    project: FromPath[str],
    threshold: FromPath[str],
) -> None:
    """Delete a threshold."""
    with context.database.transaction() as connection:
        access = context.authorize(connection, organization)
        it, known = _found(connection, access, project, threshold)
        store.remove(connection, known.id)
        data = {"project_slug": it.slug} | _audited(known)
        context.log_change(
            connection, access, AuditEvent.THRESHOLD_REMOVE, data, target_id=known.id
        )


def _audited(threshold: Threshold) -> dict[str, object]:
    return {
        "threshold_type": threshold.type.value,
        "trigger_type": threshold.trigger.value,
        "value": threshold.value,
        "window_in_seconds": threshold.window_seconds,
        "environment": threshold.environment.name if threshold.environment else None,
    }


@get(
    "/organizations/{organization:str}/release-thresholds/",
    scopes=RELEASE_READ,
    asks=(NAMED_PROJECT, PROJECT_SLUG, THRESHOLD_ENVIRONMENT, *PAGE),
    sync_to_thread=True,
)
def list_thresholds_of_projects(
    context: InjectedRequest, organization: FromPath[str]
) -> Response[list[ThresholdResponse]]:
    """List the thresholds of the projects that are named, the oldest first; all at once can't be asked for."""
    with context.database.autocommit_read() as connection:
        access = context.authorize(connection, organization)
        page = context.page()
        named = context.parameters("project")
        if "-1" in named:
            raise BadRequest("Invalid project")
        if not named:
            raise ValidationFailed({"project": ["This field is required."]})
        shown = {it.id: it for it in context.selected_projects(connection, access)}
        rows = store.page_of(
            connection,
            shown,
            environments_named=_environments(context),
            limit=page.limit,
            offset=page.skipped,
        )
    found, links = paginate(rows, page)
    return context.listed([threshold_response(it, shown[it.project_id]) for it in found], links)


@get(
    "/organizations/{organization:str}/release-threshold-statuses/",
    scopes=RELEASE_READ,
    asks=(*BETWEEN, RELEASE, THRESHOLD_ENVIRONMENT, *PROJECTS),
    sync_to_thread=True,
)
def list_findings(
    context: InjectedRequest, organization: FromPath[str]
) -> dict[str, list[FindingResponse]]:
    """Say which thresholds the releases keep that were made between two moments, by project and version."""
    with context.database.snapshot() as connection:
        access = context.authorize(connection, organization)
        between = validate(_BETWEEN, _sent(context, "start", "end"))
        if between["start"] >= between["end"]:
            # The reference's words, which have it the wrong way round.
            raise ValidationFailed({"non_field_errors": ["Start datetime must be after End"]})
        shown = {it.id: it for it in _asked_projects(context, connection, access)}
        kept = store.page_of(
            connection,
            shown,
            environments_named=_environments(context),
            limit=THRESHOLDS_MAX * max(len(shown), 1),
        )
        shipped = store.watched(
            connection,
            access.organization.id,
            {it.project_id for it in kept},
            (between["start"], between["end"]),
            versions=context.parameters("release"),
            limit=SHIPPED_MAX,
        )
        findings = evaluate_thresholds.evaluate(connection, shipped, kept)
    answer: dict[str, list[FindingResponse]] = {}
    for finding in findings:
        one = finding_response(finding, shown[finding.watch.threshold.project_id])
        answer.setdefault(one.key, []).append(one)
    return answer


def _sent(context: RequestContext, *names: str) -> dict[str, str]:
    return {name: text for name in names if (text := context.parameter(name)) is not None}


def _environments(context: RequestContext) -> list[str]:
    return [name for name in context.parameters("environment") if name]


def _asked_projects(
    context: RequestContext, connection: Connection, access: Access
) -> list[Project]:
    """The projects by slug, or else by id; one that a caller may not see is left out."""
    slugs = set(context.parameters("projectSlug"))
    if not slugs or "$all" in slugs:
        return context.selected_projects(connection, access)
    return [it for it in project_store.accessible(connection, access) if it.slug in slugs]


def _found(
    connection: Connection, access: Access, project: str, name: str
) -> tuple[Project, Threshold]:
    it = projects.require_project(connection, access, project)
    threshold_id = id_of(name)
    known = None if threshold_id is None else store.of_project(connection, it.id, threshold_id)
    if known is None:
        raise NotFound
    return it, known


def _given(
    connection: Connection, access: Access, fields: Fields, known: Threshold | None = None
) -> NewThreshold:
    environment = known.environment if known else None
    if "environment" in fields:
        environment = None
        if name := fields["environment"]:
            found = project_store.environments_named(connection, access.organization.id, [name])
            if not found:
                raise ValidationFailed({"environment": ["Invalid environment"]})
            environment = found[0]
    return NewThreshold(
        type=fields["threshold_type"],
        trigger=fields["trigger_type"],
        value=fields["value"],
        window_seconds=fields["window_in_seconds"],
        environment=environment,
    )


router = Router(
    "/api/0",
    route_handlers=[
        list_thresholds,
        add_threshold,
        get_threshold,
        change_threshold,
        delete_threshold,
        list_thresholds_of_projects,
        list_findings,
    ],
)
