"""Deletion of releases with their dependent rows (releases.md 2.6).

The number of statements is constant for any number of releases and issues.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection

from shipmark.artifacts import actions as artifacts
from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.telemetry import span
from shipmark.issues.actions import reassign_releases
from shipmark.issues.store import issues
from shipmark.organizations import store as organizations
from shipmark.publishing import auditing
from shipmark.publishing.model import PublishContext
from shipmark.release_health import actions as release_health
from shipmark.releases import actions as releases
from shipmark.releases.model import Release
from shipmark.releases.store import locks


class Hold(StrEnum):
    """Why a release is deleted by force only."""

    ISSUES = "This release is referenced by active issues and cannot be removed."
    SESSIONS = "This release has health data and cannot be removed."


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

    Raise `BadRequest` if an issue was first seen in one of them, or one had sessions lately, unless it is forced: then
    the history of the issue begins with the release that it was seen in next, and counts of sessions are deleted. The
    activity of the version records the user. Releases deleted by concurrent transactions are skipped.
    """
    versions = sorted(release.version for release in targets)
    tags = {"release.version": ", ".join(versions[:_LOGGED_MAX]), "release.count": len(versions)}
    tags |= {"release.is_forced": is_forced, "user.id": context.user_id}
    with span("release.delete", **tags) as fields:
        # Concurrent deletions might move an issue to a release that the other one deletes.
        organizations.lock_organization(connection, context.organization.id)
        locked = locks.lock_to_delete(connection, [release.id for release in targets])
        held = {} if is_forced else holds(connection, locked, context.now)
        if held:
            raise BadRequest(Hold.ISSUES if Hold.ISSUES in held.values() else Hold.SESSIONS)
        fields["issues.count"] = reassign_releases.reassign(connection, locked)
        ids = [release.id for release in locked]
        artifacts.remove_of_releases(connection, context.organization.id, ids, context.now)
        release_health.remove_of_releases(connection, ids)
        releases.remove(connection, locked, context.user_id, context.now)
        auditing.record_removed(connection, locked, context, is_forced=is_forced)


def holds(connection: Connection, targets: Sequence[Release], at: datetime) -> dict[int, Hold]:
    """Return why releases can only be deleted by force, by id: an issue was first seen in them, or they had sessions.

    Those of any project count, also of those that the caller can't see, for as long as counts are kept.
    """
    ids = [release.id for release in targets]
    held = dict.fromkeys(release_health.with_sessions(connection, ids, at), Hold.SESSIONS)
    return held | dict.fromkeys(issues.first_releases_among(connection, ids), Hold.ISSUES)
