"""Withdraw releases: delete them with all that is only theirs (releases.md 2.6).

Any number at once: the number of statements depends neither on how many there are, nor on how many issues they have.
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

#: How many of the versions the log names.
_NAMED_MAX = 100


def delete_releases(
    connection: Connection,
    given: Collection[Release],
    context: PublishContext,
    *,
    is_forced: bool = False,
) -> None:
    """Delete releases of the organization. Commits stay, and so do the issues that they resolved.

    Raises `BadRequest` when an issue was first seen in one of them, unless it is forced: then its history begins with
    the release that it was seen in next. Who deleted it stays in the activity of the version. Where somebody else has
    deleted one already, nothing is left to do for it.
    """
    versions = sorted(release.version for release in given)
    tags = {"release.version": ", ".join(versions[:_NAMED_MAX]), "release.count": len(versions)}
    tags |= {"release.is_forced": is_forced, "user.id": context.user_id}
    with span("release.delete", **tags) as fields:
        # Two who delete at once might move an issue to the release that the other one deletes.
        organizations.lock_organization(connection, context.organization.id)
        going = locks.lock_to_delete(connection, [release.id for release in given])
        if not is_forced and referenced_by_issues(connection, going):
            raise BadRequest(REFERENCED)
        fields["issues.count"] = reassign_releases.reassign(connection, going)
        ids = [release.id for release in going]
        artifacts.remove_of_releases(connection, context.organization.id, ids, context.now)
        releases.remove(connection, going, context.user_id, context.now)
        auditing.record_removed(connection, going, context, is_forced=is_forced)


def referenced_by_issues(connection: Connection, given: Sequence[Release]) -> set[int]:
    """Those of the releases that only force deletes: an issue was first seen in them."""
    return issues.first_releases_among(connection, [release.id for release in given])
