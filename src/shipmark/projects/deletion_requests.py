"""Requests to delete projects. A project is hidden at once, and its slug is free; a day later it is deleted.

``deletion/project_deletion.py`` deletes it. Until then an operator can restore it.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.infrastructure import jobs
from shipmark.infrastructure.errors import Conflict, NotFound
from shipmark.infrastructure.jobs import JobKind
from shipmark.organizations import audit
from shipmark.organizations import store as organizations
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.membership import ActionContext, record_action
from shipmark.organizations.model import Actor, Organization
from shipmark.projects import store
from shipmark.projects.model import Project
from shipmark.projects.store import deletion

#: How long a project can still be restored.
GRACE = timedelta(days=1)


def job_key(project_id: int) -> str:
    """Return the key of the job, which keeps a second one out."""
    return f"{JobKind.REMOVE_PROJECT}:{project_id}"


def request(
    connection: Connection, context: ActionContext, project: Project, *, spare_slug: str
) -> None:
    """Hide a project, and schedule its deletion. Raise `NotFound` if another request did so before.

    ``spare_slug`` is its random slug until the deletion.
    """
    organizations.lock_organization(connection, project.organization_id)
    if not deletion.hide(connection, project.id, spare_slug, context.at):
        raise NotFound
    kind, key = JobKind.REMOVE_PROJECT, job_key(project.id)
    details: dict[str, object] = {"project_id": project.id, "slug": project.slug}
    jobs.enqueue(
        connection,
        kind,
        details,
        now=context.at,
        run_at=context.at + GRACE,
        key=key,
        organization_id=project.organization_id,
    )
    data = {"slug": project.slug, "name": project.name}
    record_action(connection, context, AuditEvent.PROJECT_REMOVE, project.id, data)


def restore(
    connection: Connection,
    organization: Organization,
    project_id: int,
    *,
    slug: str | None,
    by: Actor,
    at: datetime,
) -> str:
    """Restore a project whose deletion was requested less than a day ago. Return its slug.

    Without a ``slug`` it gets its former one. Raise `NotFound` if there is no such project, and `Conflict` if its
    deletion has begun or another project has the slug.
    """
    organizations.lock_organization(connection, organization.id)
    project = deletion.hidden(connection, project_id)
    job = jobs.details_of(connection, job_key(project_id))
    if project is None or project.organization_id != organization.id or job is None:
        raise NotFound(f"There is no deleted project {project_id} in {organization.slug}.")
    if at >= project.requested_at + GRACE:
        raise Conflict("The deletion of the project has begun: it can't be restored any more.")
    slug = slug or str(job["slug"])
    if store.by_slug_or_id(connection, organization.id, slug) is not None:
        raise Conflict(f"Another project is called {slug}. Choose another name with --slug.")
    deletion.show(connection, project_id, slug)
    jobs.cancel(connection, job_key(project_id))
    event, data = AuditEvent.PROJECT_EDIT, {"status": audit.changed_from_to("deleted", "active")}
    organizations.record(
        connection, organization.id, event, by, at, data=data, target_id=project_id
    )
    return slug
