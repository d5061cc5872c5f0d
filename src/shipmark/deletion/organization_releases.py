"""Deletion of an organization's rows, in one transaction, by a constant number of statements."""

from collections.abc import Callable

from sqlalchemy import Connection

from shipmark.infrastructure.telemetry import span
from shipmark.organizations import store as organizations
from shipmark.releases.store import commits as release_commits
from shipmark.releases.store import locks
from shipmark.repositories import store as repositories


def finish(
    connection: Connection, organization_id: int, clear: Callable[[], None] = lambda: None
) -> bool:
    """Delete an organization and its rows if the deletion is still requested. Return True if it was deleted.

    Concurrent publishes are waited for, and later ones don't find it. Users stay: they may be members of others.
    ``clear`` deletes the rows of other packages, once the deletion is certain.
    """
    organization = organizations.lock_to_delete(connection, organization_id)
    if organization is None or not organization.status.is_pending_deletion:
        return False
    with span("organization.delete", **{"organization.id": organization_id}):
        locks.lock_all_to_delete(connection, organization_id)
        clear()
        release_commits.clear_organization(connection, organization_id)
        repositories.clear_changes(connection, organization_id)
        organizations.remove(connection, organization_id)
    return True
