"""Requests of people and programs about frames in quarantine: try them again, or discard them."""

from datetime import timedelta

from sqlalchemy import Connection

from shipmark.events.quarantine import store
from shipmark.events.quarantine.store import QuarantinedFrameRecord
from shipmark.infrastructure.errors import NotFound
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.membership import ActionContext, record_action

#: The time after which a frame is deleted, since it was received.
RETENTION = timedelta(days=30)


def find(connection: Connection, organization_id: int, frame_id: int) -> QuarantinedFrameRecord:
    """Return a frame of the organization. Raise `NotFound` if there is none: it may have been stored meanwhile."""
    frame = store.by_id(connection, organization_id, frame_id)
    if frame is None:
        raise NotFound
    return frame


def retry(connection: Connection, context: ActionContext, frame_id: int) -> None:
    """Have a frame digested again. Raise `NotFound` as `find` does."""
    frame = find(connection, context.access.organization.id, frame_id)
    store.request_retry(connection, frame.id, context.at)


def retry_all(connection: Connection, context: ActionContext) -> int:
    """Have all frames of the organization digested again. Return the number of those that were not requested before."""
    return store.request_all(connection, context.access.organization.id, context.at)


def discard(connection: Connection, context: ActionContext, frame_id: int) -> None:
    """Delete a frame for good, which the audit log has. Raise `NotFound` as `find` does."""
    frame = find(connection, context.access.organization.id, frame_id)
    if not store.take(connection, frame.id):
        raise NotFound
    data = {"event_id": frame.event_id, "type": frame.type}
    record_action(connection, context, AuditEvent.QUARANTINE_DISCARD, frame.id, data)
