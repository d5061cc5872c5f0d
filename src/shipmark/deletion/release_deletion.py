"""Deletion of releases with their dependent rows (releases.md 2.6).

The number of statements is constant for any number of releases and issues.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from shipmark.artifacts import actions as artifacts
from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.telemetry import span
from shipmark.issues.actions import reassign_releases
from shipmark.issues.store import issues
from shipmark.organizations import store as organizations
from shipmark.publishing import auditing
from shipmark.publishing.model import PublishContext
from shipmark.releases import actions as releases
from shipmark.releases.model import Release
from shipmark.releases.store import locks

REFERENCED = "This release is referenced by active issues and cannot be removed."

#: The most versions that the log lists.
_LOGGED_MAX = 100


def delete_releases(
    connection: Connection,
    targets: Collection[Release],
    context: PublishContext,
    *,
    is_forced: bool = False,
) -> None:
    """Delete releases of the organization. Commits and the issues that they resolved stay.

    Raise `BadRequest` if an issue was first seen in one of them, unless it is forced: then its history begins with
    the release that it was seen in next. The activity of the version records the user. Releases deleted by
    concurrent transactions are skipped.
    """
    versions = sorted(release.version for release in targets)
    tags = {"release.version": ", ".join(versions[:_LOGGED_MAX]), "release.count": len(versions)}
    tags |= {"release.is_forced": is_forced, "user.id": context.user_id}
    with span("release.delete", **tags) as fields:
        # Concurrent deletions might move an issue to a release that the other one deletes.
        organizations.lock_organization(connection, context.organization.id)
        locked = locks.lock_to_delete(connection, [release.id for release in targets])
        if not is_forced and referenced_by_issues(connection, locked):
            raise BadRequest(REFERENCED)
        fields["issues.count"] = reassign_releases.reassign(connection, locked)
        ids = [release.id for release in locked]
        artifacts.remove_of_releases(connection, context.organization.id, ids, context.now)
        releases.remove(connection, locked, context.user_id, context.now)
        auditing.record_removed(connection, locked, context, is_forced=is_forced)


def referenced_by_issues(connection: Connection, targets: Sequence[Release]) -> set[int]:
    """Return the ids of releases in which an issue was first seen, which can only be deleted by force."""
    return issues.first_releases_among(connection, [release.id for release in targets])
