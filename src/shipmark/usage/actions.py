"""Requests to measure the storage of an organization, and to delete the unused artifacts of a project."""

from sqlalchemy import Connection

from shipmark.infrastructure import jobs
from shipmark.infrastructure.jobs import JobKind
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.membership import ActionContext, record_action
from shipmark.projects.model import Project


def measurement_key(organization_id: int) -> str:
    """Return the key of the job that measures an organization, which keeps a second one out."""
    return f"{JobKind.MEASURE_STORAGE}:{organization_id}"


def request_measurement(connection: Connection, context: ActionContext) -> None:
    """Have the storage of the organization measured soon."""
    organization_id = context.access.organization.id
    jobs.enqueue(
        connection,
        JobKind.MEASURE_STORAGE,
        {"organization_id": organization_id},
        now=context.at,
        key=measurement_key(organization_id),
        organization_id=organization_id,
    )


def request_pruning(
    connection: Connection, context: ActionContext, project: Project, days: int
) -> None:
    """Have the artifacts of the project deleted that were unused for this many days.

    `artifacts.actions.remove_unused` has the rule. A request replaces one that failed; one that waits stays as it is.
    """
    jobs.enqueue(
        connection,
        JobKind.PRUNE_PROJECT_ARTIFACTS,
        {"project_id": project.id, "days": days},
        now=context.at,
        key=f"{JobKind.PRUNE_PROJECT_ARTIFACTS}:{project.id}:{days}",
        organization_id=project.organization_id,
    )
    data = {"project_slug": project.slug, "days": days}
    record_action(connection, context, AuditEvent.ARTIFACTS_PRUNE, project.id, data)
