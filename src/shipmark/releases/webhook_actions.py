"""The signed address of a project that builds create releases by: made, shown again, replaced (releases.md 2.18)."""

from datetime import datetime

from sqlalchemy import Connection

from shipmark.organizations import store as organizations
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Actor
from shipmark.projects.model import Project
from shipmark.releases.store import webhook_tokens as store
from shipmark.releases.webhook_signature import BUILT_IN, signature


def ensure(connection: Connection, project: Project, fresh: str, *, by: Actor, at: datetime) -> str:
    """Return the token of a project: the ``fresh`` one if it had none."""
    known = store.ensure(connection, project.id, fresh, at)
    if known == fresh:
        _record(connection, project, by, at)
    return known


def replace(
    connection: Connection, project: Project, fresh: str, *, by: Actor, at: datetime
) -> None:
    """Replace the token of a project: the address of the old one stops working."""
    store.replace(connection, project.id, fresh, at)
    _record(connection, project, by, at)


def webhook_path(project: Project, token: str) -> str:
    """Return the path that clients post releases of the project to."""
    signed = signature(token, BUILT_IN, project.id)
    return f"/api/hooks/release/{BUILT_IN}/{project.id}/{signed}/"


def _record(connection: Connection, project: Project, by: Actor, at: datetime) -> None:
    event, data = AuditEvent.RELEASE_TOKEN_ADD, {"project_slug": project.slug}
    organizations.record(
        connection, project.organization_id, event, by, at, data=data, target_id=project.id
    )
