"""Entries of the audit log about releases: one per request, for any number of releases."""

from collections.abc import Collection

from sqlalchemy import Connection

from shipmark.organizations import audit
from shipmark.organizations import store as organizations
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.model import Actor
from shipmark.publishing.model import PublishContext
from shipmark.releases.model import Release, ReleaseStatus

#: The most versions that an entry lists; ``count`` is the number of all.
VERSIONS_MAX = 20


def record_status(
    connection: Connection,
    changed: Collection[Release],
    status: ReleaseStatus,
    context: PublishContext,
) -> None:
    """Log that these releases, in their state before, are archived or reopened."""
    before = next((release.status for release in changed), status)
    changes = {"status": audit.changed_from_to(before.value, status.value)}
    _record(connection, AuditEvent.RELEASE_EDIT, changed, context, {"changes": changes})


def record_removed(
    connection: Connection,
    removed: Collection[Release],
    context: PublishContext,
    *,
    is_forced: bool,
) -> None:
    """Log that these releases are deleted."""
    _record(connection, AuditEvent.RELEASE_REMOVE, removed, context, {"forced": is_forced})


def _record(
    connection: Connection,
    event: AuditEvent,
    changed: Collection[Release],
    context: PublishContext,
    data: dict[str, object],
) -> None:
    if not changed:
        return
    versions = sorted(release.version for release in changed)
    ids = [release.id for release in changed]
    organizations.record(
        connection,
        context.organization.id,
        event,
        context.by or Actor(user_id=context.user_id, label=""),
        context.now,
        data={"count": len(versions), "versions": versions[:VERSIONS_MAX]} | data,
        target_id=ids[0] if len(ids) == 1 else None,
    )
