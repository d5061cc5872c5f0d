"""Requests to delete organizations, carried out a day later unless the organization is restored before.

``deletion/organization_deletion.py`` deletes them: packages above have tables without foreign keys to clear.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.infrastructure import jobs
from shipmark.infrastructure.errors import BadRequest, NotFound
from shipmark.infrastructure.jobs import JobKind
from shipmark.organizations import audit, store
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Actor, Organization, OrganizationStatus

#: How long an organization can still be restored.
GRACE = timedelta(days=1)
IS_DEFAULT = "You cannot remove the default organization."


def job_key(organization_id: int) -> str:
    """Return the key by which the organization's job is found, and which keeps a second one out."""
    return f"{JobKind.REMOVE_ORGANIZATION}:{organization_id}"


def request(connection: Connection, organization_id: int, by: Actor, at: datetime) -> Organization:
    """Schedule the deletion of an organization. A second request changes nothing; the default one is refused."""
    organization = store.lock(connection, organization_id)
    if organization is None:
        raise NotFound
    if store.default_id(connection) == organization_id:
        raise BadRequest(IS_DEFAULT)
    if organization.status.is_pending_deletion:
        return organization
    store.change(connection, organization_id, {"status": OrganizationStatus.PENDING_DELETION})
    kind, key = JobKind.REMOVE_ORGANIZATION, job_key(organization_id)
    jobs.cancel(connection, key)
    details: dict[str, object] = {"organization_id": organization_id}
    jobs.enqueue(
        connection,
        kind,
        details,
        now=at,
        run_at=at + GRACE,
        key=key,
        organization_id=organization_id,
    )
    after = store.by_id(connection, organization_id)
    assert after is not None, "it is locked"
    event, data = AuditEvent.ORG_REMOVE, audit.snapshot(after)
    store.record(connection, organization_id, event, by, at, data=data, target_id=organization_id)
    return after
