"""How does an organization go for good? In one unit of work, with a constant number of statements."""

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
    """Delete an organization with all that is its own, if that is still wanted; says whether it was.

    Whoever publishes there is waited for, and finds nothing after it. Users stay: they may be members of others.
    ``clear`` takes away what rooms above have of it, once it is sure to go.
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
